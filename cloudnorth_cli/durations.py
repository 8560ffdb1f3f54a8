"""Durations as people write them: `90s`, `15m`, `1h30m`."""

from __future__ import annotations

import re

PATTERN = r"^(?=[0-9])([0-9]+h)?([0-9]+m)?([0-9]+s)?$"
_UNITS = {"h": 3600, "m": 60, "s": 1}


def seconds(text: str) -> float:
    """The seconds that a duration stands for. Raises ValueError."""
    if not re.fullmatch(PATTERN, text):
        raise ValueError(f"not a duration: {text!r}; such as 90s, 15m or 1h30m")
    return float(sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([hms])", text)))
