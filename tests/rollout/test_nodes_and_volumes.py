"""Pods without a node or a volume: what schedulers, autoscalers and controllers say decides."""

from __future__ import annotations

from typing import Any

from tests.rollout.objects import cause, look, pod, told

FULL = "0/2 nodes are available: 2 Insufficient cpu."


def without_node(*events: dict[str, Any], after: float) -> str | None:
    return cause(pod(unschedulable=FULL), *events, after=after)


def test_without_an_autoscaler_a_minute_is_given() -> None:
    assert without_node(after=59) is None
    assert without_node(after=60) == "unschedulable"


def test_an_autoscalers_refusal_is_believed_sooner() -> None:
    refused = told("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached")
    assert without_node(refused, after=9) is None
    assert without_node(refused, after=10) == "unschedulable"
    verdict, _ = look(pod(unschedulable=FULL), refused, at=0)
    assert "max node group size reached" in verdict.waits[0].message


def test_karpenters_refusal_is_believed_too() -> None:
    refused = told("FailedScheduling", "no instance type satisfied resources") | {"source": {"component": "karpenter"}}
    assert without_node(refused, after=10) == "unschedulable"


def test_a_node_that_is_on_its_way_is_waited_for() -> None:
    for reason in ("TriggeredScaleUp", "Nominated"):
        assert without_node(told(reason, "2->3 (max: 5)"), after=599) is None
        assert without_node(told(reason, "2->3 (max: 5)"), after=600) == "unschedulable"


def test_the_autoscalers_last_word_counts() -> None:
    events = [
        told("NotTriggerScaleUp", "no", at="2026-11-24T00:00:01Z"),
        told("TriggeredScaleUp", "2->3", at="2026-11-24T00:00:05Z"),
    ]
    assert without_node(*events, after=599) is None


CLAIM = {
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data", "uid": "claim"},
    "spec": {"storageClassName": "fast"},
    "status": {"phase": "Pending"},
}
UNBOUND = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
WITH_CLAIM: dict[str, Any] = {"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]}


def test_a_claim_of_a_class_that_is_not_there_is_named() -> None:
    waits = pod(unschedulable=UNBOUND, spec=WITH_CLAIM)
    failed = told("ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found', "claim")
    assert cause(waits, CLAIM, failed, after=9) is None
    assert cause(waits, CLAIM, failed, after=10) == "volume-pending"
    verdict, _ = look(waits, CLAIM, failed)
    assert (
        'claim data (class fast) is not bound; storageclass.storage.k8s.io "fast" not found' in verdict.waits[0].message
    )


def test_a_claim_that_is_being_made_is_given_a_minute() -> None:
    waits = pod(unschedulable=UNBOUND, spec=WITH_CLAIM)
    assert cause(waits, CLAIM, after=59) is None
    assert cause(waits, CLAIM, after=60) == "volume-pending"


CREATING = ("ContainerCreating", "")


def test_a_configmap_that_a_volume_wants_is_missing_configuration() -> None:
    failed = told("FailedMount", 'MountVolume.SetUp failed for volume "c" : configmap "settings" not found')
    assert cause(pod(waiting=CREATING), failed, after=19) is None
    assert cause(pod(waiting=CREATING), failed, after=20) == "config-missing"


def test_a_volume_that_cannot_be_mounted_is_given_a_minute() -> None:
    failed = told("FailedMount", "hostPath type check failed: /data is not a directory")
    assert cause(pod(waiting=CREATING), failed, after=59) is None
    assert cause(pod(waiting=CREATING), failed, after=60) == "volume-not-mounted"


def test_a_mount_that_succeeded_since_is_no_sign() -> None:
    failed = told("FailedMount", 'secret "late" not found', at="2026-11-24T00:00:08Z")
    pulling = told("Pulling", "Pulling image", at="2026-11-24T00:00:09Z")
    assert cause(pod(waiting=CREATING), failed, pulling, after=300) is None
    assert cause(pod(), failed, after=300) is None
