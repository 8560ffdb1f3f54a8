"""Where services reach each other: two addresses a service at the front, of which a release uses one.

Each leads to all of the service's processes. A changed service gets the side that the serving one does not use, so that
what is tested is what will serve; a restart or another number of processes keeps its side and so changes nobody's
environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

import msgspec

from cloudnorth_cli.adapters import caddy
from cloudnorth_cli.platforms.local import ports
from cloudnorth_cli.platforms.local.place import Place

Ports = dict[str, tuple[int, int]]
"""Service to the ports of its two sides."""


def chosen(place: Place) -> Ports:
    """The ports as Caddy has them."""
    try:
        return msgspec.json.decode(_file(place).read_bytes(), type=Ports)
    except (OSError, msgspec.DecodeError):
        return {}


def choose(place: Place, services: Iterable[str], taken: Iterable[int]) -> Ports:
    """Ports for these services beside those chosen already; call it while holding `ports.one_at_a_time`.

    While Caddy runs no service loses its ports: a process that is on its way out may still ask there. Raises Refused.
    """
    there, wanted = chosen(place), set(services)
    if not caddy.answers(place.caddy_socket):
        there = {name: pair for name, pair in there.items() if name in wanted and all(map(ports.free, pair))}
    missing = sorted(wanted - there.keys())
    found = ports.for_services(2 * len(missing), {*taken, *chain.from_iterable(there.values())})
    there |= {name: (found[2 * n], found[2 * n + 1]) for n, name in enumerate(missing)}
    _file(place).write_bytes(msgspec.json.encode(there))
    return there


def urls(place: Place, sides: Mapping[str, int]) -> dict[str, str]:
    """What `{url.SERVICE}` stands for, by service; sides: of the lineup that is meant."""
    there = chosen(place)
    return {name: f"http://127.0.0.1:{there[name][side]}" for name, side in sides.items() if name in there}


def _file(place: Place) -> Path:
    return place.home / "internal.json"
