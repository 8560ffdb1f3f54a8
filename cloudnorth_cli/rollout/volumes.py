"""Volumes that are not there: claims that are not bound, mounts that the kubelet cannot make."""

from __future__ import annotations

from collections.abc import Iterable

from cloudnorth_cli.rollout import bounds
from cloudnorth_cli.rollout.observed import Object, Observed, dig, event_time, is_true, name, uid
from cloudnorth_cli.rollout.sign import Sign

NOT_STARTED = {"ContainerCreating", "PodInitializing"}
LATER = {"Pulling", "Pulled", "Created", "Started"}
"""What the kubelet does once every volume is mounted."""


def unbound(pod: Object, observed: Observed, message: str) -> Sign:
    """The claim that keeps a pod from being scheduled."""
    wanted = {dig(volume, "persistentVolumeClaim", "claimName") for volume in dig(pod, "spec", "volumes", default=())}
    for claim in observed.claims:
        if name(claim) in wanted and dig(claim, "status", "phase") != "Bound":
            storage = dig(claim, "spec", "storageClassName", default="the default one")
            words = _told(claim, observed) or message
            told = f"waits for its volume: claim {name(claim)} (class {storage}) is not bound; {words}"
            return Sign("volume-pending", told, _unknown(words), reason="FailedBinding")
    return Sign("volume-pending", f"waits for its volume: {message}", _unknown(message), reason="Unschedulable")


def not_mounted(pod: Object, events: Iterable[Object]) -> Sign | None:
    """A container that is not made because a volume is missing; known only from the kubelet's events."""
    statuses = [
        *dig(pod, "status", "initContainerStatuses", default=()),
        *dig(pod, "status", "containerStatuses", default=()),
    ]
    if is_true(pod, "PodReadyToStartContainers"):
        return None  # its volumes are there
    if not any(dig(status, "state", "waiting", "reason") in NOT_STARTED for status in statuses):
        return None
    if any(dig(status, "state", "running") or dig(status, "lastState", "terminated") for status in statuses):
        return None
    events = tuple(events)
    went_on = max((event_time(event) for event in events if event.get("reason") in LATER), default="")
    for event in reversed(tuple(events)):
        if event.get("reason") not in {"FailedMount", "FailedAttachVolume"} or event_time(event) <= went_on:
            continue
        message = " ".join(str(event.get("message", "")).split())
        if "failed to sync" in message:
            continue
        if ("configmap" in message or "secret" in message) and "not found" in message:
            return Sign("config-missing", f"cannot start: {message}", reason=str(event.get("reason")))
        return Sign("volume-not-mounted", f"cannot start: {message}", reason=str(event.get("reason")))
    return None


def _unknown(words: str) -> float | None:
    """A class or claim that is not there comes with the release or not at all."""
    return bounds.CLASS_UNKNOWN if "not found" in words else None


def _told(claim: Object, observed: Observed) -> str:
    """The last that was said about a claim."""
    for event in reversed(observed.told.get(uid(claim), ())):
        if event.get("reason") in {"FailedBinding", "ProvisioningFailed"}:
            return " ".join(str(event.get("message", "")).split())
    return ""
