"""Wall-clock times of whole programs, taken in turn so that a machine's moods meet all of them alike."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence


def seconds(words: Sequence[str], **options: object) -> float:
    """How long one program takes from start to end; it has to succeed."""
    started = time.monotonic()
    subprocess.run(words, check=True, capture_output=True, **options)  # type: ignore[call-overload]
    return time.monotonic() - started


def in_turn(subjects: Mapping[str, Callable[[], float]], runs: int) -> dict[str, list[float]]:
    """Times of each subject, A B A B …, after one round that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(runs + 1):
        for name, subject in subjects.items():
            took = subject()
            if number:
                times[name].append(took)
    return times


def table(title: str, times: Mapping[str, Sequence[float]], *, against: str | None = None, bounds: str = "") -> None:
    """Print medians, and ratios to one of the rows."""
    print(f"\n{title}")
    base = statistics.median(times[against]) if against else None
    for name, measured in times.items():
        median = statistics.median(measured)
        ratio = f"  {median / base:5.2f} ×" if base else ""
        print(f"  {name:44} {median:8.3f} s  ({min(measured):.3f} to {max(measured):.3f}, n={len(measured)}){ratio}")
    if bounds:
        print(f"  {bounds}")
