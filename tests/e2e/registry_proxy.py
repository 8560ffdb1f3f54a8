"""A registry that misbehaves on purpose: an HTTP proxy in front of the lab's, on the machine's address in the lab."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Fault = Literal["none", "refuses the push", "gone half-way", "digest changes"]
DENIED = {"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]}
HOP = {"connection", "transfer-encoding", "keep-alive"}
"""Headers of one connection, not of the message (RFC 9110 §7.6.1)."""
BLOCK = 65_536


class RegistryProxy(ThreadingHTTPServer):
    """Hands requests on to the registry `behind` it, until its fault shows."""

    daemon_threads = True

    def __init__(self, address: str, behind: str, fault: Fault) -> None:
        super().__init__((address, 0), _Handler)
        self.behind = behind
        self.fault = fault
        self.gone = threading.Event()
        self.requests: list[str] = []

    @property
    def host(self) -> str:
        """HOST:PORT to push to."""
        return f"{self.server_address[0]!s}:{self.server_address[1]}"

    def go_away(self) -> None:
        """Take no connection from now on, as a registry whose machine is gone."""
        if not self.gone.is_set():
            self.gone.set()
            threading.Thread(target=self._close).start()

    def _close(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that break are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RegistryProxy

    def _serve(self) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        writes = self.command in ("POST", "PUT", "PATCH")
        if self.server.gone.is_set():
            return self._break()
        if writes and self.server.fault == "refuses the push":
            b"".join(self._body())
            return self._answer(403, {"Content-Type": "application/json"}, json.dumps(DENIED).encode())
        if self.command == "PATCH" and self.server.fault == "gone half-way":
            next(self._body(), b"")
            self.server.go_away()
            return self._break()
        status, headers, body = self._forward(b"".join(self._body()) if writes else None)
        if self.command == "PUT" and "/manifests/" in self.path and self.server.fault == "digest changes":
            self._somebody_else_pushes()
        self._answer(status, headers, body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _forward(self, body: bytes | None) -> tuple[int, dict[str, str], bytes]:
        self.sent = body
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        if body is not None:
            headers["Content-Length"] = str(len(body))
        behind = http.client.HTTPConnection(self.server.behind, timeout=60)
        behind.request(self.command, self.path, body, headers)
        response = behind.getresponse()
        answer = {name: value for name, value in response.getheaders() if name.lower() not in HOP}
        content = response.read()
        behind.close()
        return response.status, answer, content

    def _somebody_else_pushes(self) -> None:
        """Right after our push the tag gets another manifest: the same image with an annotation, by its own right."""
        other = json.loads(self.sent or b"{}") | {"annotations": {"pushed-by": "somebody else"}}
        body = json.dumps(other).encode()
        behind = http.client.HTTPConnection(self.server.behind, timeout=60)
        behind.request("PUT", self.path, body, {"Content-Type": self.headers["Content-Type"]})
        assert behind.getresponse().status == 201
        behind.close()

    def _body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", 0))
        while left > 0 and (block := self.rfile.read(min(left, BLOCK))):
            left -= len(block)
            yield block

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        length = headers.pop("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _break(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: `requests` keeps what was asked."""


@contextmanager
def registry_proxy(address: str, behind: str, fault: Fault = "none") -> Iterator[RegistryProxy]:
    """A proxy on a free port of `address` in front of the registry `behind`, ended on leaving."""
    proxy = RegistryProxy(address, behind, fault)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.go_away()
