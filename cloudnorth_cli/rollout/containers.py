"""Why a container does not run, as the kubelet tells it.

Its words: kubernetes pkg/kubelet/images/types.go, pkg/kubelet/kuberuntime (1.34).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cloudnorth_cli.rollout import probes
from cloudnorth_cli.rollout.observed import Object, dig, event_count
from cloudnorth_cli.rollout.sign import Sign

GONE = ("not found", "manifest unknown", "no such image", "does not exist", "name unknown")
DENIED = ("denied", "unauthorized", "no basic auth", "forbidden", "authentication required")
OTHER_PLATFORM = ("no match for platform", "exec format error")
ENDS = 2
"""Ends of one container that make a failure; one crash and then fine is fine."""


def waiting(status: Object) -> Sign | None:
    """What a container that has not started waits for, where that may be in vain."""
    reason = dig(status, "state", "waiting", "reason", default="")
    message = str(dig(status, "state", "waiting", "message", default=""))
    image = status.get("image", "")
    container = str(status.get("name", ""))
    match reason:
        case "InvalidImageName":
            return Sign("image-name-invalid", f"names an image that cannot be: {image}", None, container, reason)
        case "ErrImageNeverPull":
            told = f"may not pull its image, and the node lacks it: {image}"
            return Sign("image-not-found", told, None, container, reason)
        case "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" | "ImageInspectError":
            return _pull(container, reason, image, message)
        case "CreateContainerConfigError" if "failed to sync" in message:
            return None  # the kubelet has not read it yet
        case "CreateContainerConfigError":
            return Sign("config-missing", f"cannot start: {message}", None, container, reason)
        case "CreateContainerError" | "RunContainerError" | "StartError":
            return _not_started(container, reason, message, int(status.get("restartCount", 0)))
    return None


def ended(pod: Object, status: Object, events: Iterable[Object], forgiven: int, *, init: bool) -> Sign | None:
    """A container that ended again and again; `forgiven` restarts do not count."""
    now = dig(status, "state", "terminated")
    last = now or dig(status, "lastState", "terminated")
    if last is None or (init and last.get("exitCode") == 0):
        return None
    restarts = int(status.get("restartCount", 0))
    if last.get("reason") in {"StartError", "ContainerCannotRun"}:
        return _not_started(str(status.get("name", "")), str(last["reason"]), str(last.get("message", "")), restarts)
    # Waiting for anything but its next turn (a sandbox made anew, say) is no second end.
    again = dig(status, "state", "waiting", "reason") == "CrashLoopBackOff"
    if restarts - forgiven + (1 if now or again else 0) < ENDS:
        return None
    return _how(pod, status, last, events, init=init, restarted=now is None)


def _how(pod: Object, status: Object, last: Object, events: Iterable[Object], *, init: bool, restarted: bool) -> Sign:
    container, code = str(status.get("name", "")), last.get("exitCode")
    reason, restarts = str(last.get("reason", "Error")), int(status.get("restartCount", 0))

    def sign(cause: str, message: str, probe: str = "") -> Sign:
        return Sign(cause, message, None, container, reason, code, restarts, restarted, probe)

    if reason == "OOMKilled":
        limit = dig(_container(pod, container), "resources", "limits", "memory")
        return sign("oom", f"is killed for want of memory (OOMKilled{f', limit {limit}' if limit else ''})")
    if init:
        return sign("init-failed", f"fails before it starts: {container} exit {code}")
    if kind := killed_by(container, events):
        told = _probe_words(kind, container, events) or f"exit {code}"
        probe = _container(pod, container).get(f"{kind}Probe") or {}
        return sign(f"{kind}-failed", f"is killed by its {kind} probe: {told}", probes.describe(kind, probe))
    if code == 0:
        return sign("ends-by-itself", f"ends by itself: exit 0{_when(last, restarts)}")
    return sign("crash-at-start", f"crashes at start: exit {code}{_when(last, restarts)}")


def _when(last: Object, restarts: int) -> str:
    """` after 3 s, 4 times`: how long the last run lasted, by its own kubelet's clock, and how often it ended."""
    started, finished = last.get("startedAt"), last.get("finishedAt")
    lasted = ""
    if started and finished:
        seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
        lasted = f" after {seconds:.0f} s" if seconds >= 1 else " at once"
    return f"{lasted}, {'twice' if restarts < ENDS else f'{restarts + 1} times'}"


