"""`cloudnorth logs`: the services' lines as they stand, or as they come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec.structs import replace

from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Journal, Logged, Result
from cloudnorth_cli.model import LogQuery
from cloudnorth_cli.platforms import Platform


def logs(platform: Platform, query: LogQuery, journal: Journal, wanted: Callable[[], bool] = lambda: True) -> Result:
    """Journal each line until there are no more, or nobody reads them (`| head`). That there are none is told."""
    lines = platform.logs(_in_seconds(platform, query))
    count = 0
    try:
        for line in lines:
            count += 1
            journal.emit(Logged(line=line))
            if not wanted():
                break
    finally:
        if close := getattr(lines, "close", None):
            close()
    if not count:
        journal.notice(_none(platform, query))
    return Result(command="logs", exit_status=0, outcome="done")


def _none(platform: Platform, query: LogQuery) -> str:
    if platform.serving() is None:
        return "there are no lines: nothing is deployed"
    if query.previous:
        return "there are no lines: nothing that serves has run before and died"
    return "there are no lines" + (f" of {', '.join(query.services)}" if query.services else "")


def _in_seconds(platform: Platform, query: LogQuery) -> LogQuery:
    if not query.since_deploy:
        return query
    served = platform.serving()
    if served is None:
        raise Refused("nothing serves yet", code="nothing-serves")
    passed = (datetime.now(UTC) - served.started_at).total_seconds()
    return replace(query, since_seconds=max(0.0, passed))
