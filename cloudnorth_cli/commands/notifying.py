"""The message at the end of a deploy or rollback. It never changes how the run ends, nor holds it up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from cloudnorth_cli.adapters import sns
from cloudnorth_cli.errors import CloudnorthError, ExitStatus
from cloudnorth_cli.events import Journal, Notification, Result, encode
from cloudnorth_cli.model import Request
from cloudnorth_cli.settings import Environment

LIMIT, STOPPED = 5.0, 2.5
"""Seconds for the whole of it, credentials included; a run that was stopped has five for everything (Jenkins)."""
QUIET = (ExitStatus.USAGE, ExitStatus.REFUSED, ExitStatus.LOCKED)
"""Ends before anything was changed: whoever typed the command is the one to know."""
LINES = 20
"""Decisive lines that are left where the whole is too long."""
_ROOM = sns.MOST - 2_000
"""For the attributes, and what they are counted with."""


def worth_it(result: Result) -> bool:
    """Whether a run ended such that others want to know: it changed something, failed, or was stopped."""
    return result.outcome != "unchanged" and result.exit_status not in QUIET


def at_end(environment: Environment, request: Request, journal: Journal) -> Callable[[Result], None]:
    """What is to be called with the finished result. A message that cannot be sent is a warning."""

    def notify(result: Result) -> None:
        named = environment.file.notify
        if named is None or not worth_it(result):
            return
        told: list[str] = []
        result = journal.mask.everywhere(result)  # as the journal does with what it tells
        limit = STOPPED if result.exit_status == ExitStatus.INTERRUPTED else LIMIT
        sender = threading.Thread(
            target=lambda: told.append(_sent(named.sns, environment, request, result)), daemon=True
        )
        sender.start()
        sender.join(limit)
        if why := told[0] if told else f"no answer within {limit:g} s":
            journal.notice(f"nobody was told by SNS ({named.sns}): {why}", level="warning")

    return notify


def _sent(named: str, environment: Environment, request: Request, result: Result) -> str:
    """Send it; why it could not be sent, else ""."""
    try:
        sns.topic(named, environment.file.aws).publish(
            subject(environment, result),
            body(environment, request, result),
            {"environment": environment.name, "command": result.command, "outcome": result.outcome},
            group=f"{environment.project}-{environment.name}",
            once=result.run,
        )
    except CloudnorthError as error:
        return f"{error.message} [{error.code}]"
    except Exception as error:
        # Whatever it is, the deploy is over and its end is told as it was.
        return f"{type(error).__name__}: {error}"
    return ""


def subject(environment: Environment, result: Result) -> str:
    """`shop prod: deploy failed, crash-at-start. prod serves release 41 (revision 43).`"""
    code = f", {result.error.code}" if result.error else ""
    return f"{environment.project} {environment.name}: {result.command} {result.outcome}{code}. {result.summary}"


def body(environment: Environment, request: Request, result: Result) -> str:
    """The message as JSON, no longer than SNS takes."""
    whole = Notification(
        project=environment.project,
        environment=environment.name,
        actor=request.actor,
        source=request.source,
        result=result,
    )
    for shorter in _shorter(result):
        text = encode(replace(whole, result=shorter, shortened=shorter is not result))
        if len(text) <= _ROOM:
            break
    return text.decode()


def _shorter(result: Result) -> Iterator[Result]:
    """The result, and what is left of it as more of its proof is left out; the last is short for certain."""
    yield result
    error = result.error
    if error:
        error = replace(error, failures=(), evidence=tuple(line[:500] for line in error.evidence[-LINES:]))
        yield replace(result, error=error)
        error = replace(error, message=error.message[:2_000], where=None, evidence=(), changed=(), next=error.next[:5])
    yield Result(
        command=result.command,
        exit_status=result.exit_status,
        outcome=result.outcome,
        environment=result.environment,
        summary=result.summary[:2_000],
        seconds=result.seconds,
        release=result.release,
        previous=result.previous,
        error=error,
        at=result.at,
        run=result.run,
    )
