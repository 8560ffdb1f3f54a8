"""A way to the API server that can be closed and opened: bytes are handed on, TLS and all."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

BLOCK = 65_536


class Proxy:
    """Connections to `url` end at `target`, while it is open."""

    def __init__(self, machine: str, target: str) -> None:
        asked = urlsplit(target)
        self._target = (str(asked.hostname), int(asked.port or 443))
        self._listener = socket.create_server((machine, 0))
        self._open = True
        self._guard = threading.Lock()
        self._connections: set[socket.socket] = set()
        self.url = f"https://{machine}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End every connection and take no other."""
        with self._guard:
            self._open = False
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def open(self) -> None:
        self._open = True

    def end(self) -> None:
        self.close()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self._open:
                client.close()
                continue
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, 10)
        except OSError:
            client.close()
            return
        with self._guard:
            self._connections |= {client, server}
        back = threading.Thread(target=_hand_on, args=[server, client], daemon=True)
        back.start()
        _hand_on(client, server)
        back.join()
        with self._guard:
            self._connections -= {client, server}
        client.close()
        server.close()


def _hand_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(BLOCK):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(machine: str, target: str) -> Iterator[Proxy]:
    made = Proxy(machine, target)
    try:
        yield made
    finally:
        made.end()
