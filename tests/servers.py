"""An HTTP server that answers beside a test, until the test has what it wanted."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

T = TypeVar("T", bound=ThreadingHTTPServer)

POLL = 0.02
"""Seconds in which a server notices that it is to end."""


class Answering(BaseHTTPRequestHandler):
    """A handler that gives an answer in one go, and tells nobody about it."""

    protocol_version = "HTTP/1.1"

    def answer(self, status: int, told: Any, kind: str = "application/json", **headers: str) -> None:
        """told: bytes and texts as they are, everything else as JSON."""
        text = told if isinstance(told, bytes | str) else json.dumps(told)
        body = text.encode() if isinstance(text, str) else text
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(server: T) -> Iterator[T]:
    """The server at work, ended on leaving; answers that hang are not waited for."""
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=[POLL], daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
