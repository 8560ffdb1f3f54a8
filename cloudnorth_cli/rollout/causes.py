"""Why a pod or a workload of the new revision will not do: the kubelet's and controllers' own words, as causes.

A `Sign` is what can be read from one look; `patience` is how many seconds it must stand before it is believed.
Codes and thresholds: `bounds.py`; where they come from: docs/decisions/2026-11-24-rollout-causes.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from cloudnorth_cli.rollout import containers, scheduling, volumes
from cloudnorth_cli.rollout.observed import Object, Observed, condition, dig, is_true, name, owned_by, uid
from cloudnorth_cli.rollout.revision import new_replica_set, seen_by_controller
from cloudnorth_cli.rollout.sign import Sign

__all__ = ["Sign", "of_job", "of_pod", "of_workload", "pod_key"]


def of_pod(pod: Object, observed: Observed | None = None, *, forgiven: int = 0, of_job: bool = False) -> Sign | None:
    """The first reason that a pod gives.

    observed: for what is told in events and claims; without it only the pod's own status is read.
    forgiven: restarts that do not count, because it was ready for a while after them.
    of_job: ends are the Job's to count (backoffLimit).
    """
    around = observed or Observed(at=0.0)
    events = around.told.get(uid(pod), ())
    if sign := scheduling.sign(pod, around):
        return sign
    if is_true(pod, "Ready"):
        return None
    for kind in ("initContainerStatuses", "containerStatuses"):
        for status in dig(pod, "status", kind, default=[]):
            if found := containers.waiting(status):
                return found
            if not of_job and (found := containers.ended(pod, status, events, forgiven, init=kind.startswith("init"))):
                return found
    return volumes.not_mounted(pod, events)


def of_workload(workload: Object, observed: Observed) -> Sign | None:
    """What the controllers say: pods that are refused, a deadline that has passed."""
    if not seen_by_controller(workload):
        return None
    progressing = condition(workload, "Progressing")
    if dig(progressing, "reason") == "ProgressDeadlineExceeded":
        message = dig(progressing, "message", default="")
        return Sign("progress-deadline", f"made no progress: {message}", reason="ProgressDeadlineExceeded")
    message = _refusal(workload, observed)
    if not message:
        return None
    code = "quota-exceeded" if "exceeded quota" in message else "pods-refused"
    return Sign(code, f"gets no new pods: {message}", reason="FailedCreate")


def of_job(job: Object, *, hook: bool) -> Sign | None:
    """A Job whose controller has given up."""
    failed = condition(job, "Failed")
    if dig(failed, "status") != "True":
        return None
    reason = str(dig(failed, "reason", default="failed"))
    return Sign("hook-failed" if hook else "job-failed", _job_words(job, reason), reason=reason)


def _job_words(job: Object, reason: str) -> str:
    if reason == "DeadlineExceeded":
        return f"did not end within {dig(job, 'spec', 'activeDeadlineSeconds')} s"
    failed = int(dig(job, "status", "failed", default=0))
    return f"failed {failed} times" if failed > 1 else "failed"


def _refusal(workload: Object, observed: Observed) -> str:
    if workload.get("kind") == "Deployment":
        owner = new_replica_set(workload, observed)
        failure = condition(owner, "ReplicaFailure") if owner else None
        return str(dig(failure, "message", default="")) if dig(failure, "status") == "True" else ""
    # The controllers of the others tell it only in events, and keep telling while it lasts.
    return next(_failed_create(workload, observed), "")


def _failed_create(workload: Object, observed: Observed) -> Iterator[str]:
    if any(owned_by(pod, workload) and not is_true(pod, "Ready") for pod in observed.owned.get(uid(workload), ())):
        return
    for event in reversed(observed.told.get(uid(workload), ())):
        if event.get("reason") == "FailedCreate":
            yield str(event.get("message", ""))


def pod_key(pod: Object, sign: Sign) -> str:
    """Under which a pod's sign is remembered."""
    return f"{uid(pod) or name(pod)}/{sign.cause}"
