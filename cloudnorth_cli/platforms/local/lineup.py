"""Which processes serve together, and the one rename that puts other ones in their place."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import msgspec

from cloudnorth_cli.adapters.caddy import FRONT, SLOTS, side_link, slot_file
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
    side: int = 0
    """0 or 1: which of its service's two internal addresses leads to it."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


class Lineup(Value, frozen=True, kw_only=True):
    """The processes of one revision."""

    number: int
    release: Release
    processes: tuple[Process, ...]

    def of(self, service: str) -> tuple[Process, ...]:
        return tuple(each for each in self.processes if each.service == service)

    @property
    def sides(self) -> dict[str, int]:
        """Each service's side."""
        return {each.service: each.side for each in self.processes}

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
    for each in (serving, lineup) if serving else (lineup,):
        for service in each.sides:
            processes = each.of(service)
            for slot in range(SLOTS):
                (folder / slot_file(service, slot)).write_text(processes[slot % len(processes)].address)


def serving(place: Place) -> Lineup | None:
    """The lineup that Caddy reads, or None."""
    try:
        return msgspec.json.decode((place.home / FRONT / _FILE).read_bytes(), type=Lineup)
    except (OSError, msgspec.DecodeError):
        return None


def switch(place: Place, lineup: Lineup | None) -> None:
    """Make this lineup the one that serves, from one request to the next; None: nothing serves."""
    if lineup is None:
        (place.home / FRONT).unlink(missing_ok=True)
        return
    _link(place.home / FRONT, Path(place.lineups.name) / str(lineup.number))
    lead(place, lineup)


def lead(place: Place, lineup: Lineup, beside: Lineup | None = None) -> None:
    """Lead the internal addresses of a lineup to it; with `beside` only those that this other one does not use."""
    used = beside.sides if beside else {}
    place.internal.mkdir(exist_ok=True)
    for service, side in lineup.sides.items():
        if used.get(service) != side:
            _link(place.home / side_link(service, side), Path("..") / place.lineups.name / str(lineup.number))


def _link(link: Path, target: Path) -> None:
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    os.replace(new, link)


def forget_others(place: Place) -> None:
    """Remove every lineup but the serving one, and launch files of processes that are in none."""
    kept = serving(place)
    if kept:
        lead(place, kept)  # a run that was killed just after its switch has not done so
    for folder in place.lineups.iterdir() if place.lineups.is_dir() else ():
        if kept is None or folder.name != str(kept.number):
            shutil.rmtree(folder, ignore_errors=True)
    names = {each.name for each in kept.processes} if kept else set()
    for file in place.launches.iterdir() if place.launches.is_dir() else ():
        if file.stem not in names and file.stem != "caddy":
            file.unlink(missing_ok=True)
