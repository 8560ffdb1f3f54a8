"""What `doctor` saw, as people read it: a line a check, and below it what is wrong and what mends it."""

from __future__ import annotations

from cloudnorth_cli.events import Result
from cloudnorth_cli.model import Finding
from cloudnorth_cli.render import lines
from cloudnorth_cli.render.screen import Screen

_MARKS = {"well": "✓", "wrong": "✗", "skipped": "−"}


def checks(result: Result, screen: Screen) -> list[str]:
    """Every check with its findings, then the count."""
    said: list[str] = []
    for one in result.checks or ():
        summary = "" if [found.message for found in one.findings] == [one.summary] else one.summary
        said += lines.step(screen, _MARKS[one.state], one.name, summary, one.seconds or None)
        for finding in one.findings:
            said += _finding(finding, screen)
    return [*said, "", *lines.wrapped(screen, result.summary)]


def _finding(finding: Finding, screen: Screen) -> list[str]:
    said = lines.wrapped(screen, f"{finding.message}  [{finding.code}]", "    ")
    if finding.where:
        said += lines.wrapped(screen, f"where: {finding.where}", "    ")
    for line in finding.evidence:
        said += lines.wrapped(screen, line, "      ")
    return said + [screen.letters(f"    next: {command}") for command in finding.next]
