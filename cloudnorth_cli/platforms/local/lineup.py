"""Which processes serve together, and the one rename that puts other ones in their place."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import msgspec

from cloudnorth_cli.adapters.caddy import FRONT
from cloudnorth_cli.model import Release, Value
from cloudnorth_cli.platforms.local.place import Place

_FILE = ".lineup.json"


class Process(Value, frozen=True, kw_only=True):
    """One process of a service."""

    name: str
    """`api-7`: the service and the number of the lineup that started it."""
    service: str
    port: int
    key: str
    """See Plan.key."""
    release: int
    """Number of the release that started it."""
    commit: str
    started_at: datetime

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


class Lineup(Value, frozen=True, kw_only=True):
    """The processes of one revision."""

    number: int
    release: Release
    processes: tuple[Process, ...]

    def of(self, service: str) -> Process | None:
        return next((each for each in self.processes if each.service == service), None)

    def without(self, other: Lineup | None) -> tuple[Process, ...]:
        """Its processes that are not in another."""
        names = {each.name for each in other.processes} if other else set()
        return tuple(each for each in self.processes if each.name not in names)


def write(place: Place, lineup: Lineup, serving: Lineup | None) -> None:
    """Keep a lineup beside the serving one; Caddy does not read it yet."""
    folder = place.lineups / str(lineup.number)
    folder.mkdir(parents=True)
    (folder / _FILE).write_bytes(msgspec.json.encode(lineup))
    # A service that the new lineup lacks stays reachable until Caddy has forgotten its route.
    for process in (*(serving.processes if serving else ()), *lineup.processes):
        (folder / process.service).write_text(process.address)


def serving(place: Place) -> Lineup | None:
    """The lineup that Caddy reads, or None."""
    try:
        return msgspec.json.decode((place.home / FRONT / _FILE).read_bytes(), type=Lineup)
    except (OSError, msgspec.DecodeError):
        return None


def switch(place: Place, lineup: Lineup | None) -> None:
    """Make this lineup the one that serves, from one request to the next; None: nothing serves."""
    link = place.home / FRONT
    if lineup is None:
        link.unlink(missing_ok=True)
        return
    new = place.home / f".{FRONT}.new"
    new.unlink(missing_ok=True)
    new.symlink_to(Path(place.lineups.name) / str(lineup.number))
    os.replace(new, link)


def forget_others(place: Place) -> None:
    """Remove every lineup but the serving one, and launch files of processes that are in none."""
    kept = serving(place)
    for folder in place.lineups.iterdir() if place.lineups.is_dir() else ():
        if kept is None or folder.name != str(kept.number):
            shutil.rmtree(folder, ignore_errors=True)
    names = {each.name for each in kept.processes} if kept else set()
    for file in place.launches.iterdir() if place.launches.is_dir() else ():
        if file.stem not in names and file.stem != "caddy":
            file.unlink(missing_ok=True)
