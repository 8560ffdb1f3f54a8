"""Holding an environment for as long as something is changed, and what is kept out of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from cloudnorth_cli.commands import outcome
from cloudnorth_cli.errors import Locked
from cloudnorth_cli.events import Journal
from cloudnorth_cli.model import Hold, Release, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


@contextmanager
def locked(
    platform: Platform, environment: Environment, request: Request, journal: Journal, verb: str
) -> Iterator[None]:
    """The step `lock`, and what is done while it is held. Raises Locked where somebody has it or froze it."""
    with ExitStack() as held:
        with journal.step("lock") as step:
            try:
                held.enter_context(platform.lock(request, verb, step))
            except Locked as error:
                error.next = (*_past(environment, verb, error), *error.next)
                raise
            refuse_frozen(platform, environment, request, verb)
            step.summary = "held until this ends"
        yield


def _past(environment: Environment, verb: str, error: Locked) -> tuple[str, ...]:
    """What waits for whoever has the lock, or does not; of the verbs that can."""
    words = {
        "deploy": ("deploy --wait-lock 15m",),
        "provision": ("provision --wait-lock 15m",),
        "rollback": ("rollback --wait-lock 15m", "rollback --take-lock"),
    }
    if error.code != Locked.default_code:
        return ()
    return tuple(outcome.command(environment, each) for each in words.get(verb, ()))


def refuse_frozen(platform: Platform, environment: Environment, request: Request, verb: str) -> None:
    """Raises Locked where somebody froze the environment and this run does not go past it."""
    if not request.hold or request.take_lock:
        return
    freeze = next((hold for hold in platform.holds() if hold.release is None), None)
    if freeze is None:
        return
    past = {"deploy": ("deploy --no-hold",), "rollback": ("rollback --take-lock",)}.get(verb, ())
    raise Locked(
        f"{environment.name} is frozen by {told(freeze)}",
        code="frozen",
        next=tuple(outcome.command(environment, words) for words in ("lock release", *past)),
    )


def refuse_held(platform: Platform, environment: Environment, request: Request, release_id: str, again: str) -> None:
    """Raises Locked where this very release was taken back before; `again` is the command that goes past it."""
    if not request.hold:
        return
    hold = next((hold for hold in platform.holds() if hold.key == release_id), None)
    if hold is None:
        return
    raise Locked(
        f"release {hold.release} is held by {told(hold)}",
        code="held",
        next=tuple(outcome.command(environment, words) for words in ("lock release", again)),
    )


def keep_out(platform: Platform, request: Request, release: Release, reason: str) -> Hold | None:
    """Hold a release that is taken back; None where that was not wanted, or others made it and it has no id."""
    if not request.hold or not release.id:
        return None
    hold = Hold(release=release, reason=reason, actor=request.actor, since=datetime.now(UTC))
    platform.hold(hold)
    return hold


def lift(platform: Platform, release_id: str) -> None:
    """A release that was seen to work is no longer kept out."""
    for hold in platform.holds():
        if hold.key == release_id:
            platform.lift(hold)


def told(hold: Hold) -> str:
    """Who and why, for people: `anna@laptop since 07:15:31Z: crash-at-start: …`."""
    url = f", {hold.actor.run_url}" if hold.actor.run_url else ""
    return f"{hold.actor.who} since {hold.since:%Y-%m-%d %H:%M:%SZ}{url}: {hold.reason}"
