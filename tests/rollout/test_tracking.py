"""What is judged, and from when on: only what Helm changes, and only once it has."""

from __future__ import annotations

from datetime import UTC, datetime

from cloudnorth_cli.rollout import pods
from tests.rollout.objects import deployment, look, pod, replica_set

CRASH = {"exitCode": 1, "reason": "Error"}
BEFORE = {"deployment/api": ("deployment", 2)}


def test_what_helm_has_not_changed_yet_is_not_judged() -> None:
    crashing = pod(ended=CRASH, restarts=7)
    assert look(deployment(available=0), crashing, before=BEFORE)[0].state == "progressing"


def test_what_helm_has_changed_is_judged_while_helm_still_runs() -> None:
    crashing = pod(ended=CRASH, restarts=7)
    verdict, _ = look(deployment(available=0), crashing, before={"deployment/api": ("deployment", 1)})
    assert verdict.failures[0].cause == "crash-at-start"


def test_nothing_is_ready_while_helm_runs() -> None:
    assert look(deployment(), before={"deployment/api": ("deployment", 1)})[0].state == "progressing"


def test_a_workload_that_was_deleted_meanwhile_is_missed() -> None:
    other = deployment() | {"metadata": {"name": "other", "uid": "other"}}
    _, seen = look(other)
    assert look(other, at=4, seen=seen)[0].state == "waiting"
    assert look(other, at=5, seen=seen)[0].failures[0].cause == "workload-gone"


def test_a_service_may_have_a_limit_of_its_own() -> None:
    late = [deployment(available=0), pod()]
    assert look(*late, at=20, limits={"deployment/api": 30.0})[0].state == "progressing"
    verdict, _ = look(*late, at=30, limits={"deployment/api": 30.0})
    assert verdict.failures[0].message.startswith("api is not ready after 30 s: 0 of 2 new pods ready")


def test_a_fault_in_one_of_ten_is_found() -> None:
    well = [pod(f"api-2-{number}", ready=True) for number in range(9)]
    verdict, _ = look(deployment(replicas=10, updated=10, total=10, available=9), *well, pod(ended=CRASH, restarts=1))
    assert [(one.cause, one.pod) for one in verdict.failures] == [("crash-at-start", "api-2-x")]


def test_a_fix_forward_is_not_failed_by_the_pods_that_it_replaces() -> None:
    looping = pod("api-1-x", owner="set-1", waiting=("CrashLoopBackOff", ""), before=CRASH, restarts=40)
    there = [deployment(updated=1, total=2, available=1), replica_set(1), replica_set(2), looping]
    assert look(*there, pod("api-2-x", ready=True), at=60)[0].state == "progressing"


def test_two_faults_are_both_named() -> None:
    verdict, _ = look(
        deployment(available=0),
        pod("api-2-a", ended=CRASH, restarts=1),
        pod("api-2-b", waiting=("InvalidImageName", "")),
    )
    assert {one.cause for one in verdict.failures} == {"crash-at-start", "image-name-invalid"}


def test_a_pod_is_ending_since_it_was_asked_to_not_until_its_grace_is_over() -> None:
    """`deletionTimestamp` is when its grace period will be over (Kubernetes, API conventions)."""
    asked = {"deletionTimestamp": "2026-11-26T07:00:45Z", "deletionGracePeriodSeconds": 45}
    assert pods.show(pod(**asked), "api").ending_since == datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
    assert pods.show(pod(), "api").ending_since is None
