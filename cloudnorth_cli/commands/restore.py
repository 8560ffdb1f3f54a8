"""`cloudnorth restore`: a backup in the place of the data."""

from __future__ import annotations

from cloudnorth_cli.commands import locking, outcome
from cloudnorth_cli.commands.guard import Ask
from cloudnorth_cli.errors import CloudnorthError, Interrupted, Refused, UsageError
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Backup, Record, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def restore(
    platform: Platform,
    environment: Environment,
    request: Request,
    journal: Journal,
    which: str | None,
    confirm: str | None = None,
    *,
    ask: Ask = lambda question: True,
) -> Result:
    """Stop the services, exchange the data, start them; what was there stays as a backup that is named."""
    words = f"restore {which}" if which else "restore"
    served: Record | outcome.Unread | None = outcome.Unread.UNREAD
    chosen = _found(platform, environment, which)
    _confirmed(environment, chosen, confirm, ask)
    try:
        served = platform.serving()
        with locking.locked(platform, environment, request, journal, "restore"), journal.step("restore") as step:
            done = platform.restore(chosen, step)
            step.summary = f"backup {done.backup.number}; what was there is backup {done.kept.number}"
    except CloudnorthError as error:
        error.next = error.next or (outcome.command(environment, "backup --list"),)
        return outcome.failure("restore", environment, journal, error, served)
    except Interrupted:
        state = f"the restore was stopped; the data is as it was before. {outcome.serves(environment, served)}."
        return outcome.interruption(
            "restore", environment, journal, state, (outcome.command(environment, words),), served
        )
    return Result(
        command="restore",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=f"{environment.name} has the data of backup {done.backup.number}.",
        seconds=journal.seconds,
        restored=done,
        release=outcome.release_of(served),
        address=platform.address(),
        next=(outcome.command(environment, f"restore {done.kept.number}"),),
    )


def _found(platform: Platform, environment: Environment, which: str | None) -> Backup:
    try:
        return platform.find_backup(which)
    except Refused as error:
        error.next = error.next or (outcome.command(environment, "backup --list"),)
        raise


def _confirmed(environment: Environment, chosen: Backup, confirm: str | None, ask: Ask) -> None:
    what = f"backup {chosen.number} ({chosen.kind}, {chosen.at:%Y-%m-%d %H:%MZ})"
    meant = outcome.command(environment, f"restore {chosen.number} --confirm {environment.name}")
    if confirm is not None and confirm != environment.name:
        raise UsageError(f"--confirm {confirm}: the environment is {environment.name}", code="confirm", next=(meant,))
    if environment.file.protected and confirm is None:
        raise Refused(
            f"{environment.name} is protected: everything since {what} would be exchanged",
            code="confirm-wanted",
            next=(meant,),
        )
    if confirm is None and not ask(f"put {what} in the place of the data of {environment.name}?"):
        raise Refused("not confirmed", code="not-confirmed")
