"""What the verdict is made from: one look at the cluster, what is judged, and what was seen before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Object = Mapping[str, Any]
"""One object of the API, as its JSON."""

Seen = Mapping[str, float]
"""What is remembered from look to look: sign (`pod uid/cause`) to when it was first seen, on the observer's clock."""


@dataclass(frozen=True)
class Observed:
    """The objects of one namespace at one moment, in any order."""

    at: float
    """Seconds of the observer's own monotonic clock, without those in which it saw nothing; never compared with a
    time that the cluster wrote."""
    workloads: tuple[Object, ...] = ()
    """Deployments, StatefulSets, DaemonSets and Jobs."""
    replica_sets: tuple[Object, ...] = ()
    controller_revisions: tuple[Object, ...] = ()
    """Only needed for DaemonSets."""
    pods: tuple[Object, ...] = ()
    events: tuple[Object, ...] = ()
    claims: tuple[Object, ...] = ()
    """PersistentVolumeClaims."""

    @cached_property
    def owned(self) -> Mapping[str, tuple[Object, ...]]:
        """Pods, ReplicaSets and ControllerRevisions by the UID of their owner."""
        found: dict[str, list[Object]] = {}
        for thing in (*self.pods, *self.replica_sets, *self.controller_revisions):
            for reference in dig(thing, "metadata", "ownerReferences", default=()):
                found.setdefault(str(reference.get("uid")), []).append(thing)
        return {owner: tuple(things) for owner, things in found.items()}

    @cached_property
    def told(self) -> Mapping[str, tuple[Object, ...]]:
        """Events by the UID of what they are about, oldest first by the cluster's own clock."""
        found: dict[str, list[Object]] = {}
        for event in self.events:
            found.setdefault(str(dig(event, "involvedObject", "uid", default="")), []).append(event)
        return {about: tuple(sorted(events, key=event_time)) for about, events in found.items()}


@dataclass(frozen=True)
class Tracked:
    """What is to become ready."""

    workloads: Mapping[str, str | None]
    """`deployment/shop-api` to the service that it runs, None where it runs none of the project's."""
    started: float
    """When the wait began, on the observer's clock."""
    timeout: float
    """Seconds for all of it, hooks included."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Seconds for single workloads, where they differ from `timeout`."""
    before: Mapping[str, tuple[str, int]] | None = None
    """UID and generation of each workload before Helm began; while they are the same it is not judged. None: Helm has
    ended, and all of `workloads` is judged."""
    hooks: frozenset[str] = frozenset()
    """`job/shop-warm-up`: hooks of the chart, which Helm waits for. They can fail, and are never waited for here."""
    settle: float = 60.0
    """At most so many seconds of a pod's being ready are watched before it counts; what was verified before needs
    few."""


def dig(thing: Any, *path: str | int, default: Any = None) -> Any:
    """Walk down an object; `default` where something is missing or null."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(thing, list) or len(thing) <= step:
                return default
            thing = thing[step]
        else:
            if not isinstance(thing, Mapping) or thing.get(step) is None:
                return default
            thing = thing[step]
    return thing


def name(thing: Object) -> str:
    return str(dig(thing, "metadata", "name", default=""))


def uid(thing: Object) -> str:
    return str(dig(thing, "metadata", "uid", default=""))


def version(thing: Object) -> tuple[str, int]:
    """UID and generation: differs from before where somebody has changed what it should be."""
    return uid(thing), int(dig(thing, "metadata", "generation", default=0))


def key(thing: Object) -> str:
    """`deployment/shop-api`."""
    return f"{str(thing.get('kind', '')).lower()}/{name(thing)}"


def owned_by(thing: Object, owner: Object) -> bool:
    return any(
        reference.get("uid") == uid(owner) for reference in dig(thing, "metadata", "ownerReferences", default=[])
    )


def condition(thing: Object, kind: str) -> Object | None:
    for found in dig(thing, "status", "conditions", default=()):
        if found.get("type") == kind:
            return found  # type: ignore[no-any-return]
    return None


def is_true(thing: Object, kind: str) -> bool:
    return bool(dig(condition(thing, kind), "status") == "True")


def event_time(event: Object) -> str:
    """When it was last told, by the clock of whoever wrote it; good for ordering events, and nothing else."""
    series = dig(event, "series", "lastObservedTime")
    return str(series or event.get("lastTimestamp") or event.get("eventTime") or "")


def event_count(event: Object) -> int:
    """How often it was told."""
    return int(dig(event, "series", "count") or event.get("count") or 1)
