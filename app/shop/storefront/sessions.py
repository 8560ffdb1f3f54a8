"""Who a request is from. An access token lives for minutes; the refresh token beside it renews it unnoticed.

A browser that opens five tabs after lunch sends the same old refresh token five times. Within one process they wait for
one renewal; between replicas the API gives the same new pair again for some seconds (docs/shop-api.md, "Who asks"). So
nobody is logged out for being quick, and a stolen token that is used later still ends the session.
"""

import asyncio
import re
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop.storefront import cookies
from shop.storefront.client import Api, ApiRefused, visitor

EARLY_SECONDS = 20
"""So much before its end the browser forgets an access token: it must last for the request that carries it."""


class Renewals:
    """Asks the API for new tokens, once for all requests that wait for the same."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._running: dict[str, asyncio.Task[dict[str, Any] | None]] = {}

    async def renew(self, refresh: str) -> dict[str, Any] | None:
        """The API's answer to the refresh token; None when that session is over. Raises ApiDown."""
        task = self._running.get(refresh)
        if task is None:
            task = asyncio.create_task(self._ask(refresh))
            self._running[refresh] = task
            task.add_done_callback(lambda _: self._running.pop(refresh, None))
        # One tab that is closed in the middle must not take the answer from the others.
        return await asyncio.shield(task)

    async def _ask(self, refresh: str) -> dict[str, Any] | None:
        try:
            told: dict[str, Any] = await self._api.post("/api/refresh", body={"refresh_token": refresh}, repeat=True)
        except ApiRefused as refused:
            if refused.status not in (401, 422):
                raise
            return None
        return told


class Session:
    """One request's shopper. What changes becomes cookies of the answer."""

    def __init__(self, scope: Scope, renewals: Renewals) -> None:
        self._scope = scope
        self._renewals = renewals
        self._token = cookies.read(scope, cookies.TOKEN)
        self._refresh = cookies.read(scope, cookies.REFRESH)
        self.cookies: dict[bytes, tuple[bytes, bytes]] = {}

    async def token(self) -> str:
        """The access token, renewed if it must be; empty for a stranger. Raises ApiDown."""
        return self._token or (await self.renew() if self._refresh else "")

    async def renew(self) -> str:
        """A new access token, for one that is no longer good; empty when the session is over."""
        told = await self._renewals.renew(self._refresh) if self._refresh else None
        if told is None:
            self.forget()
        else:
            self.keep(told)
        return self._token

    def keep(self, told: dict[str, Any]) -> None:
        """Remembers what a login, a renewal or a new guest was told."""
        self._token = told["token"]
        self._refresh = told.get("refresh_token", "")
        early = EARLY_SECONDS if self._refresh else 0
        self._set(cookies.TOKEN, self._token, max(1, told["expires_in"] - early))
        self._set(cookies.REFRESH, self._refresh, told.get("refresh_expires_in", 0))

    def forget(self) -> None:
        """The shopper is a stranger from here on."""
        had = cookies.read(self._scope, cookies.TOKEN), cookies.read(self._scope, cookies.REFRESH)
        self._token = self._refresh = ""
        if any(had) or self.cookies:
            self._set(cookies.TOKEN, "", 0)
            self._set(cookies.REFRESH, "", 0)

    def _set(self, name: str, value: str, seconds: int) -> None:
        self.cookies[name.encode()] = cookies.header(self._scope, name, value, seconds)


def session(request: Request) -> Session:
    """The session of this request."""
    found: Session = request.state.session
    return found


class Sessions:
    """Plain ASGI: gives every request its `Session`, and the answer its cookies."""

    def __init__(self, app: ASGIApp, renewals: Renewals) -> None:
        self.app = app
        self.renewals = renewals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        own = Session(scope, self.renewals)
        address = scope["client"][0] if scope.get("client") else ""
        # A proxy hands on what it was told, which need not be an address.
        visitor.set(address if re.fullmatch(r"[0-9A-Fa-f.:]{2,45}", address) else "")
        scope.setdefault("state", {})["session"] = own

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start" and own.cookies:
                message["headers"] = [*message["headers"], *own.cookies.values()]
            await send(message)

        await self.app(scope, receive, send_with_cookies)
