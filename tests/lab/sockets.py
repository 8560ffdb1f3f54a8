"""HTTP over a Unix socket: to supervisord (XML-RPC) and to the Docker engine."""

from __future__ import annotations

import http.client
import socket
import xmlrpc.client
from pathlib import Path

TIMEOUT_SECONDS = 10


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection whose other end is a socket file."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self.path = path

    def connect(self) -> None:
        """Connect to the file instead of to a host."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        return UnixConnection(self.path)


def supervisor(path: Path) -> xmlrpc.client.ServerProxy:
    """supervisord's XML-RPC interface behind its socket file."""
    return xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(path))


def answers(path: Path, url: str) -> bool:
    """Whether a GET of `url` over the socket gives 200."""
    connection = UnixConnection(path)
    try:
        connection.request("GET", url)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
