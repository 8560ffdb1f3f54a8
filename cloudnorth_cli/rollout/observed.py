"""What the verdict is made from: one look at the cluster, what is judged, and what was seen before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
"""One object of the API, as its JSON."""

Seen = Mapping[str, float]
"""Sign (`pod uid/cause`) to when it was first seen, on the observer's clock; one that goes away is dropped."""


@dataclass(frozen=True)
class Observed:
    """The objects of one namespace at one moment, in any order."""

    at: float
    """Seconds of the observer's own monotonic clock; never compared with a time that the cluster wrote."""
    workloads: tuple[Object, ...] = ()
    """Deployments, StatefulSets and DaemonSets."""
    replica_sets: tuple[Object, ...] = ()
    controller_revisions: tuple[Object, ...] = ()
    """Only needed for DaemonSets."""
    pods: tuple[Object, ...] = ()
    events: tuple[Object, ...] = ()
    """Warnings about StatefulSets and DaemonSets, whose status does not tell that pods are refused."""


@dataclass(frozen=True)
class Tracked:
    """What is to become ready."""

    workloads: Mapping[str, str | None]
    """`deployment/shop-api` to the service that it runs, None where it runs none of the project's."""
    started: float
    """When the wait began, on the observer's clock."""
    timeout: float
    """Seconds."""


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


def key(thing: Object) -> str:
    """`deployment/shop-api`."""
    return f"{str(thing.get('kind', '')).lower()}/{name(thing)}"


def owned_by(thing: Object, owner: Object) -> bool:
    return any(
        reference.get("uid") == uid(owner) for reference in dig(thing, "metadata", "ownerReferences", default=[])
    )


def condition(thing: Object, kind: str) -> Object | None:
    for found in dig(thing, "status", "conditions", default=[]):
        if found.get("type") == kind:
            return dict(found)
    return None


def is_true(thing: Object, kind: str) -> bool:
    return bool(dig(condition(thing, kind), "status") == "True")