def not_ready(pod: Object, patience: float, events: Iterable[Object]) -> Sign | None:
    """Containers that have started, run, and do not say that they are ready.

    The containers' own word counts: a pod on a node that is away is not ready either, with containers that are.
    """
    for status in dig(pod, "status", "containerStatuses", default=()):
        if status.get("ready") or dig(status, "state", "running") is None or status.get("started") is False:
            continue
        container = str(status.get("name", ""))
        probe = _container(pod, container).get("readinessProbe")
        if not probe:
            continue
        words = _probe_words("readiness", container, events)
        told = f"runs and is not ready: {words}" if words else "runs and is not ready"
        return Sign(
            "readiness-failed",
            told,
            patience,
            container,
            "Unhealthy",
            restarts=int(status.get("restartCount", 0)),
            probe=probes.describe("readiness", probe),
        )
    return None


def killed_by(container: str, events: Iterable[Object]) -> str:
    """`liveness` or `startup` where the kubelet said that this probe killed the container; "" otherwise."""
    for event in reversed(tuple(events)):
        message = str(event.get("message", ""))
        if event.get("reason") == "Killing" and message.startswith(f"Container {container} failed "):
            kind = message.split(" failed ", 1)[1].partition(" ")[0]
            if kind in {"liveness", "startup"} and event_count(event) > 0:
                return kind
    return ""


def failed_liveness(events: Iterable[Object]) -> int:
    """How often the kubelet has told that a liveness probe failed: a kill may follow, after the grace period."""
    return sum(
        event_count(event)
        for event in events
        if event.get("reason") == "Unhealthy" and str(event.get("message", "")).startswith("Liveness probe failed")
    )


def told_by_log(code: str, lines: Iterable[str]) -> str:
    """The cause where a program's own last words say more than its exit status."""
    if code in {"crash-at-start", "init-failed", "hook-failed", "job-failed"} and any(
        "exec format error" in line.lower() for line in lines
    ):
        return "wrong-architecture"
    return code


def _probe_words(kind: str, container: str, events: Iterable[Object]) -> str:
    """The kubelet's last word about a probe: `HTTP probe failed with statuscode: 500`."""
    for event in reversed(tuple(events)):
        message = str(event.get("message", ""))
        if event.get("reason") in {"Unhealthy", "ProbeWarning"} and message.lower().startswith(f"{kind} probe failed"):
            return " ".join(message.partition(":")[2].split()) or message
    return ""


def _container(pod: Object, container: str) -> Object:
    for kind in ("containers", "initContainers"):
        for spec in dig(pod, "spec", kind, default=()):
            if spec.get("name") == container:
                return spec  # type: ignore[no-any-return]
    return {}


def _pull(container: str, reason: str, image: str, message: str) -> Sign:
    words = message.lower()
    if any(word in words for word in OTHER_PLATFORM):
        told = f"cannot pull its image {image}: it is not built for this node's processor"
        return Sign("wrong-architecture", told, None, container, reason)
    if any(word in words for word in DENIED):
        return Sign("image-denied", f"may not pull its image {image}: {_why(message)}", None, container, reason)
    if any(word in words for word in GONE):
        told = f"cannot pull its image {image}: it is not in the registry"
        return Sign("image-not-found", told, None, container, reason)
    return Sign("image-unreachable", f"cannot pull its image {image}: {_why(message)}", None, container, reason)


def _why(message: str) -> str:
    """What the runtime says behind the image's name: `failed to do request: dial tcp: no such host`."""
    for before in ("failed to resolve reference ", "failed to resolve image "):
        _, found, rest = message.rpartition(before)
        if found and ": " in rest:
            return rest.partition('": ')[2] or rest.partition(": ")[2]
    return message.rpartition("ErrImagePull: ")[2] or message


def _not_started(container: str, reason: str, message: str, restarts: int) -> Sign:
    words = message.lower()
    decisive = _decisive(message)
    if any(word in words for word in OTHER_PLATFORM):
        told = f"is built for another processor: {decisive}"
        return Sign("wrong-architecture", told, None, container, reason, restarts=restarts)
    if "executable file not found" in words or "exec: " in words and "no such file or directory" in words:
        told = f"has no such program in its image: {decisive}"
        return Sign("program-missing", told, None, container, reason, restarts=restarts)
    return Sign("container-not-created", f"cannot start: {decisive}", None, container, reason, restarts=restarts)


def _decisive(message: str) -> str:
    """runc's chains end in what matters: `…: exec: "shop": executable file not found in $PATH: unknown`."""
    _, found, rest = message.partition("exec: ")
    return f"exec: {rest}".removesuffix(": unknown").strip() if found else message.strip()
