"""The front of a local environment: Caddy on one port, kept for later deploys."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from cloudnorth_cli import signals
from cloudnorth_cli.adapters import caddy
from cloudnorth_cli.adapters.supervisor import Program
from cloudnorth_cli.errors import Failed
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Value
from cloudnorth_cli.platforms.local import internal, launch, ports
from cloudnorth_cli.platforms.local.place import Place
from cloudnorth_cli.platforms.local.plan import Plan
from cloudnorth_cli.settings import EnvironmentFile
from cloudnorth_cli.shell import tail

NAME = "caddy"
HTTPS = 443
START_PATIENCE = 15.0
"""Seconds for Caddy to listen; it takes 0.1 s on an idle machine."""
DRAIN_DEADLINE = 30.0
"""Seconds that requests under way have to finish before the old processes are stopped."""
DRAIN_LOOKS = 3
"""Looks in a row, 50 ms apart, that must find nothing under way: Caddy counts a request shortly after it has read where
to send it."""


class Port(Value, frozen=True, kw_only=True):
    """The port that was chosen, and which one was asked for then."""

    wanted: int
    port: int


def chosen(place: Place) -> Port | None:
    """The front's port, or None before the first deploy."""
    try:
        return msgspec.json.decode(_port_file(place).read_bytes(), type=Port)
    except (OSError, msgspec.DecodeError):
        return None


def choose(place: Place, wanted: int, step: Step) -> int:
    """The port to listen on: the one of before, the wanted one, or the next free one, which is said."""
    before = chosen(place)
    if before and before.wanted == wanted and (caddy.answers(place.caddy_socket) or ports.free(before.port)):
        return before.port
    port = ports.next_free(wanted)
    if port != wanted:
        step.notice(f"port {wanted} is taken; using {port}, also from now on")
    _port_file(place).write_bytes(msgspec.json.encode(Port(wanted=wanted, port=port)))
    return port


def site(wanted: EnvironmentFile) -> caddy.Site | None:
    """What is served to the world, if anything."""
    if wanted.domain is None:
        return None
    tls = wanted.tls
    return caddy.Site(wanted.domain, tls.issuer == "internal", tls.email, tls.http_port, tls.https_port)


def address(place: Place, wanted: EnvironmentFile) -> str | None:
    """Where people reach it: the domain that it serves, or the port on this machine."""
    if wanted.domain and serves(place, site(wanted)):
        port = wanted.tls.https_port
        return f"https://{wanted.domain}" + (f":{port}" if port != HTTPS else "")
    found = chosen(place)
    return f"http://127.0.0.1:{found.port}" if found else None


def problems(place: Place, wanted: EnvironmentFile) -> list[str]:
    """What is wrong with the front, for people."""
    if not answers(place):
        return ["the front (Caddy) does not answer"]
    if wanted.domain and serves(place, site(wanted)) and not caddy.certificate(storage(place), wanted.domain):
        return [f"{wanted.domain} has no certificate yet; {place.logs / 'caddy.log'} says why"]
    return []


def storage(place: Place) -> Path:
    """Caddy's own files: certificates and their keys."""
    return place.home / "caddy"


def configure(
    place: Place,
    port: int,
    routes: Mapping[str, str],
    inside: internal.Ports,
    pages: caddy.Pages | None,
    site: caddy.Site | None,
) -> bool:
    """Write what Caddy starts with; whether that changed."""
    wanted = caddy.configuration(port, routes, inside, place.caddy_socket, storage(place), pages=pages, site=site)
    text = json.dumps(wanted, indent=1)
    file = place.caddy_file
    variables = launch.inherited() | {"GOMEMLIMIT": "48MiB"} | place.marker
    words = (caddy.binary(), "run", "--config", str(file))
    launch.write(launch.launch_file(place, NAME), words, variables, place.home, counted=False, rights=True)
    if file.is_file() and file.read_text() == text:
        return False
    new = file.with_suffix(".new")
    new.write_text(text)
    if file.is_file():
        shutil.copyfile(file, _before(place))
    new.replace(file)
    return True


def reload(place: Place) -> None:
    """Bring what was configured to a Caddy that runs. Raises Failed: it goes on, and would start, as before."""
    try:
        caddy.load(place.caddy_socket, json.loads(place.caddy_file.read_text()))
    except Failed:
        _before(place).replace(place.caddy_file)
        raise
    _before(place).unlink(missing_ok=True)


def serves(place: Place, site: caddy.Site | None) -> bool:
    """Whether Caddy was told to serve exactly this to the world."""
    try:
        return caddy.serves(json.loads(place.caddy_file.read_text()), site)
    except (OSError, ValueError):
        return False


def answers(place: Place) -> bool:
    """Whether Caddy runs."""
    return caddy.answers(place.caddy_socket)


def await_ready(place: Place) -> None:
    """Wait until Caddy listens. Raises Failed."""
    end = time.monotonic() + START_PATIENCE
    while not caddy.answers(place.caddy_socket):
        if time.monotonic() > end:
            log = launch.log_file(place, NAME)
            evidence = tail(log.read_text(errors="replace"), 5) if log.exists() else ()
            raise Failed("Caddy does not start", code="front", evidence=evidence)
        time.sleep(0.02)


def drain(place: Place, addresses: frozenset[str], step: Step) -> bool:
    """Wait until no request is under way to these upstreams; False when the deadline came first."""
    end, stopped_before = time.monotonic() + DRAIN_DEADLINE, signals.came()
    idle = 0
    while idle < DRAIN_LOOKS:
        try:
            under_way = sum(caddy.in_flight(place.caddy_socket).get(address, 0) for address in addresses)
        except OSError:
            return True  # Caddy is gone, and every request with it
        idle = 0 if under_way else idle + 1
        if under_way:
            step.waiting(f"{under_way} request{'s' if under_way > 1 else ''} of the old release to finish")
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
        signals.check(stopped_before)
    return True


def routes(plan: Plan) -> dict[str, str]:
    return {each.name: each.route for each in plan.services}


def program(place: Place) -> Program:
    return launch.program(place, NAME)


def _before(place: Place) -> Path:
    """The configuration before the one that Caddy is being told."""
    return place.caddy_file.with_suffix(".before")


def _port_file(place: Place) -> Path:
    return place.home / "port.json"
