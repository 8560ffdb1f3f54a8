"""`cloudnorth down`: stop everything of an environment; data and records stay."""

from __future__ import annotations

from cloudnorth_cli.commands import locking, outcome
from cloudnorth_cli.errors import Interrupted, Refused, UsageError
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def down(
    platform: Platform, environment: Environment, request: Request, journal: Journal, confirm: str | None = None
) -> Result:
    """Take the release away. A protected environment wants its name in `confirm`."""
    _confirmed(environment, confirm)
    try:
        with locking.locked(platform, environment, request, journal, "down"), journal.step("down") as step:
            stays = platform.down(step)
    except Interrupted:
        state = f"taking {environment.name} down was stopped half way."
        again = f"down --confirm {confirm}" if confirm else "down"
        then = (outcome.command(environment, again), outcome.command(environment, "deploy"))
        return outcome.interruption("down", environment, journal, state, then, outcome.look(platform))
    return Result(
        command="down",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=f"{environment.name} is down. {stays}".strip(),
        seconds=journal.seconds,
        next=(outcome.command(environment, "deploy"),),
    )


def _confirmed(environment: Environment, confirm: str | None) -> None:
    meant = f"{outcome.command(environment, 'down')} --confirm {environment.name}"
    if confirm is not None and confirm != environment.name:
        raise UsageError(f"--confirm {confirm}: the environment is {environment.name}", code="confirm", next=(meant,))
    if environment.file.protected and confirm is None:
        raise Refused(
            f"{environment.name} is protected: taking it down stops what serves", code="confirm-wanted", next=(meant,)
        )
