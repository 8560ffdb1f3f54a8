"""Which pods belong to a workload's new revision. Only these judge; the others are shown."""

from __future__ import annotations

from cloudnorth_cli.rollout.observed import Object, Observed, dig, is_true, owned_by, uid

_REVISION = "deployment.kubernetes.io/revision"


def seen_by_controller(workload: Object) -> bool:
    """Whether the status speaks of the template as it stands now, not of the one before."""
    if workload.get("kind") == "Job":
        return True  # a Job's template never changes
    return int(dig(workload, "status", "observedGeneration", default=0)) >= int(
        dig(workload, "metadata", "generation", default=0)
    )


def new_replica_set(deployment: Object, observed: Observed) -> Object | None:
    """The ReplicaSet of a Deployment's current template; the controller gives both the same revision annotation."""
    if not seen_by_controller(deployment):
        return None
    wanted = dig(deployment, "metadata", "annotations", _REVISION)
    for candidate in _sets(deployment, observed):
        if dig(candidate, "metadata", "annotations", _REVISION) == wanted:
            return candidate
    return None


def new_pods(workload: Object, observed: Observed) -> tuple[Object, ...]:
    """Pods made from the current template, terminating and evicted ones left out."""
    return tuple(pod for pod in _of_new_revision(workload, observed) if not is_leaving(pod))


def all_pods(workload: Object, observed: Observed) -> tuple[Object, ...]:
    """Every pod of a workload, whatever its revision."""
    if workload.get("kind") != "Deployment":
        return _pods(workload, observed)
    return tuple(pod for owner in _sets(workload, observed) for pod in _pods(owner, observed))


def is_leaving(pod: Object) -> bool:
    """Deleted, evicted, preempted, or refused by its node: its controller makes another. No word about the release."""
    if dig(pod, "metadata", "deletionTimestamp") is not None or is_true(pod, "DisruptionTarget"):
        return True
    lasting = dig(pod, "spec", "restartPolicy", default="Always") == "Always"
    # The kubelet restarts what ends by itself; only what a node gave up has an end (Evicted, NodeShutdown, OutOfcpu …).
    return (
        lasting
        and dig(pod, "status", "phase") in {"Failed", "Succeeded"}
        or dig(pod, "status", "reason")
        in {
            "Evicted",
            "Preempting",
            "NodeLost",
            "NodeShutdown",
            "Terminated",
        }
    )


def _of_new_revision(workload: Object, observed: Observed) -> tuple[Object, ...]:
    if not seen_by_controller(workload):
        return ()
    match workload.get("kind"):
        case "Deployment":
            owner = new_replica_set(workload, observed)
            return _pods(owner, observed) if owner else ()
        case "Job":
            return _pods(workload, observed)
    wanted = _revision_hash(workload, observed)
    return tuple(
        pod for pod in _pods(workload, observed) if dig(pod, "metadata", "labels", "controller-revision-hash") == wanted
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


def _pods(owner: Object, observed: Observed) -> tuple[Object, ...]:
    return tuple(thing for thing in observed.owned.get(uid(owner), ()) if thing.get("kind") == "Pod")


def _sets(deployment: Object, observed: Observed) -> tuple[Object, ...]:
    return tuple(thing for thing in observed.owned.get(uid(deployment), ()) if thing.get("kind") == "ReplicaSet")
