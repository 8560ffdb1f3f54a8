"""The way back that a failed deploy takes by itself; where there is none, that is said and a person is needed."""

from __future__ import annotations

from cloudnorth_cli.commands import locking, outcome, rollback
from cloudnorth_cli.commands.progress import LOST_CREDENTIALS, Progress
from cloudnorth_cli.errors import Broken, CloudnorthError, RolloutFailed
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Record, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def take_back(
    platform: Platform,
    environment: Environment,
    request: Request,
    journal: Journal,
    progress: Progress,
    failure: RolloutFailed,
) -> Result:
    """Go back to what served before, which makes the failure an exit 4; where that cannot be, it is exit 5."""
    served, release, records = progress.served, progress.release, progress.records
    assert release is not None
    assert records is not None
    why = _stays(platform, environment, request, progress)
    if served is None or why:
        left = f"release {release} stays as it is" if platform.keeps_failed else f"nothing of release {release} runs"
        broken = _broken(environment, failure, f"{why}, {left}", served)
        return outcome.failure("deploy", environment, journal, broken, release if platform.keeps_failed else served)

    progress.stage = "rollback"
    # Held first: if the way back dies, the bad release is kept out all the same.
    hold = locking.keep_out(platform, request, release, f"{failure.code}: {failure.message}")
    try:
        back = rollback.put_back(platform, environment, served, request, journal)
    except CloudnorthError as error:
        if error.code in LOST_CREDENTIALS:
            raise
        broken = _broken(
            environment, failure, f"and release {served.release.number} is not back: {_said(error)}", served
        )
        return outcome.failure("deploy", environment, journal, broken, outcome.Unread.UNCLEAR, hold)
    records.taken_back(served.release.number)
    return outcome.failure("deploy", environment, journal, failure, back, hold)


def _stays(platform: Platform, environment: Environment, request: Request, progress: Progress) -> str:
    """Why there is no way back; "" where there is one."""
    if progress.served is None:
        return "there is no earlier release to go back to"
    if progress.irreversible:
        return f"its migration cannot be taken back ({progress.irreversible})"
    if platform.keeps_failed and (not request.rollback or switched_off(environment, progress)):
        return "rollback is off"
    return ""


def switched_off(environment: Environment, progress: Progress) -> bool:
    """Whether the configuration says `rollback: off`, of the environment or of a service that this release changes."""
    if environment.file.rollout.rollback == "off":
        return True
    changed = {change.service for change in progress.candidate.changes} if progress.candidate else set()
    asked = [service.rollout for name, service in environment.services.items() if name in changed and service.rollout]
    return any(rollout.rollback == "off" for rollout in asked)


def _broken(environment: Environment, failure: RolloutFailed, why: str, served: Record | None) -> Broken:
    first = environment.file.protected and served is None  # nothing of ours was ever well there: it still is the first
    words = ("status", "logs", "deploy --first" if first else "deploy")
    broken = Broken(
        f"{failure.message}; {why}",
        code=failure.code,
        where=failure.where,
        evidence=failure.evidence,
        next=tuple(outcome.command(environment, each) for each in words),
    )
    broken.failures, broken.changed = failure.failures, failure.changed
    return broken


def _said(error: CloudnorthError) -> str:
    return f"{error.message} [{error.code}]"
