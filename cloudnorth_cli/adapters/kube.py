"""The Kubernetes API through one context: plain objects in and out, its errors as ours.

The client library gives connection and credentials (certificates, tokens, exec plugins); objects stay as JSON.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import urllib3
from kubernetes.client import Configuration
from kubernetes.client.rest import RESTClientObject
from urllib3.exceptions import HTTPError

from cloudnorth_cli import signals
from cloudnorth_cli.errors import CloudnorthError, Refused

Json = dict[str, Any]
T = TypeVar("T")

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 20.0
ATTEMPTS = 4
"""Of a request that the server itself asks to repeat (429, 503 while it starts)."""
PATIENCE = 60.0
"""Seconds for which what was begun is not given up because the API server is away."""
RENEW_PAUSE = 2.0
"""Seconds between two readings of credentials that are not taken."""
_ONCE = urllib3.Retry(connect=1, read=0, redirect=0, status=0, respect_retry_after_header=False)
"""A connection that could not be made is tried again; what was sent may have been done, and is not."""
_ONCE_MORE = urllib3.Retry(connect=1, read=1, redirect=0, status=0, respect_retry_after_header=False)
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


class Unreachable(Refused):
    """The API server does not answer, or not now."""

    default_code = "cluster-unreachable"


class Conflict(CloudnorthError):
    """Somebody else wrote first, or owns a field; `causes` holds the API's own words, one a field."""

    default_code = "conflict"

    def __init__(self, message: str, causes: tuple[str, ...] = ()) -> None:
        super().__init__(message, retryable=True)
        self.causes = causes


class NotFound(CloudnorthError):
    """There is no such object."""

    default_code = "not-found"


class Expired(CloudnorthError):
    """The API server has forgotten the version that a watch wants to go on from."""

    default_code = "watch-expired"


class Invalid(Refused):
    """The API server does not accept the object; the message is its own."""

    default_code = "object-refused"


def patiently(call: Callable[[], T], seconds: float = PATIENCE, pause: float = 1.0) -> T:
    """What may be done twice, again and again while the API server is away: one that restarts takes some seconds.

    Raises Unreachable when it stays away.
    """
    until, stopped_before = time.monotonic() + seconds, signals.came()
    while True:
        signals.check(stopped_before)
        try:
            return call()
        except Unreachable:
            if time.monotonic() > until:
                raise
            time.sleep(pause)


