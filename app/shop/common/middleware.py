"""The one middleware of both services: request id, security headers, access line, metrics, and the last net.

It is pure ASGI: Starlette's BaseHTTPMiddleware costs half of the throughput (docs/decisions/2026-11-24-shop-stack.md).
What stands here runs for every request, so it works on the raw headers. `X-Release` is not among them: the server
itself adds it to every response, also to those that no app has seen (shop.common.server).
"""

import re
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop.common import logs, metrics
from shop.common.lifecycle import Lifecycle
from shop.common.logs import request_id

log = logs.access

_GOOD_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")

_PROBES = frozenset({"/livez", "/readyz"})
"""Asked every few seconds by every prober: logged only when they fail."""


class Dress:
    """Wraps an app: what every response carries and every request leaves in log and metrics."""

    def __init__(self, app: ASGIApp, *, release: str, lifecycle: Lifecycle, headers: dict[str, str]) -> None:
        for wrap in lifecycle.wraps:
            app = wrap(app)
        self.app = app
        self.release = release
        self.lifecycle = lifecycle
        self.headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        this_request = _id(scope["headers"])
        token = request_id.set(this_request.decode())
        began, status = time.perf_counter(), 0

        async def send_dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                said = {name for name, _ in headers}
                headers += [header for header in self.headers if header[0] not in said]
                headers.append((b"x-request-id", this_request))
                if self.lifecycle.draining:
                    # A front that keeps connections alive must open its next one to another process.
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
            await send(message)

        try:
            await self.app(scope, receive, send_dressed)
        except Exception:
            # Starlette has answered 500 already, when it still could; here it is only written down.
            log.exception("unforeseen", extra={"fields": {"method": scope["method"], "path": scope["path"]}})
            status = status or 500
        finally:
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "")
            metrics.observe(scope["method"], route, status, seconds)
            if scope["path"] not in _PROBES or status >= 400:
                logs.request(
                    {
                        "method": scope["method"],
                        "path": scope["path"],
                        "route": route,
                        "status": status,
                        "ms": round(seconds * 1000, 1),
                    }
                )
            request_id.reset(token)


def _id(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The request's id: the one that came along, when it is decent, else a new one."""
    for name, value in headers:
        if name == b"x-request-id" and _GOOD_ID.fullmatch(value):
            return value
    return secrets.token_hex(8).encode()
