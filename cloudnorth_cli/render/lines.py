"""The lines that screens are made of: a step with its duration at the right edge, indented text, times."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime

from cloudnorth_cli.events import StepProgress
from cloudnorth_cli.render.screen import Screen

NAME = 11
"""Columns of a step's name."""
_MARKS = {"✓": "green", "✗": "red", "•": "dim", "−": "dim"}


def step(screen: Screen, mark: str, name: str, summary: str, seconds: float | None = None) -> list[str]:
    """`✓ build      api 3a91f0c2 built      14.8 s`; a long summary goes on below, nothing is lost."""
    shown = screen.letters(mark).ljust(2 if screen.unicode else 5)
    painted = screen.paint(shown, _MARKS[mark])
    time = duration(seconds) if seconds is not None else ""
    text = screen.letters(summary)
    if screen.narrow:
        first = painted + _apart(name, time, screen.layout - len(shown))
        return [first.rstrip(), *wrapped(screen, text, "  ")]
    indent = " " * (len(shown) + NAME)
    edge = time.rjust(max(9, len(time) + 2)) if time else ""
    room = screen.layout - len(indent) - len(edge)
    parts = (
        textwrap.wrap(text, max(room, 10), break_long_words=False, break_on_hyphens=False) if screen.wraps else [text]
    )
    body, *more = parts or [""]
    return [(painted + name.ljust(NAME) + body.ljust(room) + edge).rstrip(), *(indent + part for part in more)]


def wrapped(screen: Screen, text: str, indent: str = "") -> list[str]:
    """A text broken at the screen's width, each line indented; a path too long for a line stays whole, to be copied."""
    lines = []
    for line in screen.letters(text).splitlines() or [""]:
        if screen.wraps and len(indent) + len(line) > screen.width:
            room = max(screen.width - len(indent), 10)
            kept = line[: len(line) - len(line.lstrip())]
            width = max(room - len(kept), 8)
            parts = textwrap.wrap(line.strip(), width, break_long_words=False, break_on_hyphens=False)
            lines += [indent + kept + part for part in parts]
        else:
            lines.append((indent + line).rstrip())
    return lines


def headline(screen: Screen, left: str, right: str) -> list[str]:
    """Two texts at the edges of one line, or below each other where they do not fit."""
    left, right = screen.letters(left), screen.letters(right)
    if not right:
        return wrapped(screen, left)
    if len(left) + len(right) + 2 > screen.layout:
        return [*wrapped(screen, left), *wrapped(screen, right, "  ")]
    return [_apart(left, right, screen.layout)]


def columns(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows as columns, each as wide as its widest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def duration(seconds: float) -> str:
    """`14.8 s`, `2 min 05 s`."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def amount(part: StepProgress) -> str:
    """`12.4 of 96.1 MB`, `3 of 9  RUN pip install …`: how far a part of a step has come."""
    if part.unit == "bytes":
        total = f" of {part.total / 1e6:.1f}" if part.total else ""
        told = f"{part.done / 1e6:.1f}{total} MB"
    else:
        told = f"{part.done:.0f} of {part.total:.0f}" if part.total else f"{part.done:.0f}"
    return f"{told}  {part.label}".rstrip()


def ago(then: datetime, now: datetime) -> str:
    """`14 min ago`."""
    seconds = max(0, round((now - then).total_seconds()))
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and name != "min"):
            return f"{seconds // size} {name} ago"
    return f"{seconds} s ago"


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC: `2026-11-23T07:15:31Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _apart(left: str, right: str, width: int) -> str:
    return left + right.rjust(max(width - len(left), len(right) + 1))
