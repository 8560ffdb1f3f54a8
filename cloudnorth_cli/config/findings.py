"""What is wrong in cloudnorth.yaml, place by place, and the one error that tells all of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from cloudnorth_cli.errors import UsageError

SHOWN = 20
"""Findings told at once; more would hide the first ones."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: `cloudnorth.yaml:14:7`. Lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong, and what would be right."""

    place: Place
    message: str
    hint: str = ""


def path_text(path: Sequence[str]) -> str:
    """`environments.prod.registry`; a key that holds a dot stands in quotes: `services.api.chart."api.image"`."""
    text = ".".join(f'"{key}"' if "." in key else key for key in path)
    return text.replace(".[", "[")


def fail(findings: Iterable[Finding], *, code: str = "configuration") -> NoReturn:
    """Raise one UsageError that tells every finding, in the order of the file.

    `where` is the first one's place and `message` its text; its hint and further ones, with their places, are evidence.
    """
    ordered = sorted(set(findings))
    first, *others = ordered[:SHOWN]
    lines = [*filter(None, [first.hint])]
    for finding in others:
        lines += [f"{finding.place}  {finding.message}", *filter(None, [finding.hint])]
    if len(ordered) > SHOWN:
        lines.append(f"and {len(ordered) - SHOWN} more")
    raise UsageError(first.message, code=code, where=str(first.place), evidence=lines)
