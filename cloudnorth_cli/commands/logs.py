"""`cloudnorth logs`: the services' lines as they stand, or as they come."""

from __future__ import annotations

from collections.abc import Callable

from cloudnorth_cli.errors import Interrupted
from cloudnorth_cli.events import Journal, Logged, Result
from cloudnorth_cli.model import LogQuery
from cloudnorth_cli.platforms import Platform


def logs(platform: Platform, query: LogQuery, journal: Journal, wanted: Callable[[], bool] = lambda: True) -> Result:
    """Journal each line, until there are no more, nobody reads them, or a person has seen enough of `--follow`."""
    lines = platform.logs(query)
    try:
        for line in lines:
            journal.emit(Logged(line=line))
            if not wanted():
                break
    except Interrupted:
        # Ctrl-C is how following ends, and not a failure of it; of a finite answer a part is missing.
        if not query.follow:
            raise
    finally:
        if close := getattr(lines, "close", None):
            close()
    return Result(command="logs", exit_status=0, outcome="done")
