"""Whether a workload's new revision is available, as `kubectl rollout status` means it, and stays so for a while.

Source of the rules: k8s.io/kubectl pkg/polymorphichelpers/rollout_status.go (1.34).
"""

from __future__ import annotations

from cloudnorth_cli.model import Workload
from cloudnorth_cli.rollout.observed import Object, Observed, dig, is_true, key
from cloudnorth_cli.rollout.revision import new_pods, seen_by_controller


def progress(workload: Object, service: str | None, observed: Observed) -> Workload:
    """How far it has come; `ready` counts pods of the new revision only."""
    pods = new_pods(workload, observed)
    done = is_done(workload)
    ready = sum(is_true(pod, "Ready") for pod in pods)
    if workload.get("kind") == "Job" and done:
        ready = wanted(workload)
    return Workload(
        name=key(workload), service=service, wanted=wanted(workload), updated=len(pods), ready=ready, done=done
    )


def is_done(workload: Object) -> bool:
    """Whether all of it is of the current template and available, and nothing else is left."""
    return seen_by_controller(workload) and _DONE[str(workload.get("kind"))](workload)


def wanted(workload: Object) -> int:
    """Pods that it should have."""
    match workload.get("kind"):
        case "DaemonSet":
            return _status(workload, "desiredNumberScheduled")
        case "Job":
            return int(dig(workload, "spec", "parallelism", default=1))
    return int(dig(workload, "spec", "replicas", default=1))


def _deployment(workload: Object) -> bool:
    updated = _status(workload, "updatedReplicas")
    return (
        updated >= wanted(workload)
        and _status(workload, "replicas") <= updated
        and _status(workload, "availableReplicas") >= updated
    )


def _stateful_set(workload: Object) -> bool:
    if _status(workload, "readyReplicas") < wanted(workload):
        return False
    if dig(workload, "spec", "updateStrategy", "type", default="RollingUpdate") == "OnDelete":
        # Whoever deletes the pods decides when they change; there is nothing to wait for.
        return True
    partition = int(dig(workload, "spec", "updateStrategy", "rollingUpdate", "partition", default=0))
    if partition:
        return _status(workload, "updatedReplicas") >= wanted(workload) - partition
    return bool(dig(workload, "status", "updateRevision") == dig(workload, "status", "currentRevision"))


def _daemon_set(workload: Object) -> bool:
    if dig(workload, "spec", "updateStrategy", "type", default="RollingUpdate") == "OnDelete":
        return True
    desired = _status(workload, "desiredNumberScheduled")
    return _status(workload, "updatedNumberScheduled") >= desired and _status(workload, "numberAvailable") >= desired


def _job(workload: Object) -> bool:
    """Complete, suspended, or at work: a Job that runs for hours is no reason to take a release back."""
    if is_true(workload, "Complete") or dig(workload, "spec", "suspend"):
        return True
    return _status(workload, "ready") > 0


def _status(workload: Object, field: str) -> int:
    return int(dig(workload, "status", field, default=0))


_DONE = {"Deployment": _deployment, "StatefulSet": _stateful_set, "DaemonSet": _daemon_set, "Job": _job}
