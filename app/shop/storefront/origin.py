"""Refuses forms that another site sent in a shopper's name.

The rule is that of Go's net/http CrossOriginProtection (2025): browsers say where a request comes from, in
Sec-Fetch-Site or else in Origin; who says neither is no browser and carries nobody's cookies by accident.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Failed = Callable[[Request, Exception], Awaitable[Response]]


class SameOrigin:
    """Plain ASGI: answers 403, with the page that `failed` makes of it, to a changing request from another origin."""

    def __init__(self, app: ASGIApp, failed: Failed) -> None:
        self.app = app
        self.failed = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE or _ours(Headers(scope=scope)):
            await self.app(scope, receive, send)
        else:
            answer = await self.failed(Request(scope, receive), HTTPException(403))
            await answer(scope, receive, send)


def _ours(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