class Api:
    """One API server. Paths are the API's own, such as `/api/v1/namespaces/shop/pods`."""

    def __init__(
        self,
        configuration: Configuration,
        context: str,
        renew: Callable[[], Configuration] | None = None,
        way: tuple[str, ...] = (),
    ) -> None:
        """renew: reads the credentials anew, for when the server does not take them any more.

        way: flags that lead a person's kubectl to it; default: its context alone.
        """
        self.context = context
        self.way = way or ("--context", context)
        self.server = str(configuration.host)
        self._renew = renew
        self._renewed_at = 0.0
        self._use(configuration)

    def _use(self, configuration: Configuration) -> None:
        self._configuration = configuration
        if not configuration.verify_ssl:
            # The kubeconfig says so itself (insecure-skip-tls-verify); a warning at each request helps nobody.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._pool = RESTClientObject(configuration).pool_manager

    def get(self, path: str, **query: Any) -> Json:
        return self._json("GET", path, query)

    def now(self) -> datetime:
        """The API server's own time, to the second: what it wrote is compared with this and never with our clock."""
        with self._response("GET", "/version", {}) as response:
            # HTTP dates are in GMT, whatever a proxy on the way calls that (RFC 9110, 5.6.7).
            return parsedate_to_datetime(response.headers["Date"]).replace(tzinfo=UTC)

    def find(self, path: str, **query: Any) -> Json | None:
        """The object, or None where there is none."""
        try:
            return self.get(path, **query)
        except NotFound:
            return None

    def items(self, path: str, *, partial: bool = False, **query: Any) -> list[Json]:
        """Objects of a list with their kind filled in; `partial`: only their metadata is sent."""
        accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1" if partial else "application/json"
        found = self._json("GET", path, query, accept=accept)
        kind = str(found.get("kind", "")).removesuffix("List")
        return [{"kind": kind, "apiVersion": found.get("apiVersion")} | item for item in found.get("items") or []]

    def create(self, path: str, body: Mapping[str, Any], **query: Any) -> Json:
        return self._json("POST", path, query, body)

    def replace(self, path: str, body: Mapping[str, Any]) -> Json:
        """Write the whole object; with a resourceVersion in it, raises Conflict when it has changed since."""
        return self._json("PUT", path, {}, body)

    def patch(self, path: str, body: Mapping[str, Any], **query: Any) -> Json:
        return self._json("PATCH", path, query, body, content=MERGE)

    def apply(
        self, path: str, body: Mapping[str, Any], manager: str, *, force: bool = False, dry_run: bool = False
    ) -> Json:
        """Server-side apply. Raises Conflict naming fields and managers."""
        query: Json = {"fieldManager": manager, "force": str(force).lower()}
        if dry_run:
            query["dryRun"] = "All"
        return self._json("PATCH", path, query, body, content=APPLY)

    def delete(self, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Delete; nothing happens where there is nothing."""
        try:
            self._json("DELETE", path, {}, body)
        except NotFound:
            pass

    def text(self, path: str, **query: Any) -> str:
        """A body as text, such as a log or an answer through the service proxy."""
        with self._response("GET", path, query) as response:
            return str(response.data.decode(errors="replace"))

    @contextmanager
    def stream(self, path: str, *, read_timeout: float | None = None, **query: Any) -> Iterator[Iterator[bytes]]:
        """A body piece by piece; closing it from another thread ends the reading."""
        with self._response("GET", path, query, preload=False, read_timeout=read_timeout) as response:
            yield response.stream(decode_content=True)

    def websocket(self, path: str, query: Sequence[tuple[str, str]]) -> Any:
        """A connection with channels, as `exec` has: the client library's WSClient, with bytes. Raises Refused."""
        from kubernetes.stream.ws_client import WSClient, get_websocket_url
        from websocket import WebSocketBadStatusException, WebSocketException

        url = get_websocket_url(  # type: ignore[no-untyped-call]
            f"{self.server.rstrip('/')}{path}", query
        )
        headers = {name.lower(): value for name, value in self._credentials().items()}
        try:
            return WSClient(  # type: ignore[no-untyped-call]
                self._configuration, url, headers, capture_all=False, binary=True
            )
        except WebSocketBadStatusException as error:
            raise _error(error.status_code, error.resp_body or b"", self) from error
        except (OSError, WebSocketException) as error:
            raise Unreachable(
                f"the cluster of context {self.context} does not answer at {self.server}: {error}", retryable=True
            ) from error

    def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        body: Mapping[str, Any] | None = None,
        *,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> Json:
        with self._response(method, path, query, body, content=content, accept=accept) as response:
            return dict(json.loads(response.data))

    @contextmanager
    def _response(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        body: Mapping[str, Any] | None = None,
        *,
        content: str = "application/json",
        accept: str = "*/*",
        preload: bool = True,
        read_timeout: float | None = READ_TIMEOUT,
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        try:
            response = self._send(method, path, query, body, content, accept, preload, read_timeout)
            if response.status == 401 and self._credentials_renewed():
                response.close()
                response = self._send(method, path, query, body, content, accept, preload, read_timeout)
            try:
                if response.status >= 400:
                    raise _error(response.status, response.data, self)
                yield response
            finally:
                response.close() if not preload else response.release_conn()
        except HTTPError as error:
            raise Unreachable(
                f"the cluster of context {self.context} does not answer at {self.server}: {_reason(error)}",
                retryable=True,
            ) from error

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        body: Mapping[str, Any] | None,
        content: str,
        accept: str,
        preload: bool,
        read_timeout: float | None,
    ) -> urllib3.BaseHTTPResponse:
        url = f"{self.server.rstrip('/')}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": accept, "Content-Type": content} | self._credentials()
        for attempt in range(1, ATTEMPTS + 1):
            response = self._pool.request(
                method,
                url,
                body=None if body is None else json.dumps(body),
                headers=headers,
                preload_content=preload,
                timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=read_timeout),
                retries=_ONCE_MORE if method == "GET" else _ONCE,
            )
            if response.status not in {429, 503} or attempt == ATTEMPTS or "/proxy/" in path:
                return response
            response.close()
            time.sleep(min(float(response.headers.get("Retry-After", 1)), 5.0))
        raise AssertionError("unreachable")

    def _credentials_renewed(self) -> bool:
        """Whether credentials were read again: a token file, or a kubeconfig, that somebody keeps fresh."""
        if self._renew is None or time.monotonic() - self._renewed_at < RENEW_PAUSE:
            return False
        self._renewed_at = time.monotonic()
        try:
            self._use(self._renew())
        except CloudnorthError:
            return False
        return True

    def _credentials(self) -> dict[str, str]:
        """The Authorization header as it is now; the library renews tokens of exec plugins on the way."""
        settings: Json = dict(self._configuration.auth_settings())
        return {str(setting["key"]): str(setting["value"]) for setting in settings.values() if setting["value"]}


def _error(status: int, body: bytes, api: Api) -> CloudnorthError:
    try:
        told = json.loads(body)
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    message = str(told.get("message") or body.decode(errors="replace")[:500] or f"HTTP {status}")
    match status:
        case 401:
            return Refused(
                f"the cluster does not accept the credentials of context {api.context}: {message}",
                code="unauthorized",
                where=api.server,
            )
        case 403 if told.get("reason") == "Forbidden" and "exceeded quota" not in message:
            return Refused(message, code="forbidden", where=f"context {api.context}")
        case 404:
            return NotFound(message)
        case 410:
            return Expired(message)
        case 409:
            causes = told.get("details", {}).get("causes") or []
            return Conflict(message, tuple(f"{cause.get('field')}: {cause.get('message')}" for cause in causes))
        case 400 | 403 | 422:
            return Invalid(message)
    return Unreachable(f"the cluster answered {status}: {message}", where=api.server, retryable=True)


def _reason(error: HTTPError) -> str:
    """The innermost words: `connection refused` rather than urllib3's own names."""
    inner = getattr(error, "reason", None) or error
    text = str(inner)
    return text.rsplit(": ", 1)[-1] if "Errno" in text else text
