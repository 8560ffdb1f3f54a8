"""The last lines of a run: what serves now, what went wrong with its proof, and the command to type next."""

from __future__ import annotations

from collections.abc import Sequence

from cloudnorth_cli.errors import ExitStatus
from cloudnorth_cli.events import Problem, Result
from cloudnorth_cli.render import lines, plans
from cloudnorth_cli.render.checkup import checks
from cloudnorth_cli.render.cleaning import images
from cloudnorth_cli.render.screen import Screen
from cloudnorth_cli.render.tables import backups, config, explanations, history, lock, status, statuses
from cloudnorth_cli.rollout import telling

QUIET = (ExitStatus.USAGE, ExitStatus.REFUSED, ExitStatus.LOCKED, ExitStatus.INTERRUPTED)
"""Statuses of runs that keep no evidence worth a look."""
WELL = (ExitStatus.DONE, ExitStatus.UNHEALTHY, ExitStatus.CHANGES)
"""Statuses with which a command did what it was asked: its answer goes to stdout."""

MOST_FAILURES = 3
"""Causes that one screen tells with their proof; all of them stand in the run's folder."""
MOST_CHANGES = 8
_TOGETHER = "\u00a0"
"""Stands for a space at which no line is broken, until it is broken."""


def answer(result: Result, screen: Screen) -> list[str]:
    """What a command that did its work says, for stdout."""
    if result.text is not None:
        return result.text.splitlines()
    if result.checks is not None:
        return checks(result, screen)
    if result.status is not None:
        # Without one environment that was meant, there is a line for each.
        return status(result.status[0], screen) if result.environment else statuses(result.status, screen)
    if result.history is not None:
        return history(result.history, screen, result.attempts or ())
    if result.backups is not None and not result.summary:
        return backups(result.backups, screen)
    if result.config is not None:
        return config(result.config, screen)
    if result.explanations is not None:
        return explanations(result.explanations, screen)
    if result.command == "lock" and result.holds is not None:
        return [*lock(result, screen), *next_lines("next", result.next, screen)]
    if result.command == "outputs" and result.outputs is not None:
        return plans.outputs(result.outputs, screen) or ["there are no outputs"]
    shown = images(result, screen)
    shown += plans.plan(result.plan, screen) if result.command == "drift" and result.plan else []
    return [*shown, *([""] if shown else []), *_done(result, screen)]


def did_its_work(result: Result) -> bool:
    """Whether a result is the answer that was asked for, good or bad: it goes to stdout."""
    return result.error is None and (result.exit_status in WELL or result.checks is not None)


def failure(result: Result, screen: Screen, output: Sequence[str] = ()) -> list[str]:
    """What a command that failed, was refused or was stopped says, for stderr.

    output: the last lines that the failed step's tool printed, shown where the problem has no evidence of its own.
    """
    usage = result.exit_status == ExitStatus.USAGE
    said = _problem(result.error, screen, output, usage=usage) if result.error else []
    if result.outcome == "interrupted":
        said += lines.wrapped(screen, f"stopped: {result.summary}" if result.summary else "stopped")
    elif result.summary:
        said += ["", *lines.wrapped(screen, result.summary)]
    if result.run_folder and result.exit_status not in QUIET:
        said += lines.wrapped(screen, f"evidence: {result.run_folder}/")
    if not usage:
        said.append(f"exit status {result.exit_status}")
    return said + next_lines("next", result.next or (result.error.next if result.error else ()), screen)


def problem(result: Result, screen: Screen, output: Sequence[str] = ()) -> list[str]:
    """What went wrong and its proof alone."""
    return _problem(result.error, screen, output) if result.error else []


def next_lines(label: str, commands: tuple[str, ...], screen: Screen) -> list[str]:
    """`next: cloudnorth logs --env prod`, further ones below. Never broken: they are there to be pasted."""
    return [
        screen.letters(f"{label + ':' if number == 0 else '':{len(label) + 1}} {command}")
        for number, command in enumerate(commands)
    ]


def _done(result: Result, screen: Screen) -> list[str]:
    took = lines.duration(result.seconds).replace(" ", _TOGETHER)
    wrapped = lines.wrapped(screen, f"{result.summary}  {took}" if result.summary else f"done  {took}")
    said = [line.replace(_TOGETHER, " ") for line in wrapped]
    if said:
        said[0] = screen.paint(said[0], "bold") if len(said) == 1 else said[0]
    if result.address:
        said.append(result.address)
    said += plans.outputs(result.outputs or {}, screen)
    for note in result.notes:
        said += lines.wrapped(screen, note)
    undo = result.command == "deploy" and any(" rollback" in command for command in result.next)
    return said + next_lines("undo" if undo else "next", result.next, screen)


def _problem(problem: Problem, screen: Screen, output: Sequence[str], *, usage: bool = False) -> list[str]:
    """What is wrong, its code, where, and the lines that prove it.

    usage: a mistake in what was typed or in cloudnorth.yaml; its place stands in front, what would be right below.
    """
    where = f"{problem.where}  " if problem.where and (usage or not problem.evidence) else ""
    said = lines.headline(screen, f"{where}{problem.message}", "" if usage else f"[{problem.code}]")
    said[0] = screen.paint(said[0], "bold")
    if usage:
        return said + [part for line in problem.evidence or output for part in lines.wrapped(screen, line)]
    if problem.failures:
        return said + _rollout(problem, screen)
    evidence = problem.evidence or output
    if evidence:
        said += ["", *lines.wrapped(screen, problem.where, "  ")] if problem.where and problem.evidence else [""]
        for line in evidence:
            said += lines.wrapped(screen, line, "    ")
    return said


def _rollout(problem: Problem, screen: Screen) -> list[str]:
    """A failed rollout on one screen: each cause with its decisive lines, then what the release changed."""
    said: list[str] = []
    causes = {(failure.cause, failure.service): failure for failure in reversed(problem.failures)}
    for number, failure in enumerate(list(causes.values())[::-1][:MOST_FAILURES]):
        if number:
            said += ["", *lines.headline(screen, failure.message, f"[{failure.cause}]")]
        where = f"{failure.pod} on {failure.node}" if failure.node else failure.pod
        proof = telling.decisive(failure)
        ended = ", last lines before it died:" if failure.restarts else ", last lines:"
        said += ["", *lines.wrapped(screen, where + (ended if failure.lines else ":" if proof else ""), "  ")]
        for line in proof:
            said += lines.wrapped(screen, line, "    ")
        for more in (failure.probe, *failure.unseen):
            said += lines.wrapped(screen, more, "  ") if more else []
    if len(causes) > MOST_FAILURES:
        said += ["", f"  and {len(causes) - MOST_FAILURES} more, in the run's folder"]
    if problem.changed:
        said += ["", "  changed in this release:"]
        for line in problem.changed[:MOST_CHANGES]:
            said += lines.wrapped(screen, line, "    ")
        if len(problem.changed) > MOST_CHANGES:
            said.append(f"    and {len(problem.changed) - MOST_CHANGES} more")
    return said
