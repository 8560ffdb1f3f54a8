"""Which pods belong to a workload's new revision. Only these judge; the others are shown."""

from __future__ import annotations

from cloudnorth_cli.rollout.observed import Object, Observed, dig, owned_by

_REVISION = "deployment.kubernetes.io/revision"


def seen_by_controller(workload: Object) -> bool:
    """Whether the status speaks of the template as it stands now, not of the one before."""
    return int(dig(workload, "status", "observedGeneration", default=0)) >= int(
        dig(workload, "metadata", "generation", default=0)
    )


def new_replica_set(deployment: Object, observed: Observed) -> Object | None:
    """The ReplicaSet of a Deployment's current template; the controller gives both the same revision annotation."""
    if not seen_by_controller(deployment):
        return None
    wanted = dig(deployment, "metadata", "annotations", _REVISION)
    for candidate in observed.replica_sets:
        if owned_by(candidate, deployment) and dig(candidate, "metadata", "annotations", _REVISION) == wanted:
            return candidate
    return None


def new_pods(workload: Object, observed: Observed) -> tuple[Object, ...]:
    """Pods made from the current template, terminating and evicted ones left out."""
    return tuple(pod for pod in _of_new_revision(workload, observed) if not is_leaving(pod))


def all_pods(workload: Object, observed: Observed) -> tuple[Object, ...]:
    """Every pod of a workload, whatever its revision."""
    if workload.get("kind") != "Deployment":
        return tuple(pod for pod in observed.pods if owned_by(pod, workload))
    sets = [candidate for candidate in observed.replica_sets if owned_by(candidate, workload)]
    return tuple(pod for pod in observed.pods if any(owned_by(pod, owner) for owner in sets))


def is_leaving(pod: Object) -> bool:
    """Deleted, evicted or preempted: no word about the release."""
    return dig(pod, "metadata", "deletionTimestamp") is not None or dig(pod, "status", "reason") in {
        "Evicted",
        "Preempting",
        "NodeLost",
        "NodeShutdown",
        "Terminated",
    }


def _of_new_revision(workload: Object, observed: Observed) -> tuple[Object, ...]:
    if not seen_by_controller(workload):
        return ()
    if workload.get("kind") == "Deployment":
        owner = new_replica_set(workload, observed)
        return tuple(pod for pod in observed.pods if owner is not None and owned_by(pod, owner))
    wanted = _revision_hash(workload, observed)
    return tuple(
        pod
        for pod in observed.pods
        if owned_by(pod, workload) and dig(pod, "metadata", "labels", "controller-revision-hash") == wanted
    )


def _revision_hash(workload: Object, observed: Observed) -> str | None:
    """What the controller writes on the pods of a set's newest template."""
    if workload.get("kind") == "StatefulSet":
        found = dig(workload, "status", "updateRevision")
        return None if found is None else str(found)
    # A DaemonSet's status does not name its revision; its newest ControllerRevision does.
    owned = [revision for revision in observed.controller_revisions if owned_by(revision, workload)]
    newest = max(owned, key=lambda revision: int(revision.get("revision", 0)), default=None)
    found = dig(newest, "metadata", "labels", "controller-revision-hash")
    return None if found is None else str(found)
