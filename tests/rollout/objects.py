"""Objects as the API gives them, with only what a test is about."""

from __future__ import annotations

from typing import Any

from cloudnorth_cli.model import Verdict
from cloudnorth_cli.rollout import Observed, Seen, Tracked, judge

API = {"deployment/api": "api"}


def deployment(
    *,
    replicas: int = 2,
    updated: int = 2,
    total: int = 2,
    available: int = 2,
    seen: bool = True,
    probes: dict[str, Any] | None = None,
    **conditions: str,
) -> dict[str, Any]:
    """`api` at revision 2; conditions as `Progressing="ProgressDeadlineExceeded"`."""
    return {
        "kind": "Deployment",
        "metadata": {
            "name": "api",
            "uid": "deployment",
            "generation": 2,
            "annotations": {"deployment.kubernetes.io/revision": "2"},
        },
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "main"} | (probes or {})]}}},
        "status": {
            "observedGeneration": 2 if seen else 1,
            "updatedReplicas": updated,
            "replicas": total,
            "availableReplicas": available,
            "conditions": [{"type": kind, "reason": reason} for kind, reason in conditions.items()],
        },
    }


def replica_set(revision: int = 2, *, refused: str = "") -> dict[str, Any]:
    """Of `api`; `refused` is why no pod can be made."""
    failure = [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": refused}]
    return {
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"api-{revision}",
            "uid": f"set-{revision}",
            "annotations": {"deployment.kubernetes.io/revision": str(revision)},
            "ownerReferences": [{"uid": "deployment"}],
        },
        "status": {"conditions": failure if refused else []},
    }


def pod(
    name: str = "api-2-x",
    *,
    owner: str = "set-2",
    ready: bool = False,
    waiting: tuple[str, str] | None = None,
    ended: dict[str, Any] | None = None,
    before: dict[str, Any] | None = None,
    restarts: int = 0,
    init: bool = False,
    unschedulable: str = "",
    started: bool | None = None,
    spec: dict[str, Any] | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    """One pod of one container; `waiting` is reason and message, `ended` and `before` how it ended now and last."""
    state: dict[str, Any] = {"running": {}}
    if waiting:
        state = {"waiting": {"reason": waiting[0], "message": waiting[1]}}
    if ended:
        state = {"terminated": ended}
    status: dict[str, Any] = {
        "name": "main",
        "image": "registry.example/api@sha256:1",
        "restartCount": restarts,
        "state": state,
        "ready": ready,
    }
    if started is not None:
        status["started"] = started
    if before:
        status["lastState"] = {"terminated": before}
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    if unschedulable:
        told = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": unschedulable}
        return _pod(name, owner, {"phase": "Pending", "conditions": [told]}, metadata, spec)
    kind = "initContainerStatuses" if init else "containerStatuses"
    return _pod(name, owner, {"phase": "Running", "conditions": conditions, kind: [status]}, metadata, spec)


def told(reason: str, message: str, about: str = "uid-api-2-x", *, at: str = "2026-11-24T00:00:01Z") -> dict[str, Any]:
    """An event about a pod (by UID)."""
    return {
        "kind": "Event",
        "metadata": {"name": reason, "uid": f"{reason}-{message}-{about}"},
        "reason": reason,
        "message": message,
        "lastTimestamp": at,
        "involvedObject": {"uid": about},
    }


def _pod(
    name: str, owner: str, status: dict[str, Any], metadata: dict[str, Any], spec: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "spec": spec or {},
        "metadata": {"name": name, "uid": f"uid-{name}", "ownerReferences": [{"uid": owner}]} | metadata,
        "status": status,
    }


def observed(*things: dict[str, Any], at: float = 0.0) -> Observed:
    """One look; without a Deployment among the things it is one that makes its first pods."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for thing in things:
        kinds.setdefault(thing["kind"], []).append(thing)
    workloads = [thing for kind in ("Deployment", "StatefulSet", "DaemonSet", "Job") for thing in kinds.get(kind, [])]
    return Observed(
        at=at,
        workloads=tuple(workloads or [deployment(available=0)]),
        replica_sets=tuple(kinds.get("ReplicaSet") or [replica_set()]),
        controller_revisions=tuple(kinds.get("ControllerRevision", [])),
        pods=tuple(kinds.get("Pod", [])),
        claims=tuple(kinds.get("PersistentVolumeClaim", [])),
        events=tuple(kinds.get("Event", [])),
    )


def look(
    *things: dict[str, Any],
    at: float = 0.0,
    seen: Seen | None = None,
    timeout: float = 600.0,
    track: Any = None,
    **tracked: Any,
) -> tuple[Verdict, Seen]:
    wanted = Tracked(API if track is None else track, started=0.0, timeout=timeout, **tracked)
    return judge(observed(*things, at=at), wanted, seen or {})


def cause(*things: dict[str, Any], after: float = 0.0) -> str | None:
    """The cause found when the same is seen at 0 and again `after` seconds."""
    _, seen = look(*things)
    verdict, _ = look(*things, at=after, seen=seen)
    return verdict.failures[0].cause if verdict.failures else None
