"""`cloudnorth down`: stop everything of an environment; data and records stay, unless they are to go too."""

from __future__ import annotations

from cloudnorth_cli.commands import locking, outcome
from cloudnorth_cli.commands.guard import Ask
from cloudnorth_cli.errors import Interrupted, Refused, UsageError
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def down(
    platform: Platform,
    environment: Environment,
    request: Request,
    journal: Journal,
    confirm: str | None = None,
    *,
    delete_data: bool = False,
    ask: Ask = lambda question: True,
) -> Result:
    """Take the release away, and with `delete_data` everything that the platform keeps of the environment.

    A protected environment wants its name in `confirm`; deleting wants that or a yes to `ask`.
    """
    words = "down --delete-data" if delete_data else "down"
    _confirmed(environment, confirm, words)
    if delete_data:
        doomed = platform.data()
        if confirm is None and not ask(f"delete {doomed}?"):
            raise Refused("not confirmed", code="not-confirmed")
    elif not platform.history(1):
        return Result(
            command="down",
            exit_status=0,
            outcome="unchanged",
            environment=environment.name,
            summary=f"nothing of {environment.name} is installed; nothing to do.",
            seconds=journal.seconds,
            next=(_again(environment),),
        )
    try:
        with locking.locked(platform, environment, request, journal, "down"):
            with journal.step("down") as step:
                stays = platform.down(step)
            if delete_data:
                with journal.step("delete") as step:
                    step.summary = stays = f"{platform.delete_data(step)} is deleted"
    except Interrupted:
        state = f"taking {environment.name} down was stopped half way."
        again = f"{words} --confirm {confirm}" if confirm else words
        then = (outcome.command(environment, again), _again(environment))
        return outcome.interruption("down", environment, journal, state, then, outcome.look(platform))
    return Result(
        command="down",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=f"{environment.name} is down. {stays}".strip(),
        seconds=journal.seconds,
        next=(_again(environment),),
    )


def _again(environment: Environment) -> str:
    """The deploy after it, which a protected environment wants named the first."""
    return outcome.command(environment, "deploy --first" if environment.file.protected else "deploy")


def _confirmed(environment: Environment, confirm: str | None, words: str) -> None:
    meant = f"{outcome.command(environment, words)} --confirm {environment.name}"
    if confirm is not None and confirm != environment.name:
        raise UsageError(f"--confirm {confirm}: the environment is {environment.name}", code="confirm", next=(meant,))
    if environment.file.protected and confirm is None:
        raise Refused(
            f"{environment.name} is protected: taking it down stops what serves", code="confirm-wanted", next=(meant,)
        )
