"""Finding free ports on this machine."""

from __future__ import annotations

import fcntl
import random
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from cloudnorth_cli.errors import Refused

SERVICES = range(20000, 30000)
"""Below every system's ephemeral ports (Linux from 32768, macOS from 49152): a connection that goes out cannot take a
port between our look and the service's bind."""


def free(port: int) -> bool:
    """Whether nothing listens on 127.0.0.1 there."""
    with socket.socket() as asking:
        asking.settimeout(1.0)
        # On macOS a bind beside a listener on all addresses succeeds: somebody who answers is there as well.
        if asking.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def on_all_addresses(port: int) -> Literal["free", "taken", "forbidden"]:
    """Whether a program of ours may listen there for the world."""
    with socket.socket() as asking:
        asking.settimeout(1.0)
        if asking.connect_ex(("127.0.0.1", port)) == 0:
            return "taken"
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind(("", port))
        except PermissionError:
            return "forbidden"
        except OSError:
            return "taken"
    return "free"


def next_free(wanted: int) -> int:
    """The wanted port, or the first free one after it. Raises Refused."""
    for port in range(wanted, min(wanted + 1000, 65536)):
        if free(port):
            return port
    raise Refused(f"no port from {wanted} on is free", code="port-taken")


def for_services(count: int, taken: Collection[int]) -> tuple[int, ...]:
    """Free ports for processes. Raises Refused."""
    found: list[int] = []
    for port in random.sample(SERVICES, len(SERVICES)):
        if len(found) == count:
            break
        if port not in taken and free(port):
            found.append(port)
    if len(found) < count:
        raise Refused("no port is free for the services", code="port-taken")
    return tuple(found)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold all projects of this person off while a front's port is chosen and bound.

    Caddy binds with SO_REUSEPORT, so two fronts could share a port without an error and without sense.
    """
    with (folder / "ports.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield
