"""Objects as the API gives them, with only what a test is about."""

from __future__ import annotations

from typing import Any

from cloudnorth_cli.model import Verdict
from cloudnorth_cli.rollout import Observed, Seen, Tracked, judge

API = {"deployment/api": "api"}


def deployment(
    *, replicas: int = 2, updated: int = 2, total: int = 2, available: int = 2, seen: bool = True, **conditions: str
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
        "spec": {"replicas": replicas},
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
    if before:
        status["lastState"] = {"terminated": before}
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    if unschedulable:
        told = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": unschedulable}
        return _pod(name, owner, {"phase": "Pending", "conditions": [told]}, metadata)
    kind = "initContainerStatuses" if init else "containerStatuses"
    return _pod(name, owner, {"phase": "Running", "conditions": conditions, kind: [status]}, metadata)


def _pod(name: str, owner: str, status: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"name": name, "uid": f"uid-{name}", "ownerReferences": [{"uid": owner}]} | metadata,
        "status": status,
    }


def observed(*things: dict[str, Any], at: float = 0.0) -> Observed:
    """One look; without a Deployment among the things it is one that makes its first pods."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for thing in things:
        kinds.setdefault(thing["kind"], []).append(thing)
    workloads = [*kinds.get("Deployment", []), *kinds.get("StatefulSet", []), *kinds.get("DaemonSet", [])]
    return Observed(
        at=at,
        workloads=tuple(workloads or [deployment(available=0)]),
        replica_sets=tuple(kinds.get("ReplicaSet") or [replica_set()]),
        controller_revisions=tuple(kinds.get("ControllerRevision", [])),
        pods=tuple(kinds.get("Pod", [])),
        events=tuple(kinds.get("Event", [])),
    )


def look(
    *things: dict[str, Any], at: float = 0.0, seen: Seen | None = None, timeout: float = 600.0, track: Any = None
) -> tuple[Verdict, Seen]:
    return judge(observed(*things, at=at), Tracked(track or API, started=0.0, timeout=timeout), seen or {})


def cause(*things: dict[str, Any], after: float = 0.0) -> str | None:
    """The cause found when the same is seen at 0 and again `after` seconds."""
    _, seen = look(*things)
    verdict, _ = look(*things, at=after, seen=seen)
    return verdict.failures[0].cause if verdict.failures else None
