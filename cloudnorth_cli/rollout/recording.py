"""A rollout as it was observed, line by line as JSON, and the verdict from those lines again.

Lines: `{"at": 1.5, "track": {…}}`, `{"at": 1.5, "put": {object}}`, `{"at": 1.5, "gone": ["Pod", "uid"]}`,
`{"at": 1.5, "list": ["Pod", [objects], "version"]}`, `{"at": 1.5, "verdict": {"state": "ready", "causes": []}}`.
Times are seconds of the observer's clock. Every deploy keeps them as `rollout.ndjson` in its run's folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from cloudnorth_cli.model import Verdict
from cloudnorth_cli.rollout.observed import Object, Seen, Tracked
from cloudnorth_cli.rollout.verdict import judge
from cloudnorth_cli.rollout.world import World

Line = dict[str, Any]


def track(at: float, tracked: Tracked) -> Line:
    return {"at": at, "track": msgspec.to_builtins(tracked)}


def put(at: float, thing: Object) -> Line:
    return {"at": at, "put": thing}


def gone(at: float, kind: str, named: str) -> Line:
    return {"at": at, "gone": [kind, named]}


def listed(at: float, kind: str, things: Iterable[Object], version: str) -> Line:
    return {"at": at, "list": [kind, list(things), version]}


def verdict(at: float, told: Verdict) -> Line:
    return {"at": at, "verdict": {"state": told.state, "causes": [one.cause for one in told.failures]}}


class Replay:
    """Takes the lines of a recording one by one and judges as the watcher did."""

    def __init__(self) -> None:
        self.world = World()
        self.tracked: Tracked | None = None
        self.recorded: dict[str, Any] | None = None
        """The last verdict that the recording tells."""
        self._seen: Seen = {}

    def take(self, line: Line) -> None:
        match line:
            case {"track": told}:
                self.tracked = msgspec.convert(told, Tracked)
            case {"put": thing}:
                self.world.put(thing)
            case {"gone": [kind, named]}:
                self.world.remove(kind, named)
            case {"list": [kind, things, version]}:
                self.world.replace(kind, things, version)
            case {"verdict": told}:
                self.recorded = told

    def judge(self, at: float) -> Verdict | None:
        """The verdict at a moment; None before anything is tracked."""
        if self.tracked is None:
            return None
        found, self._seen = judge(self.world.observed(at), self.tracked, self._seen)
        return found


def replay(lines: Iterable[Line]) -> Iterator[tuple[float, Verdict]]:
    """Each verdict with its time, ending with the first that is final once Helm has ended or a failure is known."""
    player = Replay()
    for line in lines:
        player.take(line)
        if found := player.judge(line["at"]):
            yield line["at"], found
            if found.state in {"failed", "ready"}:
                return


def read(data: bytes) -> list[Line]:
    return [msgspec.json.decode(line) for line in data.splitlines() if line.strip()]
