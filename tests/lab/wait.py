"""Waiting for a condition, with a limit and a name for what is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.lab.errors import LabError

POLL_SECONDS = 0.1


def until(condition: Callable[[], bool], what: str, seconds: float, why: Callable[[], str] = str) -> None:
    """Return as soon as `condition` holds; LabError naming `what`, with what `why()` tells, after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds:.0f} s for {what}\n{why()}".rstrip())
        time.sleep(POLL_SECONDS)
