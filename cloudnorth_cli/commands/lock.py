"""`cloudnorth lock`: who holds an environment and what is kept out of it; freeze it, and let go again."""

from __future__ import annotations

from datetime import UTC, datetime

from cloudnorth_cli.commands import outcome
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Hold, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def show(platform: Platform, environment: Environment) -> Result:
    """Who holds it, and what is held."""
    holds, status = platform.holds(), platform.lock_status()
    return Result(
        command="lock",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=_summary(environment, holds, busy=status is not None and not status.abandoned),
        lock=status,
        holds=holds,
        next=(outcome.command(environment, "lock release"),) if holds else (),
    )


def acquire(platform: Platform, environment: Environment, request: Request, journal: Journal, message: str) -> Result:
    """Freeze the environment: every change is refused, naming who and why, until `lock release`.

    A run that has begun goes on; what is frozen is frozen for the next.
    """
    with journal.step("freeze") as step:
        hold = Hold(release=None, reason=message or "frozen", actor=request.actor, since=datetime.now(UTC))
        platform.hold(hold)
        step.summary = hold.reason
    return _result(platform, environment, journal, f"{environment.name} is frozen: {hold.reason}")


def release(platform: Platform, environment: Environment, journal: Journal) -> Result:
    """Lift every hold. A lock that a run holds is that run's, and ends with it."""
    with journal.step("release") as step:
        holds = platform.holds()
        for hold in holds:
            platform.lift(hold)
        step.summary = ", ".join(_what(hold) for hold in holds) or "nothing was held"
    done = f"no longer held: {step.summary}" if holds else f"nothing of {environment.name} was held"
    return _result(platform, environment, journal, done)


def _result(platform: Platform, environment: Environment, journal: Journal, summary: str) -> Result:
    status = platform.lock_status()
    running = f"; {status.holder} is at work in it" if status and not status.abandoned else ""
    return Result(
        command="lock",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=f"{summary}{running}.",
        seconds=journal.seconds,
        lock=status,
        holds=platform.holds(),
    )


def _summary(environment: Environment, holds: tuple[Hold, ...], *, busy: bool) -> str:
    kept = ", ".join(_what(hold) for hold in holds)
    state = "is locked" if busy else "is free"
    return f"{environment.name} {state}{f'; held: {kept}' if kept else ''}"


def _what(hold: Hold) -> str:
    return f"release {hold.release}" if hold.release else "everything (a freeze)"
