"""Lines that services wrote, by time, and as they come."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import LogLine, LogQuery
from cloudnorth_cli.platforms.local import launch, lineup
from cloudnorth_cli.platforms.local.place import Place

INTERVAL = 0.2
"""Seconds between two looks when following."""
_STAMP = re.compile(r"\s*\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)")
_KEYS = ("time", "timestamp", "ts", "at", "@timestamp")


def lines(place: Place, query: LogQuery) -> Iterator[LogLine]:
    """The lines wanted; endless with `follow`, over releases to come."""
    if query.source != "running":
        raise Refused("what runs on this machine writes its logs here, not to CloudWatch", code="logs-source")
    started = _started(place)
    files = [_Log(file, at=started.get(file) or file.stat().st_mtime) for file in _wanted(place, query)]
    since = time.time() - query.since_seconds if query.since_seconds is not None else 0.0
    began = [line for each in files for line in _last([pair for pair in each.new() if pair[0] >= since], query.tail)]
    for _, line in sorted(began, key=lambda pair: pair[0]):
        yield line
    known = {each.file: each for each in files}
    while query.follow:
        for file in _all(place, query):
            if file not in known and file.stat().st_mtime > time.time() - 60:
                known[file] = _Log(file)
        for each in tuple(known.values()):
            for _, line in each.new():
                yield line
        time.sleep(INTERVAL)


@dataclass
class _Log:
    """One file, read on from where it was left."""

    file: Path
    position: int = 0
    rest: bytes = b""
    at: float = 0.0
    """When its last line was written, as far as that is known; begins with the start of its process."""

    def new(self) -> list[tuple[float, LogLine]]:
        """Whole lines written since the last look, each with the time it is sorted by."""
        try:
            with self.file.open("rb") as stream:
                if stream.seek(0, 2) < self.position:
                    self.position = 0  # supervisord has put it aside and begun anew
                stream.seek(self.position)
                read = stream.read()
                self.position = stream.tell()
        except FileNotFoundError:
            return []
        *whole, self.rest = (self.rest + read).split(b"\n")
        return [self._line(each.decode("utf-8", "replace").rstrip("\r")) for each in whole]

    def _line(self, text: str) -> tuple[float, LogLine]:
        at = when(text)
        # A line without a time of its own, such as one of a traceback, stands behind the one before it.
        self.at = at.timestamp() if at else self.at
        name = self.file.name.removesuffix(".log")
        return self.at, LogLine(service=name.rpartition("-")[0], source=name, text=text, at=at)


def when(text: str) -> datetime | None:
    """The time that a line itself tells: JSON with a usual key, or an ISO date at its beginning; UTC without a zone."""
    if text.startswith("{"):
        try:
            found = msgspec.json.decode(text)
        except msgspec.DecodeError:
            return None
        return next((moment for key in _KEYS if (moment := _moment(found.get(key)))), None)
    stamp = _STAMP.match(text)
    return _moment(stamp[1]) if stamp else None


def _moment(value: object) -> datetime | None:
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value if value < 1e11 else value / 1000, UTC)
        if isinstance(value, str):
            found = datetime.fromisoformat(value.replace(",", "."))
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _last(found: list[tuple[float, LogLine]], count: int | None) -> list[tuple[float, LogLine]]:
    return found if count is None else found[max(0, len(found) - count) :]


def _started(place: Place) -> dict[Path, float]:
    """When the processes that serve were started, by their log. Of others the last line written tells enough."""
    serving = lineup.serving(place)
    processes = serving.processes if serving else ()
    return {launch.log_file(place, each.name): each.started_at.timestamp() for each in processes}


def _wanted(place: Place, query: LogQuery) -> tuple[Path, ...]:
    """Logs of the processes that serve, or of those before them; of the newest when nothing serves."""
    everything = _all(place, query)
    serving = lineup.serving(place)
    running = {launch.log_file(place, each.name) for each in serving.processes} if serving else set()
    if query.since_seconds is not None:
        oldest = time.time() - query.since_seconds
        return tuple(file for file in everything if file.stat().st_mtime >= oldest)
    if query.previous or not running:
        counts = {service: len(serving.of(service)) for service in serving.sides} if serving else {}
        return _newest((file for file in everything if file not in running), counts)
    return tuple(file for file in everything if file in running)


def _newest(found: Iterable[Path], counts: Mapping[str, int]) -> tuple[Path, ...]:
    """The newest logs of each service, as many as it has processes now."""
    by_service: dict[str, list[Path]] = defaultdict(list)
    for file in sorted(found, key=_number):
        by_service[file.name.rpartition("-")[0]].append(file)
    return tuple(file for service, files in by_service.items() for file in files[-counts.get(service, 1) :])


def _number(file: Path) -> int:
    return int(file.name.removesuffix(".log").rpartition("-")[2])


def _all(place: Place, query: LogQuery) -> tuple[Path, ...]:
    found = [file for file in place.logs.glob("*-*.log") if re.search(r"-\d+\.log$", file.name)]
    if query.services:
        found = [file for file in found if file.name.rpartition("-")[0] in query.services]
    return tuple(sorted(found, key=_number))
