"""The first terminal reason ends the wait; what may still come right is waited for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rollout.objects import cause, deployment, look, pod, replica_set

CRASH = {"exitCode": 1, "reason": "Error"}
PULL = 'failed to pull and unpack image "registry.example/api@sha256:1": '
RUNC = 'failed to create task: runc create failed: exec: "shop": executable file not found in $PATH: unknown'


@pytest.mark.parametrize(
    ("pod_is", "expected"),
    [
        ({"waiting": ("InvalidImageName", "")}, "image-name-invalid"),
        ({"waiting": ("RunContainerError", RUNC)}, "program-missing"),
        ({"ended": {"exitCode": 128, "reason": "StartError", "message": RUNC}}, "program-missing"),
        ({"waiting": ("CrashLoopBackOff", ""), "before": CRASH, "restarts": 1}, "crash-at-start"),
        ({"ended": CRASH, "restarts": 1}, "crash-at-start"),
        ({"before": CRASH, "restarts": 2}, "crash-at-start"),
        ({"waiting": ("CrashLoopBackOff", ""), "before": {"exitCode": 0}, "restarts": 1}, "ends-by-itself"),
        ({"ended": {"exitCode": 137, "reason": "OOMKilled"}, "restarts": 1}, "oom"),
        ({"waiting": ("CrashLoopBackOff", ""), "before": CRASH, "restarts": 1, "init": True}, "init-failed"),
    ],
)
def test_these_end_the_wait_at_once(pod_is: dict[str, Any], expected: str) -> None:
    assert cause(pod(**pod_is)) == expected


@pytest.mark.parametrize(
    ("pod_is", "patience", "expected"),
    [
        ({"waiting": ("ErrImageNeverPull", "")}, 5, "image-not-found"),
        ({"waiting": ("ImagePullBackOff", PULL + "failed to resolve reference: not found")}, 5, "image-not-found"),
        ({"waiting": ("ErrImagePull", PULL + "manifest unknown")}, 5, "image-not-found"),
        ({"waiting": ("ErrImagePull", PULL + "pull access denied, repository does not exist")}, 5, "image-denied"),
        ({"waiting": ("ErrImagePull", PULL + "401 Unauthorized")}, 5, "image-denied"),
        ({"waiting": ("ErrImagePull", PULL + "no match for platform in manifest: not found")}, 0, "wrong-architecture"),
        ({"waiting": ("CreateContainerConfigError", 'secret "x" not found')}, 20, "config-missing"),
        ({"waiting": ("CreateContainerError", "device busy")}, 5, "container-not-created"),
        ({"waiting": ("ErrImagePull", PULL + "dial tcp: i/o timeout")}, 60, "image-unreachable"),
        ({"unschedulable": "0/1 nodes are available: Insufficient cpu."}, 60, "unschedulable"),
    ],
)
def test_these_are_given_time(pod_is: dict[str, Any], patience: float, expected: str) -> None:
    if patience:
        assert cause(pod(**pod_is), after=patience - 1) is None
    assert cause(pod(**pod_is), after=patience) == expected


@pytest.mark.parametrize("refusal", ["exceeded quota: pods", "admission webhook denied the request"])
def test_pods_that_may_not_be_made_end_the_wait(refusal: str) -> None:
    things = [deployment(available=0), replica_set(refused=f'pods "api-" is forbidden: {refusal}')]
    assert cause(*things, after=4) is None
    assert cause(*things, after=5) == ("quota-exceeded" if "quota" in refusal else "pods-refused")


def test_a_stateful_set_whose_pods_are_refused_is_known_by_its_events() -> None:
    owner = {
        "kind": "StatefulSet",
        "metadata": {"name": "db", "uid": "db", "generation": 1},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 1},
    }
    event = {
        "kind": "Event",
        "reason": "FailedCreate",
        "involvedObject": {"uid": "db"},
        "message": "exceeded quota: pods",
        "metadata": {"name": "e"},
    }
    _, seen = look(owner, event, track={"statefulset/db": None})
    verdict, _ = look(owner, event, at=5, seen=seen, track={"statefulset/db": None})
    assert verdict.failures[0].cause == "quota-exceeded"


def test_one_crash_and_then_fine_is_fine() -> None:
    assert cause(pod(before=CRASH, restarts=1), after=300) is None


def test_a_pod_that_is_ready_is_not_judged_by_its_past() -> None:
    assert cause(pod(ready=True, before=CRASH, restarts=5), after=300) is None


def test_an_init_container_that_has_done_its_work_is_no_crash() -> None:
    done = {"exitCode": 0, "reason": "Completed"}
    assert cause(pod(init=True, ended=done), after=300) is None
    assert cause(pod(init=True, before=done, restarts=3), after=300) is None


def test_a_container_that_is_made_anew_after_one_end_is_no_crash() -> None:
    assert cause(pod(waiting=("ContainerCreating", ""), before=CRASH, restarts=1), after=300) is None


@pytest.mark.parametrize(
    "other",
    [
        {"owner": "set-1"},
        {"deletionTimestamp": "2026-11-24T00:00:00Z"},
    ],
    ids=["of the old revision", "on its way out"],
)
def test_other_pods_do_not_judge(other: dict[str, Any]) -> None:
    crashing = pod(waiting=("CrashLoopBackOff", ""), before=CRASH, restarts=9, **other)
    assert cause(replica_set(1), replica_set(2), crashing, after=300) is None


def test_an_evicted_pod_does_not_judge() -> None:
    evicted = pod(ended=CRASH, restarts=3)
    evicted["status"]["reason"] = "Evicted"
    assert cause(evicted, after=300) is None


def test_patience_begins_anew_when_the_sign_went_away() -> None:
    waiting = pod(waiting=("CreateContainerConfigError", 'secret "x" not found'))
    _, seen = look(waiting)
    _, seen = look(pod(), at=8, seen=seen)
    verdict, _ = look(waiting, at=12, seen=seen)
    assert verdict.state == "waiting"
    assert [(wait.cause, wait.patience) for wait in verdict.waits] == [("config-missing", 20.0)]


def test_the_deadline_of_the_deployment_is_a_reason_after_the_pods_own() -> None:
    late = deployment(available=0, Progressing="ProgressDeadlineExceeded")
    assert cause(late) == "progress-deadline"
    verdict, _ = look(late, pod(waiting=("CrashLoopBackOff", ""), before=CRASH, restarts=1))
    assert [failure.cause for failure in verdict.failures] == ["crash-at-start", "progress-deadline"]


def test_a_failure_names_service_and_pod() -> None:
    verdict, _ = look(pod("api-2-q", waiting=("CrashLoopBackOff", ""), before=CRASH, restarts=1))
    assert verdict.state == "failed"
    assert (verdict.failures[0].message, verdict.failures[0].pod) == ("api crashes at start: exit 1, twice", "api-2-q")


def test_when_time_is_up_it_says_how_far_it_came_and_what_the_pod_says() -> None:
    verdict, _ = look(deployment(available=1), pod("api-2-a", ready=True), pod("api-2-b"), at=60, timeout=60)
    assert verdict.failures[0].cause == "never-ready"
    assert verdict.failures[0].pod == "api-2-b"
    assert verdict.failures[0].message.startswith("api is not ready after 60 s: 1 of 2 new pods ready")


def test_time_that_is_up_with_a_known_reason_tells_the_reason() -> None:
    verdict, _ = look(pod("api-2-b", unschedulable="Insufficient cpu"), at=30, timeout=30)
    assert verdict.failures[0].cause == "unschedulable"


def test_what_is_ready_just_in_time_is_ready() -> None:
    verdict, _ = look(deployment(), at=60, timeout=60)
    assert verdict.state == "ready"
