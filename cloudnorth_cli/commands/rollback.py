"""`cloudnorth rollback`, and putting a release back. Needs the platform and its records, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from cloudnorth_cli.commands import locking, outcome
from cloudnorth_cli.errors import CloudnorthError, Interrupted, Refused
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Hold, Record, Release, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment

SHORTEST_COMMIT = 7
"""Hex digits: as many as records hold, and more than the number of a release."""
HISTORY = 1000
"""Revisions looked through for one to go back to: all that are kept."""
BY_HAND = "taken-back"
"""Cause of a release that a person took back before it was judged."""
HALF_WAY = ("interrupted", "unverified", "failed")


def rollback(
    platform: Platform,
    environment: Environment,
    request: Request,
    journal: Journal,
    to: str | None = None,
    message: str = "",
) -> Result:
    """Put an earlier verified release back: the one that `to` names, or the last that served before this one."""
    served: Record | outcome.Unread | None = outcome.Unread.UNREAD
    hold: Hold | None = None
    try:
        locking.refuse_frozen(platform, environment, request, "rollback")
        served = platform.serving()
        find(platform.history(HISTORY), served, to, environment)
        with locking.locked(platform, environment, request, journal, "rollback"):
            # Chosen once more: whoever had the lock before may have gone back already.
            served, history = platform.serving(), platform.history(HISTORY)
            target = find(history, served, to, environment)
            refuse(platform, environment, request, history, target, to)
            if leaves := left(history, served, target):
                hold = locking.keep_out(platform, request, leaves.release, message or "taken back by hand")
            release = put_back(platform, environment, target, request, journal)
            # One that a Helm was killed before it made has the number that the way back got: there is nothing of it.
            if leaves and left_half_way(leaves, target) and leaves.release.revision != release.revision:
                told = msgspec.structs.replace(
                    leaves,
                    outcome="rolled-back",
                    rolled_back_to=target.release.number,
                    finished_at=datetime.now(UTC),
                    cause=leaves.cause or BY_HAND,
                    lines=leaves.lines or (f"by {request.actor.who}{f': {message}' if message else ''}",),
                )
                platform.record(told)
    except CloudnorthError as error:
        if served is outcome.Unread.UNREAD:
            served = outcome.look(platform)
        return outcome.failure("rollback", environment, journal, error, served)
    except Interrupted:
        serving = outcome.serves(environment, served)
        state = f"the rollback was stopped half way; {serving}, or the earlier one already."
        then = (outcome.command(environment, "rollback"), outcome.command(environment, "status"))
        return outcome.interruption("rollback", environment, journal, state, then, served)
    was = f" (was {served.release})" if served else ""
    kept = f" {outcome.kept_out(hold, environment)}" if hold else ""
    return Result(
        command="rollback",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=f"{outcome.serves(environment, release)}{was}.{kept}",
        seconds=journal.seconds,
        release=release,
        previous=served.release if served else None,
        images=target.images,
        address=platform.address(),
        holds=(hold,) if hold else None,
        next=(outcome.command(environment, "lock release"),) if hold else (),
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


def refuse(
    platform: Platform,
    environment: Environment,
    request: Request,
    history: tuple[Record, ...],
    target: Record,
    to: str | None,
) -> None:
    """Raises Locked for a release that is held, Refused where a migration since then cannot be taken back.

    A release that is named is meant: that its schema may be gone is for whoever names it to know.
    """
    number = target.release.number
    locking.refuse_held(platform, environment, request, target.release.id, f"rollback --to {number} --no-hold")
    later = irreversible_since(history, target)
    if later and to is None:
        raise Refused(
            f"release {later.release.number} has a migration that cannot be taken back ({later.irreversible}), "
            f"so release {number} may find its schema gone",
            code="irreversible-migration",
            next=(outcome.command(environment, "deploy"), outcome.command(environment, f"rollback --to {number}")),
        )


def irreversible_since(history: tuple[Record, ...], target: Record) -> Record | None:
    """The oldest release since `target` whose migration cannot be taken back."""
    later = [one for one in history if one.irreversible and one.release.revision > target.release.revision]
    return min(later, key=lambda one: one.release.revision, default=None)


def left(history: tuple[Record, ...], served: Record | None, target: Record) -> Record | None:
    """What going to `target` takes back: what was left half way, else what serves, where that is a later release.

    Where nothing serves it is the newest. A record of what was taken back before, or never came to be, is neither.
    """
    there = [record for record in history if served is None or left_half_way(record, served)]
    newest = max(there, key=lambda record: record.release.revision, default=served)
    return newest if newest and newest.release.number > target.release.number else None


def left_half_way(record: Record, served: Record) -> bool:
    """Whether a revision was installed over what served, and neither verified nor taken back."""
    half_way = record.outcome in HALF_WAY and record.rolled_back_to is None
    return half_way and record.release.revision > served.release.revision


def put_back(
    platform: Platform, environment: Environment, target: Record, request: Request, journal: Journal
) -> Release:
    """Roll back to a record, watched and verified; its new revision has a record from its beginning on.

    Raises Broken.
    """
    started = datetime.now(UTC)
    with journal.step("rollback") as step:
        revision = platform.next_revision(step, mend=False)
        release = Release(id=target.release.id, number=target.release.number, revision=revision)
        record = msgspec.structs.replace(
            target,
            release=release,
            outcome="unverified",
            actor=request.actor,
            started_at=started,
            finished_at=None,
            verified_at=None,
            rolled_back_to=None,
            cause=None,
            lines=(),
            irreversible="",
            step="rollback",
        )
        platform.record(record)
        try:
            platform.rollback(target, release, step)
        except Refused:
            platform.forget(release)
            raise
        except CloudnorthError as error:
            platform.record(
                msgspec.structs.replace(record, outcome="failed", cause=error.code, finished_at=datetime.now(UTC))
            )
            raise
        step.summary = step.summary or f"release {release}"
    now = datetime.now(UTC)
    platform.record(msgspec.structs.replace(record, outcome="deployed", finished_at=now, verified_at=now))
    return release
