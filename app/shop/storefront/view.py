"""A page's frame: templates, and what every page shows of the shop and of the one who looks at it."""

import asyncio
import time
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shop.common.logs import request_id
from shop.common.settings import Settings
from shop.storefront import policy
from shop.storefront.assets import Assets
from shop.storefront.client import Api, ApiDown, ApiRefused
from shop.storefront.sessions import session

SHELVES_SECONDS = 30
"""How long the categories in the header are kept; they change about never."""

SHOWN = (400, 401, 403, 404, 405, 409, 422, 429)
"""Refusals that a page can say something helpful about; any other is our own mistake."""

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


class View:
    """Renders pages. Each asks the API at most once who is looking."""

    def __init__(self, api: Api, settings: Settings, assets: Assets) -> None:
        self._api = api
        self._static_url = assets.base
        self._shelves: tuple[float, list[dict[str, str]]] = (0.0, [])
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(str(files("shop.storefront") / "templates")),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(assets=assets, release=settings.release, version=settings.version)
        self._templates.filters.update(money=money, day=day, minute=minute, state=state)

    async def page(self, request: Request, template: str, status: int = 200, **context: Any) -> Response:
        """The page `template` makes of `context`, with the shop's header."""
        me, categories = await asyncio.gather(self.me(request), self.categories())
        return self._render(template, status, {"me": me, "categories": categories, "q": "", **context})

    async def categories(self) -> list[dict[str, str]]:
        """The shop's categories."""
        until, shelves = self._shelves
        if time.monotonic() >= until:
            shelves = (await self._api.get("/api/categories"))["categories"]
            self._shelves = (time.monotonic() + SHELVES_SECONDS, shelves)
        return shelves

    async def me(self, request: Request) -> dict[str, Any] | None:
        """Who is asking and how full their cart is; None for a stranger, or for one whose session is over."""
        if not hasattr(request.state, "me"):
            request.state.me = await self._who(request)
        found: dict[str, Any] | None = request.state.me
        return found

    async def failure(self, request: Request, error: Exception) -> Response:
        """The page for what went wrong. It asks the API nothing: that may be what is down."""
        status = _status(error)
        if status == 401:
            session(request).forget()
        wait = error.error.get("retry_after") if isinstance(error, ApiRefused) else None
        context = {"me": None, "categories": self._shelves[1], "q": "", "status": status, "wait": wait}
        sent_something = request.method not in ("GET", "HEAD")
        response = self._render(
            "error.html", status, {**context, "request_id": request_id.get(), "sent_something": sent_something}
        )
        if status == 503:
            response.headers["Retry-After"] = "5"
        if wait:
            response.headers["Retry-After"] = str(wait)
        return response

    async def _who(self, request: Request) -> dict[str, Any] | None:
        own = session(request)
        token = await own.token()
        for _ in range(2):
            if not token:
                return None
            try:
                found: dict[str, Any] = await self._api.get("/api/me", token)
                return found
            except ApiRefused as refused:
                if refused.status != 401:
                    raise
            # Ended elsewhere, or signed with a key that is gone: the refresh token knows.
            token = await own.renew()
        own.forget()
        return None

    def _render(self, template: str, status: int, context: dict[str, Any]) -> Response:
        nonce = policy.nonce()
        body = self._templates.get_template(template).render({**context, "nonce": nonce})
        headers = {
            # Every page shows somebody's cart, so none may be kept by a proxy; `no-cache` lets "back" work.
            "cache-control": "private, no-cache",
            "content-security-policy": policy.page(nonce, self._static_url),
        }
        return Response(body, status, headers, "text/html")


async def form(request: Request) -> dict[str, str]:
    """The fields of a sent form (application/x-www-form-urlencoded, as all of ours are)."""
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def money(cents: int) -> str:
    """1999 -> $19.99"""
    return f"${cents / 100:,.2f}"


def day(at: str) -> str:
    """2026-11-24T10:11:12Z -> 24 November 2026"""
    return f"{int(at[8:10])} {MONTHS[int(at[5:7]) - 1]} {at[:4]}"


def minute(at: str) -> str:
    """2026-11-24T10:11:12Z -> 24 November 2026, 10:11 UTC"""
    return f"{day(at)}, {at[11:16]} UTC"


def state(name: str) -> str:
    """An order's state in a shopper's words."""
    return {
        "pending": "waiting for the payment",
        "payment_failed": "payment declined",
        "expired": "payment did not come",
    }.get(name, name.replace("_", " "))


def _status(error: Exception) -> int:
    if isinstance(error, ApiDown):
        return 503
    if isinstance(error, ApiRefused):
        # A 401 here is a login that ended between two clicks.
        return error.status if error.status in SHOWN else 500
    return error.status_code if isinstance(error, HTTPException) else 500
