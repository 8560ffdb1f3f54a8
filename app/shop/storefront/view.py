"""A page's frame: templates, and what every page shows of the shop and of the one who looks at it."""

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
from shop.storefront import assets, cookies
from shop.storefront.client import Api, ApiDown, ApiRefused

SHELVES_SECONDS = 30
"""How long the categories in the header are kept; they change about never."""


class View:
    """Renders pages. Each asks the API at most once who is looking."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._shelves: tuple[float, list[dict[str, str]]] = (0.0, [])
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(str(files("shop.storefront") / "templates")),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            static_url=assets.static_url,
            picture_url=assets.picture_url,
            release=settings.release,
            version=settings.version,
        )
        self._templates.filters["money"] = lambda cents: f"${cents / 100:,.2f}"

    async def page(self, request: Request, template: str, status: int = 200, **context: Any) -> Response:
        """The page `template` makes of `context`, with the shop's header."""
        frame = {"me": await self.me(request), "categories": await self.categories()}
        return self._render(template, status, {**frame, **context})

    async def categories(self) -> list[dict[str, str]]:
        """The shop's categories."""
        until, shelves = self._shelves
        if time.monotonic() >= until:
            shelves = (await self._api.get("/api/categories"))["categories"]
            self._shelves = (time.monotonic() + SHELVES_SECONDS, shelves)
        return shelves

    async def me(self, request: Request) -> dict[str, Any] | None:
        """Who is asking and how full their cart is; None without a token, or with one that is no longer good."""
        token = cookies.token(request)
        if token and not hasattr(request.state, "me"):
            try:
                request.state.me = await self._api.get("/api/me", token)
            except ApiRefused as refused:
                if refused.status != 401:
                    raise
                request.state.me = None
        found: dict[str, Any] | None = getattr(request.state, "me", None)
        return found

    async def failure(self, request: Request, error: Exception) -> Response:
        """The page for what went wrong. It asks the API nothing: that may be what is down."""
        status = _status(error)
        context = {"me": None, "categories": self._shelves[1], "status": status, "request_id": request_id.get()}
        response = self._render("error.html", status, context)
        if status == 503:
            response.headers["Retry-After"] = "5"
        if status == 401:
            cookies.forget(request, response)
        return response

    def _render(self, template: str, status: int, context: dict[str, Any]) -> Response:
        body = self._templates.get_template(template).render(context)
        # Every page shows somebody's cart, so none may be kept by a proxy; `no-cache` lets "back" work.
        return Response(body, status, {"cache-control": "private, no-cache"}, "text/html")


async def form(request: Request) -> dict[str, str]:
    """The fields of a sent form (application/x-www-form-urlencoded, as all of ours are)."""
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def _status(error: Exception) -> int:
    if isinstance(error, ApiDown):
        return 503
    if isinstance(error, ApiRefused):
        # A 401 here is a login that ended between two clicks.
        return error.status if error.status in (401, 404, 409, 413, 422) else 500
    return error.status_code if isinstance(error, HTTPException) else 500
