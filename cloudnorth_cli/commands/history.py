"""`cloudnorth history`: who deployed what, and how it went."""

from __future__ import annotations

from cloudnorth_cli.events import Result
from cloudnorth_cli.platforms import Platform


def history(platform: Platform, limit: int) -> Result:
    """The newest `limit` records."""
    return Result(command="history", exit_status=0, outcome="done", history=platform.history(limit))
