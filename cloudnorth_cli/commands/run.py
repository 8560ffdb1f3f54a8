"""`cloudnorth run` and `cloudnorth exec`: commands of the project's own, with what serves."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Literal

from cloudnorth_cli.commands import outcome
from cloudnorth_cli.errors import Refused, UsageError
from cloudnorth_cli.events import Journal, Printed, Problem, Result
from cloudnorth_cli.platforms import Platform, Tell
from cloudnorth_cli.settings import Environment

NOT_FOUND = (126, 127)
"""Statuses of what cannot be run, or is not there (POSIX shells): a look around helps."""


def run(platform: Platform, environment: Environment, journal: Journal, service: str, words: Sequence[str]) -> Result:
    """Run a command once, beside what serves; the exit status is its own."""
    look: tuple[str, ...] = (outcome.command(environment, f"exec --service {service}"),)
    try:
        status = platform.run(service, words, _telling(journal))
    except Refused as error:
        error.next = error.next or (look if error.code == "tool-missing" else ())
        raise
    look = look if status in NOT_FOUND else ()
    ended = Problem(code="command-failed", message=f"`{shlex.join(words)}` ended with status {status}", next=look)
    return _result("run", environment, status, ended if status else None)


def exec_(
    platform: Platform,
    environment: Environment,
    journal: Journal,
    service: str,
    words: Sequence[str],
    *,
    attached: bool,
    tty: bool,
) -> Result:
    """Run a command in an instance that serves; the exit status is its own, and nothing is said about it.

    attached: on our own input and output; else its lines are events.
    """
    status = platform.exec(service, words, None if attached else _telling(journal), tty=tty)
    return _result("exec", environment, status, None)


def the_service(environment: Environment, named: str | None) -> str:
    """The service that is meant: the one named, or the only one. Raises UsageError naming those that there are."""
    if named or len(environment.services) == 1:
        return named or next(iter(environment.services))
    raise UsageError(f"which service? --service {' or '.join(environment.services)}", code="service-wanted")


def _telling(journal: Journal) -> Tell:
    def tell(line: str, stream: Literal["stdout", "stderr"]) -> None:
        journal.emit(Printed(stream=stream, line=line))

    return tell


def _result(verb: str, environment: Environment, status: int, error: Problem | None) -> Result:
    return Result(
        command=verb,
        exit_status=status,
        outcome="failed" if status else "done",
        environment=environment.name,
        error=error,
    )
