"""What happened, sample by sample, and the figures that come of it."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shop.loadgen.plan import LATE_MS

OUTCOMES = ("ok", "sold out", "failed", "dropped")
"""sold out: refused as there were not enough pieces left, as it should be. failed: any other answer than a good one.
dropped: no answer at all; the reason is among the errors."""


@dataclass
class Names:
    """Names as small numbers, in the order in which they were first seen."""

    known: dict[Any, int] = field(default_factory=dict)

    def number(self, name: object) -> int:
        """The number of `name`."""
        return self.known.setdefault(name, len(self.known))


@dataclass
class Tally:
    """All samples of a run. Times in seconds; `due` counts from the start. Latency counts from when a request was due,
    not from when it left: a server that stalls cannot hide the requests that would have come meanwhile."""

    due: array[float] = field(default_factory=lambda: array("d"))
    late: array[float] = field(default_factory=lambda: array("d"))
    took: array[float] = field(default_factory=lambda: array("d"))
    outcome: array[int] = field(default_factory=lambda: array("B"))
    kind: array[int] = field(default_factory=lambda: array("H"))
    release: array[int] = field(default_factory=lambda: array("H"))
    kinds: Names = field(default_factory=Names)
    releases: Names = field(default_factory=Names)
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[int] = field(default_factory=Counter)

    def add(
        self,
        *,
        due: float,
        late: float,
        took: float,
        outcome: str,
        kind: str,
        release: tuple[str, str],
        status: int = 0,
        error: str = "",
    ) -> None:
        """One request that ended. `release`: service and the release that answered, empty when nobody did."""
        number = OUTCOMES.index(outcome)
        self.due.append(due)
        self.late.append(late)
        self.took.append(took)
        self.outcome.append(number)
        self.outcomes[number] += 1
        self.kind.append(self.kinds.number(kind))
        self.release.append(self.releases.number(release))
        if status:
            self.statuses[status] += 1
        if error:
            self.errors[error] += 1

    def count(self, *outcomes: str) -> int:
        """Requests that ended so."""
        return sum(self.outcomes[OUTCOMES.index(outcome)] for outcome in outcomes)

    def figures(self) -> dict[str, Any]:
        """Everything but the plan, as the JSON shows it; times in milliseconds, shares nowhere."""
        ended, unsent = len(self.due), self.errors["not sent"]
        return {
            "requests": {
                "due": ended,
                "sent": ended - unsent,
                "ok": self.count("ok"),
                "sold_out": self.count("sold out"),
                "failed": self.count("failed"),
                "dropped": self.count("dropped"),
            },
            "latency_ms": _latency(self.took),
            "sender": self.sender(),
            "releases": [
                {"service": service, "release": release, **self._of(self.release, number)}
                for (service, release), number in self.releases.known.items()
            ],
            "kinds": [{"kind": kind, **self._of(self.kind, number)} for kind, number in self.kinds.known.items()],
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "errors": dict(self.errors.most_common()),
            "timeline": self.timeline(),
        }

    def sender(self) -> dict[str, Any]:
        """The generator's own error: how late its sends left."""
        late = _milliseconds(self.late)
        left = sorted(due + after for due, after in zip(self.due, self.late, strict=True))
        return {
            "rate": round((len(left) - 1) / (left[-1] - left[0]), 2) if len(left) > 1 else 0.0,
            "late": sum(1 for one in late if one > LATE_MS),
            "late_over_ms": LATE_MS,
            "late_ms": {"p50": at(late, 50), "p99": at(late, 99), "max": late[-1] if late else 0.0},
        }

    def timeline(self) -> list[dict[str, Any]]:
        """Second by second: requests that were due, by release (its place in `releases`), failures, p50 and p99."""
        seconds: dict[int, list[int]] = defaultdict(list)
        for index, due in enumerate(self.due):
            seconds[int(due)].append(index)
        bad = (OUTCOMES.index("failed"), OUTCOMES.index("dropped"))
        return [
            {
                "second": second,
                "releases": dict(sorted(Counter(str(self.release[index]) for index in indexes).items())),
                "failed": sum(self.outcome[index] in bad for index in indexes),
                **{name: at(took(self.took[index] for index in indexes), p) for name, p in _SHOWN},
            }
            for second, indexes in sorted(seconds.items())
        ]

    def _of(self, column: array[int], number: int) -> dict[str, Any]:
        indexes = [index for index, value in enumerate(column) if value == number]
        outcomes = Counter(self.outcome[index] for index in indexes)
        return {
            "requests": len(indexes),
            **{name.replace(" ", "_"): outcomes[code] for code, name in enumerate(OUTCOMES)},
            "latency_ms": _latency(self.took[index] for index in indexes),
        }


_SHOWN = (("p50_ms", 50), ("p99_ms", 99))


def at(ordered: list[float], percent: float) -> float:
    """The value below which `percent` of the ordered ones lie (nearest rank); 0 of none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def _milliseconds(seconds: Iterable[float]) -> list[float]:
    return sorted(round(one * 1000, 1) for one in seconds)


def took(seconds: Iterable[float]) -> list[float]:
    """Latencies in milliseconds, ordered; what was never sent has none."""
    return _milliseconds(one for one in seconds if one > 0)


def _latency(seconds: Iterable[float]) -> dict[str, float]:
    ordered = took(seconds)
    return {"p50": at(ordered, 50), "p95": at(ordered, 95), "p99": at(ordered, 99), "max": at(ordered, 100)}
