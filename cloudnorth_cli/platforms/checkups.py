"""Checks of `doctor` that every platform has: this machine and the environment's own configuration."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from cloudnorth_cli import secrets
from cloudnorth_cli.adapters.threads import side_by_side
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.model import Finding
from cloudnorth_cli.platforms import Check, Seen
from cloudnorth_cli.settings import Environment, SecretSource

ROOM = 1_000_000_000
"""Bytes that have to be free: a build context, an image's layers or a release's files fit into that."""


def disk(*folders: Path) -> Check:
    """Whether there is room where we write."""

    def look() -> Seen:
        free = {folder: shutil.disk_usage(_there(folder)).free for folder in folders}
        findings = tuple(
            Finding(
                code="disk",
                message=f"{size / 1e9:.2f} GB are free on the disk of {folder}; a deploy wants {ROOM / 1e9:.0f} GB",
                where=str(folder),
                next=(f"df -h {shlex.quote(str(_there(folder)))}",),
            )
            for folder, size in free.items()
            if size < ROOM
        )
        return Seen(f"{min(free.values()) / 1e9:.1f} GB free", findings)

    return Check("disk", look)


def sources(environment: Environment, journal: Journal) -> Iterator[Check]:
    """Whether every secret can be read; no value leaves the check. None where there are no secrets."""
    wanted: dict[tuple[str, ...], SecretSource]
    wanted = {("secrets", name): one for name, one in environment.file.secrets.items()}
    for name, service in environment.services.items():
        given = service.build.secrets if service.build else {}
        wanted |= {("services", name, "build", "secrets", key): one for key, one in given.items()}
    if not wanted:
        return

    def look() -> Seen:
        known = secrets.sources(environment, journal)
        found = side_by_side(lambda item: _unreadable(environment, known, *item), wanted.items())
        findings = tuple(one for one in found if one)
        return Seen(f"{len(wanted) - len(findings)} of {len(wanted)} can be read", findings)

    yield Check("secrets", look)


def _unreadable(
    environment: Environment, known: secrets.Sources, path: tuple[str, ...], source: SecretSource
) -> Finding | None:
    try:
        known.read(source)
    except Refused as error:
        return Finding(
            code=error.code, message=f"{path[-1]}: {error.message}", where=environment.place(*path), next=error.next
        )
    return None


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above that is there already."""
    return next(one for one in (folder, *folder.parents) if one.exists())
