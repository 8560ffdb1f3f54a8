"""Why a pod or a workload of the new revision will not do: the kubelet's and controllers' own words, as causes.

A `Sign` is what can be read from one look; `patience` is how many seconds it must stand before it is believed.
Words and thresholds: docs/decisions/2026-11-24-rollout-causes.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cloudnorth_cli.rollout.observed import Object, Observed, condition, dig, is_true, name, owned_by, uid
from cloudnorth_cli.rollout.revision import new_replica_set, seen_by_controller

GONE = ("not found", "manifest unknown", "no such image", "does not exist", "name unknown")
DENIED = ("denied", "unauthorized", "no basic auth", "forbidden", "authentication required")
CONFIG_PATIENCE = 10.0
"""The Secret may come with the same release, or from a controller that makes it."""
SCHEDULE_PATIENCE = 60.0
"""A node may be on its way."""
PULL_PATIENCE = 60.0
"""A registry may be back in a moment."""
REFUSED_PATIENCE = 5.0
"""Quota and admission answer again at once; a quota freed by an ending pod does not."""


@dataclass(frozen=True)
class Sign:
    """One reason to give up, if it stands long enough."""

    cause: str
    """Stable code."""
    message: str
    """A sentence without the subject: `crashes at start: exit 1`."""
    patience: float = 0.0
    container: str = ""
    """Whose log tells more; "" when there is none."""
    restarted: bool = False
    """The log to read is the one of the container before."""


def of_pod(pod: Object) -> Sign | None:
    """The first reason that a pod gives."""
    if dig(condition(pod, "PodScheduled"), "reason") == "Unschedulable":
        message = dig(condition(pod, "PodScheduled"), "message", default="no node takes it")
        return Sign("unschedulable", f"finds no node: {message}", SCHEDULE_PATIENCE)
    if is_true(pod, "Ready"):
        return None
    for kind in ("initContainerStatuses", "containerStatuses"):
        for status in dig(pod, "status", kind, default=[]):
            if found := _waiting(status) or _crash(status, init=kind.startswith("init")):
                return found
    return None


def of_workload(workload: Object, observed: Observed) -> Sign | None:
    """What the controllers say: pods that are refused, a deadline that has passed."""
    if not seen_by_controller(workload):
        return None
    progressing = condition(workload, "Progressing")
    if dig(progressing, "reason") == "ProgressDeadlineExceeded":
        return Sign("progress-deadline", f"made no progress: {dig(progressing, 'message', default='')}")
    message = _refusal(workload, observed)
    if not message:
        return None
    if "exceeded quota" in message:
        return Sign("quota-exceeded", f"gets no new pods: {message}", REFUSED_PATIENCE)
    return Sign("pods-refused", f"gets no new pods: {message}", REFUSED_PATIENCE)


def _refusal(workload: Object, observed: Observed) -> str:
    if workload.get("kind") == "Deployment":
        owner = new_replica_set(workload, observed)
        failure = condition(owner, "ReplicaFailure") if owner else None
        return str(dig(failure, "message", default="")) if dig(failure, "status") == "True" else ""
    # The controllers of the other two tell it only in events, and keep telling while it lasts.
    return next(_failed_create(workload, observed), "")


def _failed_create(workload: Object, observed: Observed) -> Iterator[str]:
    if any(owned_by(pod, workload) and not is_true(pod, "Ready") for pod in observed.pods):
        return
    for event in observed.events:
        if event.get("reason") == "FailedCreate" and dig(event, "involvedObject", "uid") == uid(workload):
            yield str(event.get("message", ""))


def _waiting(status: Object) -> Sign | None:
    reason = dig(status, "state", "waiting", "reason", default="")
    message = dig(status, "state", "waiting", "message", default="")
    image = status.get("image", "")
    match reason:
        case "InvalidImageName":
            return Sign("image-name-invalid", f"names an image that cannot be: {image}")
        case "ErrImageNeverPull":
            return Sign("image-not-found", f"may not pull its image, and the node lacks it: {image}")
        case "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable":
            return _pull(image, message)
        case "CreateContainerConfigError":
            return Sign("config-missing", f"cannot start: {message}", CONFIG_PATIENCE)
        case "CreateContainerError" | "RunContainerError" | "StartError":
            return _not_started(message)
    return None


def _pull(image: str, message: str) -> Sign:
    words = message.lower()
    if any(word in words for word in DENIED):
        return Sign("image-denied", f"may not pull its image {image}: {message}")
    if any(word in words for word in GONE):
        return Sign("image-not-found", f"cannot pull its image {image}: it is not in the registry")
    return Sign("image-unreachable", f"cannot pull its image {image}: {message}", PULL_PATIENCE)


def _not_started(message: str) -> Sign:
    words = message.lower()
    if "executable file not found" in words or "no such file or directory" in words:
        return Sign("program-missing", f"has no such program in its image: {_decisive(message)}")
    return Sign("container-not-created", f"cannot start: {_decisive(message)}", REFUSED_PATIENCE)


def _decisive(message: str) -> str:
    """runc's chains end in what matters: `…: exec: "shop": executable file not found in $PATH: unknown`."""
    _, found, rest = message.partition("exec: ")
    return f"exec: {rest}".removesuffix(": unknown").strip() if found else message.strip()


def _crash(status: Object, *, init: bool) -> Sign | None:
    ended = dig(status, "state", "terminated")
    last = ended or dig(status, "lastState", "terminated")
    if last is None or (init and last.get("exitCode") == 0):
        return None
    if last.get("reason") in {"StartError", "ContainerCannotRun"}:
        return _not_started(str(last.get("message", "")))
    restarts = int(status.get("restartCount", 0))
    # Waiting for anything but its next turn (a sandbox made anew, say) is no second end.
    again = dig(status, "state", "waiting", "reason") == "CrashLoopBackOff"
    if restarts + (1 if ended or again else 0) < 2:
        return None
    return _how_it_ended(status, last, init=init, restarted=ended is None)


def _how_it_ended(status: Object, last: Object, *, init: bool, restarted: bool) -> Sign:
    container, code = str(status.get("name", "")), last.get("exitCode")
    if last.get("reason") == "OOMKilled":
        return Sign("oom", "is killed for want of memory (OOMKilled)", 0.0, container, restarted)
    if init:
        return Sign("init-failed", f"fails before it starts: {container} exit {code}", 0.0, container, restarted)
    if code == 0:
        return Sign("ends-by-itself", "ends by itself at once: exit 0", 0.0, container, restarted)
    return Sign("crash-at-start", f"crashes at start: exit {code}", 0.0, container, restarted)


def pod_key(pod: Object, sign: Sign) -> str:
    """Under which a pod's sign is remembered."""
    return f"{uid(pod) or name(pod)}/{sign.cause}"
