"""`cloudnorth history`: who deployed what, and how it went."""

from __future__ import annotations

from cloudnorth_cli.events import Result
from cloudnorth_cli.platforms import Platform


def history(platform: Platform, limit: int) -> Result:
    """The newest `limit` of the records, and of the attempts that made no release."""
    records, attempts = platform.history(limit), platform.attempts()
    begun = [one.started_at for one in records] + [one.started_at for one in attempts]
    newest = sorted(begun)[-limit:]
    since = newest[0] if newest else None
    return Result(
        command="history",
        exit_status=0,
        outcome="done",
        history=tuple(one for one in records if since and one.started_at >= since),
        attempts=tuple(one for one in attempts if since and one.started_at >= since),
    )
