"""`cloudnorth backup`: a copy of the data while it is in use."""

from __future__ import annotations

from cloudnorth_cli.commands import outcome
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def backup(platform: Platform, environment: Environment, journal: Journal) -> Result:
    """Copy the data; neither the lock nor what serves is touched."""
    with journal.step("backup") as step:
        made = platform.backup(step)
        step.summary = f"{_count(made.databases, 'database')}, {_count(made.files, 'other file')}, {_size(made.bytes)}"
    return Result(
        command="backup",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=f"backup {made.number} of {environment.name} is in {made.folder}",
        backups=(made,),
        next=(outcome.command(environment, f"restore {made.number}"),),
    )


def listed(platform: Platform, environment: Environment) -> Result:
    """Every backup that is kept, newest first."""
    return Result(
        command="backup", exit_status=0, outcome="done", environment=environment.name, backups=platform.backups()
    )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
