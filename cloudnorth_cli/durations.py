"""Durations as people write them: `90s`, `15m`, `1h30m`."""

from __future__ import annotations

import re

PATTERN = r"^(?=[0-9])([0-9]+h)?([0-9]+m)?([0-9]+s)?$"
_UNITS = {"h": 3600, "m": 60, "s": 1}


def told(seconds: float) -> str:
    """`12 min`, `40 s`, `3 h`: how long something lasted, for people."""
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{max(0.0, seconds):.0f} s"


def seconds(text: str) -> float:
    """The seconds that a duration stands for. Raises ValueError."""
    if not re.fullmatch(PATTERN, text):
        raise ValueError(f"not a duration: {text!r}; such as 90s, 15m or 1h30m")
    return float(sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([hms])", text)))
