"""`cloudnorth rollback`, and the way back that a failed deploy takes by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from cloudnorth_cli.commands import locking, outcome
from cloudnorth_cli.errors import CloudnorthError, Interrupted, Refused
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Record, Release, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment

SHORTEST_COMMIT = 7
"""Hex digits: as many as records hold, and more than the number of a release."""
HISTORY = 50
"""Revisions looked through for one to go back to; as many as Helm is told to keep."""


def rollback(
    platform: Platform,
    environment: Environment,
    request: Request,
    journal: Journal,
    to: str | None = None,
    message: str = "",
) -> Result:
    """Put an earlier verified release back: the one numbered `to`, or the last that served before this one."""
    served: Record | outcome.Unread | None = outcome.Unread.UNREAD
    try:
        served = platform.serving()
        target = find(platform.history(HISTORY), served, to, environment)
        with locking.locked(platform, environment, request, journal, "rollback"):
            release = put_back(platform, environment, target, request, journal)
    except CloudnorthError as error:
        return outcome.failure("rollback", environment, journal, error, served)
    except Interrupted:
        serving = outcome.serves(environment, served)
        state = f"the rollback was stopped half way; {serving}, or the earlier one already."
        then = (outcome.command(environment, "rollback"), outcome.command(environment, "status"))
        return outcome.interruption("rollback", environment, journal, state, then, served)
    was = f" (was {served.release})" if served else ""
    return Result(
        command="rollback",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=f"{outcome.serves(environment, release)}{was}.",
        seconds=journal.seconds,
        release=release,
        previous=served.release if served else None,
        images=target.images,
        address=platform.address(),
    )


def find(history: tuple[Record, ...], served: Record | None, to: str | None, environment: Environment) -> Record:
    """The verified record to go back to. Raises Refused naming what there is.

    Where a later release was installed and left half way, that is what served before it. What `deploy --watch` made
    is never gone back to.
    """
    verified = [record for record in history if record.verified_at and not record.watch]
    if to is not None:
        verified = [record for record in verified if names(to, record)]
    elif served and not served.watch and any(left_half_way(record, served) for record in history):
        return served
    elif served:
        # A release's number is the revision that first installed it: what served before that is what it replaced.
        verified = [record for record in verified if record.release.revision < served.release.number]
    if not verified:
        wanted = f"release or commit {to}" if to is not None else "an earlier verified release"
        raise Refused(
            f"{wanted} is not among the releases kept",
            code="nothing-to-go-back-to",
            next=(outcome.command(environment, "history"),),
        )
    return max(verified, key=lambda record: record.release.revision)


def names(word: str, record: Record) -> bool:
    """Whether `--to WORD` means this record: its release's number, or its commit (seven hex digits at least)."""
    if word == str(record.release.number):
        return True
    commit = record.source.commit.removesuffix("+dirty")
    return len(word) >= SHORTEST_COMMIT and bool(commit) and (commit.startswith(word) or word.startswith(commit))


def left_half_way(record: Record, served: Record) -> bool:
    """Whether a revision was installed over what served, and neither verified nor taken back."""
    half_way = record.outcome in ("interrupted", "unverified", "failed") and record.rolled_back_to is None
    return half_way and record.release.revision > served.release.revision


def put_back(
    platform: Platform, environment: Environment, target: Record, request: Request, journal: Journal
) -> Release:
    """Roll back to a record, watched and verified, and keep a record of the new revision. Raises Broken."""
    with journal.step("rollback") as step:
        release = platform.rollback(target, step)
        step.summary = step.summary or f"release {release}"
    now = datetime.now(UTC)
    platform.record(
        msgspec.structs.replace(
            target,
            release=release,
            outcome="deployed",
            actor=request.actor,
            started_at=now,
            finished_at=now,
            verified_at=now,
            rolled_back_to=None,
        )
    )
    return release
