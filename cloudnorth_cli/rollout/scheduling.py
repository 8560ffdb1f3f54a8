"""Pods that no node takes: the scheduler's word, an autoscaler's answer, a volume claim that is not bound.

Words of the autoscalers: cluster-autoscaler (`TriggeredScaleUp`, `NotTriggerScaleUp`), Karpenter (`Nominated`; its
refusal is a `FailedScheduling` of its own).
"""

from __future__ import annotations

from collections.abc import Iterable

from cloudnorth_cli.rollout import bounds, volumes
from cloudnorth_cli.rollout.observed import Object, Observed, condition, dig, uid
from cloudnorth_cli.rollout.sign import Sign

ON_ITS_WAY = ("TriggeredScaleUp", "Nominated")
NO = "NotTriggerScaleUp"


def sign(pod: Object, observed: Observed) -> Sign | None:
    """Why a pod has no node; None where it has one, or only waits for the scheduler's first word."""
    scheduled = condition(pod, "PodScheduled")
    if dig(scheduled, "reason") != "Unschedulable":
        return None
    message = str(dig(scheduled, "message", default="no node takes it"))
    if "persistentvolumeclaim" in message.lower():
        return volumes.unbound(pod, observed, message)
    told = f"finds no node: {message}"
    match _autoscaler(observed.told.get(uid(pod), ())):
        case "coming", words:
            return Sign("unschedulable", f"{told} ({words})", bounds.NODE_ON_ITS_WAY, reason="Unschedulable")
        case "refused", words:
            told = f"{told} (the autoscaler adds none: {words})"
            return Sign("unschedulable", told, bounds.REFUSED_BY_AUTOSCALER, reason=NO)
    return Sign("unschedulable", told, reason="Unschedulable")


def _autoscaler(events: Iterable[Object]) -> tuple[str, str]:
    """Its last word: `coming` or `refused` with its own sentence, or two empty ones."""
    for event in reversed(tuple(events)):
        words = " ".join(str(event.get("message", "")).split())
        if event.get("reason") in ON_ITS_WAY:
            return "coming", words
        by_karpenter = "karpenter" in str(dig(event, "source", "component") or event.get("reportingComponent") or "")
        if event.get("reason") == NO or (event.get("reason") == "FailedScheduling" and by_karpenter):
            return "refused", words
    return "", ""
