"""Whether the double is up: asked as its users ask, by one of AWS's names and over TLS."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

NAME = "sts.amazonaws.com"
TIMEOUT_SECONDS = 5


def answers(address: str, bundle: Path) -> bool:
    """True when moto answers behind a certificate that the bundle vouches for."""
    try:
        trust = ssl.create_default_context(cafile=str(bundle))
        with (
            socket.create_connection((address, 443), TIMEOUT_SECONDS) as plain,
            trust.wrap_socket(plain, server_hostname=NAME) as tls,
        ):
            tls.sendall(f"GET /_lab/up HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
            return tls.recv(64).partition(b"\r\n")[0].split()[1:2] == [b"200"]
    except OSError:  # ssl.SSLError is one
        return False
