"""`cloudnorth logs`: the services' lines as they stand, or as they come."""

from __future__ import annotations

from collections.abc import Callable

from cloudnorth_cli.events import Journal, Logged, Result
from cloudnorth_cli.model import LogQuery
from cloudnorth_cli.platforms import Platform


def logs(platform: Platform, query: LogQuery, journal: Journal, wanted: Callable[[], bool] = lambda: True) -> Result:
    """Journal each line until there are no more, or nobody reads them (`| head`)."""
    lines = platform.logs(query)
    try:
        for line in lines:
            journal.emit(Logged(line=line))
            if not wanted():
                break
    finally:
        if close := getattr(lines, "close", None):
            close()
    return Result(command="logs", exit_status=0, outcome="done")
