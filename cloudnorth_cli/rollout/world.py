"""The objects of a namespace as lists and watches tell them, whatever the order and however often they tell it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cloudnorth_cli.rollout.observed import Object, Observed, dig, uid

KINDS = {
    "Deployment": "workloads",
    "StatefulSet": "workloads",
    "DaemonSet": "workloads",
    "Job": "workloads",
    "ReplicaSet": "replica_sets",
    "ControllerRevision": "controller_revisions",
    "Pod": "pods",
    "Event": "events",
    "PersistentVolumeClaim": "claims",
}
"""Kind to the field of `Observed` that it is looked at in."""
SPOKEN_OF = ("restartPolicy", "volumes", "nodeName")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe", "resources", "name", "image", "command")


class World:
    """Every object as it was last told. An older telling never replaces a newer one, and what is gone stays gone."""

    def __init__(self) -> None:
        self._things: dict[str, dict[str, Object]] = {kind: {} for kind in KINDS}
        self._gone: set[str] = set()

    def put(self, thing: Object) -> bool:
        """Take one telling; False when it is no news."""
        of_kind, named = self._things[str(thing.get("kind"))], uid(thing)
        known = of_kind.get(named)
        if named in self._gone or (known is not None and (known == thing or _version(known) > _version(thing))):
            return False
        of_kind[named] = thing
        return True

    def remove(self, kind: str, named: str) -> bool:
        """An object was deleted; False when that is no news."""
        self._gone.add(named)
        return self._things[kind].pop(named, None) is not None

    def replace(self, kind: str, things: Iterable[Object], version: str = "") -> bool:
        """A whole list of a kind: what is not in it is gone, unless it is newer than the list, which is of `version`.

        False when it is no news.
        """
        listed = {uid(thing): thing for thing in things}
        limit = int(version) if version.isdigit() else None
        left = [
            named
            for named, thing in self._things[kind].items()
            if named not in listed and (limit is None or _version(thing) <= limit)
        ]
        return any([*(self.remove(kind, named) for named in left), *map(self.put, listed.values())])

    def observed(self, at: float) -> Observed:
        """One look, at a moment of the observer's clock."""
        fields: dict[str, list[Object]] = {field: [] for field in KINDS.values()}
        for kind, field in KINDS.items():
            fields[field].extend(self._things[kind].values())
        return Observed(at=at, **{field: tuple(things) for field, things in fields.items()})


def slim(thing: Object) -> dict[str, Any]:
    """An object with what a verdict reads of it, and nothing else: no environment, no arguments, no annotations."""
    kind = str(thing.get("kind"))
    metadata = dig(thing, "metadata", default={})
    kept: dict[str, Any] = {
        "kind": kind,
        "metadata": {
            field: metadata[field]
            for field in (
                "name",
                "uid",
                "generation",
                "resourceVersion",
                "creationTimestamp",
                "deletionTimestamp",
                "ownerReferences",
            )
            if field in metadata
        },
    }
    if revision := dig(metadata, "annotations", "deployment.kubernetes.io/revision"):
        kept["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": revision}
    if labels := {k: v for k, v in dig(metadata, "labels", default={}).items() if k in _LABELS}:
        kept["metadata"]["labels"] = labels
    match kind:
        case "Event":
            return kept | {field: thing[field] for field in _EVENT if thing.get(field) is not None}
        case "ControllerRevision":
            return kept | {"revision": thing.get("revision")}
        case "Pod":
            kept["spec"] = _pod_spec(dig(thing, "spec", default={}))
        case "PersistentVolumeClaim":
            kept["spec"] = {"storageClassName": dig(thing, "spec", "storageClassName")}
        case _:
            spec = dig(thing, "spec", default={})
            kept["spec"] = {field: spec[field] for field in _WORKLOAD if field in spec}
            if kind != "ReplicaSet" and (inner := dig(spec, "template", "spec")):
                kept["spec"]["template"] = {"spec": _pod_spec(inner)}
    kept["status"] = dig(thing, "status", default={})
    return kept


_LABELS = ("controller-revision-hash", "job-name")
_EVENT = ("type", "reason", "message", "count", "series", "lastTimestamp", "eventTime", "involvedObject", "source")
_WORKLOAD = (
    "replicas",
    "updateStrategy",
    "progressDeadlineSeconds",
    "podManagementPolicy",
    "parallelism",
    "suspend",
    "activeDeadlineSeconds",
)


def _pod_spec(spec: Object) -> dict[str, Any]:
    kept: dict[str, Any] = {field: spec[field] for field in SPOKEN_OF if field in spec}
    for kind in ("initContainers", "containers"):
        if kind in spec:
            kept[kind] = [{field: c[field] for field in _PROBES if field in c} for c in spec[kind]]
    return kept


def _version(thing: Object) -> int:
    """Of one object's own tellings the higher one is the later: the API server's resourceVersion (KEP-5504)."""
    version = str(dig(thing, "metadata", "resourceVersion", default="0"))
    return int(version) if version.isdigit() else 0
