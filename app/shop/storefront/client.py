"""The API as the storefront asks it: JSON, kept-alive connections, the page's request id, the shopper's token."""

from contextvars import ContextVar
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from shop.common import tracing
from shop.common.logs import request_id

visitor: ContextVar[str] = ContextVar("visitor", default="")
"""The address of the one who is asking us: the API counts tries by it, not by ours."""

TIMEOUT = httpx.Timeout(10.0, connect=3.0)
"""Seconds. A checkout waits for locks at most 5 s on the API's side."""

CHECKOUT = httpx.Timeout(30.0, connect=3.0)
"""Seconds for what waits for a payment; PAYMENT_SECONDS is at most 25."""

KEEP_SECONDS = 30
"""Shorter than the API keeps idle connections (75 s), so that it is never we who use one that is being closed."""


def path(*segments: str) -> str:
    """The address of something under /api; what a shopper typed can be nothing but a name in it."""
    return "/api/" + "/".join(quote(segment, safe="") for segment in segments)


class ApiRefused(Exception):
    """The API answered no: its status, stable code, text for people, and whatever else it said."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(error.get("message", f"the API answered {status}"))
        self.status = status
        self.code = str(error.get("code", "failed"))
        self.error = error


class ApiDown(Exception):
    """The API did not answer, or answered that it cannot."""


class Api:
    """Asks the API at `base`."""

    def __init__(self, base: str) -> None:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=KEEP_SECONDS)
        # These retries are for connecting only: nothing was sent, so nothing can happen twice.
        transport = httpx.AsyncHTTPTransport(retries=1, limits=limits)
        self._http = httpx.AsyncClient(base_url=base, timeout=TIMEOUT, transport=transport)

    async def get(self, path: str, token: str = "", query: dict[str, str | int] | None = None) -> Any:
        """GET. Raises ApiRefused (4xx) or ApiDown."""
        return await self._ask("GET", path, token, params=query)

    async def post(
        self, path: str, token: str = "", body: object = None, key: str = "", *, repeat: bool = False
    ) -> Any:
        """POST; with `key`, an Idempotency-Key, or with `repeat`, once more when the connection breaks."""
        return await self._ask("POST", path, token, body=body, key=key, repeat=repeat)

    async def patch(self, path: str, token: str, body: object) -> Any:
        """PATCH."""
        return await self._ask("PATCH", path, token, body=body)

    async def put(self, path: str, token: str, body: object) -> Any:
        """PUT."""
        return await self._ask("PUT", path, token, body=body)

    async def alive(self) -> bool:
        """Whether anything answers at the API's address."""
        try:
            return (await self._http.get("/livez")).is_success
        except httpx.TransportError:
            return False

    async def close(self) -> None:
        """Closes all connections."""
        await self._http.aclose()

    async def _ask(
        self,
        method: str,
        path: str,
        token: str,
        *,
        params: dict[str, str | int] | None = None,
        body: object = None,
        key: str = "",
        repeat: bool = False,
    ) -> Any:
        headers = {"X-Request-Id": request_id.get(), **tracing.outgoing()}
        if visitor.get():
            headers["X-Forwarded-For"] = visitor.get()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if key:
            headers["Idempotency-Key"] = key
        content = None if body is None else msgspec.json.encode(body)
        # A PATCH may say "five fewer": twice is not once.
        repeatable = method in ("GET", "PUT") or bool(key) or repeat
        request = self._http.build_request(
            method, path, params=params, content=content, headers=headers, timeout=CHECKOUT if key else TIMEOUT
        )
        try:
            try:
                answer = await self._http.send(request)
            except (httpx.RemoteProtocolError, httpx.ReadError):
                # An API that is being rolled may close a connection just as we use it.
                if not repeatable:
                    raise
                answer = await self._http.send(request)
        except httpx.TransportError as error:
            raise ApiDown(f"{method} {path}: {type(error).__name__}") from error
        return _read(answer)


def _read(answer: httpx.Response) -> Any:
    if answer.status_code >= 500:
        raise ApiDown(f"{answer.request.method} {answer.request.url.path}: {answer.status_code}")
    if answer.status_code == 204:
        return None
    try:
        told = msgspec.json.decode(answer.content)
    except msgspec.DecodeError as error:
        raise ApiDown(f"{answer.request.url.path}: {answer.status_code} and no JSON") from error
    if answer.status_code >= 400:
        raise ApiRefused(answer.status_code, told.get("error", {}))
    return told
