"""The one middleware of both services: request id, release, security headers, access line, and the last net.

It is pure ASGI: Starlette's BaseHTTPMiddleware costs half of the throughput (docs/decisions/2026-11-24-shop-stack.md).
"""

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop.common.lifecycle import Lifecycle
from shop.common.logs import request_id

log = logging.getLogger("shop.access")

_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

_PROBES = frozenset({"/livez", "/readyz"})
"""Asked every few seconds by every prober: logged only when they fail."""


class Dress:
    """Wraps an app: what every response carries and every request leaves in the log."""

    def __init__(self, app: ASGIApp, *, release: str, lifecycle: Lifecycle, headers: dict[str, str]) -> None:
        self.app = app
        self.lifecycle = lifecycle
        self.headers = {"X-Release": release, **headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        this_request = given if _GOOD_ID.fullmatch(given) else secrets.token_hex(8)
        token = request_id.set(this_request)
        began, status = time.perf_counter(), 0

        async def send_dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = this_request
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if self.lifecycle.draining:
                    # A front that keeps connections alive must open its next one to another process.
                    headers["Connection"] = "close"
            await send(message)

        try:
            await self.app(scope, receive, send_dressed)
        except Exception:
            # Starlette has answered 500 already, when it still could; here it is only written down.
            log.exception("unforeseen", extra={"fields": {"method": scope["method"], "path": scope["path"]}})
            status = status or 500
        finally:
            if scope["path"] not in _PROBES or status >= 400:
                self._write(scope, status, time.perf_counter() - began)
            request_id.reset(token)

    def _write(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        log.info(
            "request",
            extra={
                "fields": {
                    "method": scope["method"],
                    "path": scope["path"],
                    "route": getattr(route, "path", ""),
                    "status": status,
                    "ms": round(seconds * 1000, 1),
                }
            },
        )
