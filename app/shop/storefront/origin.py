"""Refuses forms that another site sent in a shopper's name.

The rule is that of Go's net/http CrossOriginProtection (2025): browsers say where a request comes from, in
Sec-Fetch-Site or else in Origin; who says neither is no browser and carries nobody's cookies by accident.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class SameOrigin:
    """Answers 403 to a changing request from another origin."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE or _ours(Headers(scope=scope)):
            await self.app(scope, receive, send)
        else:
            await PlainTextResponse("This form was sent from another site.\n", 403)(scope, receive, send)


def _ours(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
