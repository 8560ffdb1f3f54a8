"""HTTP over a unix socket: how supervisord and Caddy are spoken to; no port that others could reach."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

LONGEST_PATH = 103
"""Characters of a socket's path: `sun_path` is 104 bytes with its end on macOS and the BSDs, 108 on Linux (unix(7))."""


class UnixConnection(http.client.HTTPConnection):
    """A connection to a server that listens on a socket file."""

    def __init__(self, path: str, timeout: float = 10.0) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(path: str, method: str, target: str, body: Any = None, timeout: float = 10.0) -> tuple[int, bytes]:
    """One request with a JSON body; status and body of the answer. Raises OSError, HTTPException."""
    connection = UnixConnection(path, timeout)
    try:
        sent = None if body is None else json.dumps(body).encode()
        connection.request(method, target, sent, {"Content-Type": "application/json"} if sent else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
