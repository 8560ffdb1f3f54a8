"""Keeping what happened with one revision."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from cloudnorth_cli.errors import CloudnorthError, ExitStatus
from cloudnorth_cli.model import Accepted, Candidate, Record, Release, Request
from cloudnorth_cli.platforms import Platform

MOST_EVIDENCE = 32_000
"""Characters of decisive lines in a record; a ConfigMap holds 1 MiB and is read over and over."""


def begun(
    candidate: Candidate,
    request: Request,
    release: Release,
    *,
    irreversible: str = "",
    accepted: Accepted | None = None,
    seconds: float = 0.0,
) -> Record:
    """The record of a release as it is about to be installed. `seconds`: since the run began."""
    return Record(
        release=release,
        outcome="unverified",
        images=candidate.images,
        actor=request.actor,
        source=candidate.source,
        started_at=datetime.now(UTC) - timedelta(seconds=seconds),
        irreversible=irreversible,
        accepted=accepted,
        watch=request.watch,
    )


class Records:
    """The record of one revision, rewritten as its story goes on."""

    def __init__(self, platform: Platform, record: Record) -> None:
        self._platform = platform
        self._record = record

    def at(self, step: str) -> None:
        """In this step now and not yet seen to work: what a next run finds if this one dies."""
        self._keep(step=step)

    def verified(self) -> None:
        now = datetime.now(UTC)
        self._keep(outcome="deployed", finished_at=now, verified_at=now)

    def failed(self, error: CloudnorthError) -> None:
        self._keep(outcome="failed", finished_at=datetime.now(UTC), cause=error.code, lines=decisive(error.evidence))

    def not_installed(self, error: CloudnorthError, served: Record | None) -> None:
        """It could not be installed; where nothing was changed, what served before serves."""
        unchanged = error.status in (ExitStatus.FAILED, ExitStatus.REFUSED)
        if unchanged and served:
            self._record = msgspec.structs.replace(self._record, rolled_back_to=served.release.number)
        self.failed(error)

    def taken_back(self, number: int) -> None:
        self._keep(outcome="rolled-back", finished_at=datetime.now(UTC), rolled_back_to=number)

    def interrupted(self, taken_back_to: int | None) -> None:
        """Stopped by a signal; `taken_back_to` is the release that serves again, None where both are left."""
        self._keep(outcome="interrupted", finished_at=datetime.now(UTC), rolled_back_to=taken_back_to)

    def never_made(self, served: Record | None) -> None:
        """Stopped by a signal before anything of it was made; where nothing serves, nothing is kept of it."""
        if served:
            self.interrupted(served.release.number)
        else:
            self._platform.forget(self._record.release)

    def _keep(self, **changes: object) -> None:
        self._record = msgspec.structs.replace(self._record, **changes)
        self._platform.record(self._record)


def decisive(lines: tuple[str, ...], room: int = MOST_EVIDENCE) -> tuple[str, ...]:
    """The last lines that fit into so many characters."""
    kept: list[str] = []
    for line in reversed(lines):
        room -= len(line)
        if room < 0:
            break
        kept.append(line)
    return tuple(reversed(kept))
