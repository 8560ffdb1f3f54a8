"""A command line that is wrong, told like every other end of a run: with a result, in the form that was asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from cloudnorth_cli import session
from cloudnorth_cli.errors import Interrupted, UsageError
from cloudnorth_cli.events import Result
from cloudnorth_cli.options import OUTPUTS, Options
from cloudnorth_cli.session import Run
from cloudnorth_cli.signals import Watch
from cloudnorth_cli.typed import Typed, typed


def told(arguments: Sequence[str], watch: Watch, error: typer.TyperException) -> int:
    """Say what is wrong and which help shows it right."""
    context: Any = getattr(error, "ctx", None)
    program = context.command_path if context else "cloudnorth"
    message = error.format_message().rstrip(".")
    wrong = UsageError(message[:1].lower() + message[1:], next=(f"{program} --help",))
    return _end(arguments, watch, wrong)


def interrupted(arguments: Sequence[str], watch: Watch, error: Interrupted) -> int:
    """Stopped before a run began."""
    return _end(arguments, watch, error)


def _end(arguments: Sequence[str], watch: Watch, why: UsageError | Interrupted) -> int:
    line = typed(arguments)

    def work(run: Run) -> Result:
        raise why

    return session.run(_verb(arguments), _options(line), line, watch, work, reading=True)


def _options(line: Typed) -> Options:
    """What can be read of the options although the line is wrong."""
    given = line.given
    wanted = given.output or os.environ.get("CLOUDNORTH_OUTPUT")
    report = given.report or os.environ.get("CLOUDNORTH_REPORT")
    output = next((one for one in OUTPUTS if one == wanted), OUTPUTS[0])
    return Options(output=output, report=Path(report) if report else None)


def _verb(arguments: Sequence[str]) -> str:
    from cloudnorth_cli.cli import VERBS

    verbs = {verb.name for verb in VERBS}
    return next((word for word in arguments if word in verbs), "")
