"""A small OCI registry over HTTP for tests: enough to be pushed to by a real engine, and to fail as registries fail.

Follows https://github.com/opencontainers/distribution-spec/blob/main/spec.md; keeps everything in memory.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

CODES = {401: "UNAUTHORIZED", 403: "DENIED", 404: "MANIFEST_UNKNOWN"}
"""Of the specification; the engine tries again what it does not know."""


@dataclass
class RegistryDouble:
    """What it holds, what it was asked, and how it behaves."""

    host: str
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """(repository, tag or digest) to bytes."""
    asked: list[str] = field(default_factory=list)
    """`HEAD /v2/shop/api/manifests/1`, in order."""
    login: tuple[str, str] | None = None
    """Wanted user and password."""
    tokens: bool = False
    """Give out a bearer token for the login instead of taking it directly."""
    push_status: int = 0
    """Refuse uploads with this status."""
    hang_up_after: int | None = None
    """Bytes of one layer's upload after which the connection is closed, again and again."""
    swap: bool = False
    """Give every tag another manifest than the one that was pushed."""
    digest_header: bool = True
    stalled: threading.Event | None = None
    """Answer no upload until this is set."""
    uploads: dict[str, bytes] = field(default_factory=dict)
    late: float = 0.0
    """Seconds that its clock is ahead."""

    def put(self, repository: str, tag: str, manifest: dict[str, Any] | None = None) -> str:
        """Hold a manifest under a tag; its digest."""
        body = json.dumps(manifest or {"schemaVersion": 2, "mediaType": MANIFEST, "tag": tag}).encode()
        return self.keep(repository, tag, body)

    def keep(self, repository: str, tag: str, body: bytes) -> str:
        digest = digest_of(body)
        self.manifests[repository, tag] = self.manifests[repository, digest] = body
        return digest


def digest_of(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


@contextmanager
def registry_double(address: str = "127.0.0.1") -> Iterator[RegistryDouble]:
    """A registry on a free port of an address of this machine, ended on leaving."""
    server = ThreadingHTTPServer((address, 0), _Handler)
    server.daemon_threads = True
    server.double = RegistryDouble(f"{address}:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.double  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def double(self) -> RegistryDouble:
        return self.server.double  # type: ignore[attr-defined, no-any-return]

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(time.time() + self.double.late, usegmt=True)

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self) -> None:
        self.double.asked.append(f"{self.command} {self.path}")
        path = urlsplit(self.path).path
        if path == "/token":
            return self._token()
        if self.double.login and not self._allowed():
            return self._challenge()
        if path == "/v2/":
            return self._answer(200)
        found = re.fullmatch(r"/v2/(.+)/(manifests|blobs/uploads|blobs)/(.*)", path)
        if not found:
            return self._answer(404)
        repository, kind, name = found.groups()
        if kind == "manifests":
            return self._manifest(repository, name)
        if kind == "blobs/uploads":
            return self._upload(repository, name)
        body = self.double.blobs.get(name)
        return self._answer(404) if body is None else self._answer(200, body, {"Docker-Content-Digest": name})

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

    def _manifest(self, repository: str, name: str) -> None:
        if self.command == "PUT":
            body = self._body()
            digest = self.double.keep(repository, name, body)
            if self.double.swap:
                self.double.keep(repository, name, body + b"\n")
            return self._answer(201, headers={"Docker-Content-Digest": digest})
        found = self.double.manifests.get((repository, name))
        if found is None:
            return self._answer(404, error="manifest unknown")
        given = {"Docker-Content-Digest": digest_of(found)} if self.double.digest_header else {}
        return self._answer(200, found, given | {"Content-Type": MANIFEST})

    def _upload(self, repository: str, name: str) -> None:
        if self.double.push_status:
            return self._answer(self.double.push_status, error="requested access to the resource is denied")
        if self.command == "POST":
            name = uuid.uuid4().hex
            self.double.uploads[name] = b""
            return self._answer(202, headers={"Location": f"/v2/{repository}/blobs/uploads/{name}", "Range": "0-0"})
        if self.command == "DELETE":
            return self._answer(204 if self.double.uploads.pop(name, None) is not None else 404)
        if self.double.stalled:
            self.double.stalled.wait(60)
        if self.double.hang_up_after is not None:
            self.rfile.read(self.double.hang_up_after)
            self.connection.close()
            self.close_connection = True
            return None
        self.double.uploads[name] += self._body()
        if self.command == "PUT":
            digest = parse_qs(urlsplit(self.path).query)["digest"][0]
            self.double.blobs[digest] = self.double.uploads.pop(name)
            return self._answer(201, headers={"Docker-Content-Digest": digest})
        size = len(self.double.uploads[name])
        location = f"/v2/{repository}/blobs/uploads/{name}"
        return self._answer(202, headers={"Location": location, "Range": f"0-{max(size - 1, 0)}"})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _allowed(self) -> bool:
        given = self.headers.get("Authorization", "")
        return given == "Bearer good" if self.double.tokens else given == self._basic()

    def _basic(self) -> str:
        return "Basic " + base64.b64encode(":".join(self.double.login or ("", "")).encode()).decode()

    def _token(self) -> None:
        good = self.headers.get("Authorization") == self._basic()
        return self._answer(200, json.dumps({"token": "good"}).encode()) if good else self._answer(401)

    def _challenge(self) -> None:
        realm = f'Bearer realm="http://{self.double.host}/token",service="double",scope="repository:x:pull"'
        wanted = realm if self.double.tokens else 'Basic realm="double"'
        return self._answer(401, headers={"WWW-Authenticate": wanted}, error="authentication required")

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None, error: str = "") -> None:
        if error:
            body = json.dumps({"errors": [{"code": CODES.get(status, "UNKNOWN"), "message": error}]}).encode()
            headers = (headers or {}) | {"Content-Type": "application/json"}
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
