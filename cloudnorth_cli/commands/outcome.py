"""How a run is told at its end: results of success, failure and interruption, and the commands to type next."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum
from threading import Thread

from cloudnorth_cli.commands import explain
from cloudnorth_cli.errors import CloudnorthError, ExitStatus, RolloutFailed
from cloudnorth_cli.events import Journal, Problem, Result
from cloudnorth_cli.model import Hold, Record, Release, Verdict
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment

PATIENCE = 2.0
"""Seconds for a last look at what serves; a stopped run has five in all (Jenkins), and a cluster may be away."""


class Unread(Enum):
    """What serves is not known."""

    UNREAD = "unread"
    """Nobody could look."""
    UNCLEAR = "unclear"
    """A way back that failed has left two releases side by side."""


Serving = Record | Release | Unread | None


def look(platform: Platform) -> Record | Unread | None:
    """What serves, for a run that ended before it had looked; UNREAD where that cannot be had in time."""
    found: list[Record | None] = []

    def read() -> None:
        with suppress(CloudnorthError):
            found.append(platform.serving())

    reader = Thread(target=read, daemon=True)
    reader.start()
    reader.join(PATIENCE)
    return found[0] if found else Unread.UNREAD


def command(environment: Environment, words: str) -> str:
    """A command to type next for this environment: `lock release` is `cloudnorth lock release --env prod`."""
    verb, dashes, flags = words.partition(" -")
    return f"cloudnorth {verb} --env {environment.name}{dashes}{flags}"


def serves(environment: Environment, served: Serving) -> str:
    """`prod serves release 41`."""
    if served is Unread.UNCLEAR:
        return f"{environment.name} may serve two releases side by side"
    if isinstance(served, Unread):
        return f"what {environment.name} serves could not be read"
    release = release_of(served)
    return f"{environment.name} serves release {release}" if release else f"{environment.name} serves nothing yet"


def release_of(served: Serving) -> Release | None:
    """The release that serves, as far as it is known."""
    if isinstance(served, Unread):
        return None
    return served.release if isinstance(served, Record) else served


def kept_out(hold: Hold, environment: Environment) -> str:
    """What being held means, for people."""
    let_go = command(environment, "lock release")
    return f"Release {hold.release} is held: deploying it again is refused until `{let_go}`."


def problem(error: CloudnorthError) -> Problem:
    """A foreseen error as machines read it."""
    return Problem(
        code=error.code,
        message=error.message,
        where=error.where,
        evidence=error.evidence,
        next=error.next,
        retryable=error.retryable,
        failures=error.failures,
        changed=error.changed,
    )


def failure(
    verb: str,
    environment: Environment,
    journal: Journal,
    error: CloudnorthError,
    serving: Serving,
    hold: Hold | None = None,
) -> Result:
    """The result of a run that failed while `serving` goes on serving; the verb again is next by default.

    hold: what is kept out from now on because of it.
    """
    error.next = error.next or (command(environment, verb),)
    if error.failures and explain.known(error.code):
        page = f"cloudnorth explain {error.code}"
        # What is held is to be mended first: the same again is refused.
        error.next = (page, *error.next) if hold else (*error.next, page)
    return Result(
        command=verb,
        exit_status=int(error.status),
        outcome="refused" if error.status == ExitStatus.REFUSED else "failed",
        environment=environment.name,
        summary=f"{serves(environment, serving)}.{f' {kept_out(hold, environment)}' if hold else ''}",
        seconds=journal.seconds,
        release=release_of(serving),
        error=problem(error),
        holds=(hold,) if hold else None,
        next=error.next,
    )


def interruption(
    verb: str,
    environment: Environment,
    journal: Journal,
    state: str,
    next_commands: tuple[str, ...],
    serving: Serving,
) -> Result:
    """The result of a run that a signal stopped; `state` says how things were left."""
    return Result(
        command=verb,
        exit_status=int(ExitStatus.INTERRUPTED),
        outcome="interrupted",
        environment=environment.name,
        summary=state,
        seconds=journal.seconds,
        release=release_of(serving),
        next=next_commands,
    )


def rollout_failed(verdict: Verdict) -> RolloutFailed:
    """The error that a verdict other than `ready` is, with its first failure's evidence."""
    if not verdict.failures:
        return RolloutFailed(f"not ready in time: {verdict.waiting_for}", code="timeout")
    first = verdict.failures[0]
    where = f"{first.pod}, last lines:" if first.lines else first.pod
    error = RolloutFailed(first.message, code=first.cause, where=where, evidence=(*first.lines, *first.events))
    error.failures, error.changed = verdict.failures, verdict.changed
    return error
