"""What `doctor` looks at on the local platform."""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from cloudnorth_cli.adapters import caddy, uv
from cloudnorth_cli.adapters.unix_http import LONGEST_PATH
from cloudnorth_cli.errors import CloudnorthError, Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.model import Actor, Finding, Request, Source
from cloudnorth_cli.platforms import Check, Seen, checkups
from cloudnorth_cli.platforms.local import front, ports, preflight
from cloudnorth_cli.platforms.local.machine import Machine
from cloudnorth_cli.platforms.local.place import Place
from cloudnorth_cli.settings import Environment

PYTHON = (3, 11)
"""As `requires-python` of the package says."""
_INSTALL = ("python3 -m pip install 'cloudnorth[local]'",)


def checks(environment: Environment, place: Place, machine: Machine, journal: Journal) -> tuple[Check, ...]:
    return (
        Check("python", _python),
        Check("tools", _tools),
        Check("services", lambda: _services(environment, machine), needs="tools"),
        Check("port", lambda: _port(environment, place)),
        *checkups.sources(environment, journal),
        checkups.disk(place.home, environment.root),
        Check("data", lambda: _data(place)),
        Check("runtime", lambda: _runtime(place)),
    )


def _python() -> Seen:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= PYTHON:
        return Seen(f"{version}, {sys.executable}")
    wanted = ".".join(map(str, PYTHON))
    raise Refused(f"Python {version} is too old; {wanted} or later is needed", code="python", where=sys.executable)


def _tools() -> Seen:
    findings = tuple(found for name, look in _TOOLS.items() if (found := _missing(name, look)))
    return Seen(", ".join(_TOOLS), findings)


def _missing(name: str, look: Callable[[], object]) -> Finding | None:
    try:
        look()
    except CloudnorthError as error:
        return Finding(
            code="tool-missing", message=f"{name}: {error.message}", where=sys.prefix, next=error.next or _INSTALL
        )
    return None


def _supervisor() -> None:
    if importlib.util.find_spec("supervisor") is None:
        raise Refused("is not installed")


_TOOLS: dict[str, Callable[[], object]] = {
    "supervisor": _supervisor,
    "caddy": lambda: caddy.binary(),
    "uv": lambda: uv.binary(),
}


def _services(environment: Environment, machine: Machine) -> Seen:
    nobody = Request(source=Source(commit=""), actor=Actor(who="doctor", run=""))
    preflight.check(environment, nobody, machine)
    return Seen(", ".join(environment.services) or "none")


def _port(environment: Environment, place: Place) -> Seen:
    wanted, chosen = environment.file.port, front.chosen(place)
    if chosen and front.answers(place):
        return Seen(f"{chosen.port}, served by this environment")
    if ports.free(wanted):
        return Seen(f"{wanted} is free")
    raise Refused(
        f"port {wanted} is taken by another program; a deploy would take the next free one",
        code="port-taken",
        where=f"{environment.config_path.name} environments.{environment.name}.port",
        next=(f"ss -ltnp sport = :{wanted}",),
    )


def _data(place: Place) -> Seen:
    home = place.home
    there = next(one for one in (home, *home.parents) if one.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        shown = shlex.quote(str(there))
        raise Refused(
            f"{there} cannot be written by us", code="data-folder", where=str(home), next=(f"sudo chown $USER {shown}",)
        )
    if there == home and home.stat().st_mode & 0o077:
        raise Refused(
            f"{home} can be read by others (mode {home.stat().st_mode & 0o777:o})",
            code="data-folder",
            where=str(home),
            next=(f"chmod 700 {shlex.quote(str(home))}",),
        )
    return Seen(str(home))


def _runtime(place: Place) -> Seen:
    longest = place.longest_socket
    length = len(os.fsencode(longest))
    if length > LONGEST_PATH:
        raise Refused(
            f"{longest} is too long for a socket: {length} bytes, {LONGEST_PATH} fit",
            code="runtime-folder",
            where=str(place.runtime),
            next=("export XDG_RUNTIME_DIR=/tmp",),
        )
    parent = _there(place.runtime)
    if parent.stat().st_uid not in (os.getuid(), 0) or not os.access(parent, os.W_OK):
        raise Refused(
            f"{parent} belongs to somebody else or cannot be written",
            code="runtime-folder",
            where=str(place.runtime),
            next=(f"ls -ld {shlex.quote(str(parent))}",),
        )
    return Seen(f"{place.runtime}, {length} of {LONGEST_PATH} bytes")


def _there(folder: Path) -> Path:
    return next(one for one in (folder, *folder.parents) if one.exists())
