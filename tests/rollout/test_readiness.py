"""Ready is what `kubectl rollout status` calls successfully rolled out, for the new revision."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rollout.objects import deployment, look, pod, replica_set


def state(*things: dict[str, Any], track: dict[str, str | None] | None = None) -> str:
    return look(*things, track=track)[0].state


def test_a_deployment_is_ready_when_all_new_pods_are_available_and_no_old_one_is_left() -> None:
    assert state(deployment()) == "ready"


@pytest.mark.parametrize(
    "short",
    [
        {"seen": False},
        {"updated": 1},
        {"total": 3},
        {"available": 1},
    ],
    ids=["the controller has not seen it", "not all are new", "an old one is left", "one is not available"],
)
def test_a_deployment_is_not_ready_while(short: dict[str, Any]) -> None:
    assert state(deployment(**short)) == "progressing"


def test_a_deployment_of_no_replicas_is_ready() -> None:
    assert state(deployment(replicas=0, updated=0, total=0, available=0)) == "ready"


def test_a_workload_that_is_not_there_yet_is_waited_for() -> None:
    assert state(deployment(), track={"deployment/api": "api", "deployment/web": "web"}) == "waiting"


def test_only_pods_of_the_new_revision_are_counted_as_ready() -> None:
    verdict, _ = look(
        deployment(updated=1, total=3, available=3),
        replica_set(1),
        replica_set(2),
        pod("old-1", owner="set-1", ready=True),
        pod("old-2", owner="set-1", ready=True),
        pod("new-1", owner="set-2", ready=True),
    )
    assert (verdict.workloads[0].ready, verdict.workloads[0].updated, verdict.workloads[0].wanted) == (1, 1, 2)
    assert {p.name: p.release for p in verdict.pods} == {"old-1": "old", "old-2": "old", "new-1": None}


def test_what_is_waited_for_names_the_count_and_the_pod_that_is_behind() -> None:
    verdict, _ = look(deployment(available=1), pod("api-2-a", ready=True), pod("api-2-b"))
    assert verdict.waiting_for == "api 1/2; api-2-b starting (not ready yet)"


def test_a_ready_verdict_tells_the_counts() -> None:
    there = [deployment(), pod("api-2-a", ready=True), pod("api-2-b", ready=True)]
    _, seen = look(*there)
    verdict, _ = look(*there, at=5, seen=seen)
    assert (verdict.state, verdict.waiting_for) == ("ready", "api 2/2")


def stateful_set(**status: Any) -> dict[str, Any]:
    whole = {"observedGeneration": 1, "readyReplicas": 2, "updateRevision": "new", "currentRevision": "new"}
    strategy = status.pop("strategy", {"type": "RollingUpdate"})
    return {
        "kind": "StatefulSet",
        "metadata": {"name": "db", "uid": "db", "generation": 1},
        "spec": {"replicas": 2, "updateStrategy": strategy},
        "status": whole | status,
    }


DB: dict[str, str | None] = {"statefulset/db": None}


def test_a_stateful_set_is_ready_when_all_are_ready_and_of_the_update_revision() -> None:
    assert state(stateful_set(), track=DB) == "ready"
    assert state(stateful_set(readyReplicas=1), track=DB) == "progressing"
    assert state(stateful_set(currentRevision="old"), track=DB) == "progressing"


def test_a_partition_leaves_the_lower_ordinals_as_they_are() -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    assert state(stateful_set(strategy=strategy, currentRevision="old", updatedReplicas=1), track=DB) == "ready"
    assert state(stateful_set(strategy=strategy, currentRevision="old", updatedReplicas=0), track=DB) == "progressing"


def test_a_set_whose_pods_a_person_deletes_is_not_waited_for() -> None:
    assert state(stateful_set(strategy={"type": "OnDelete"}, currentRevision="old"), track=DB) == "ready"


def daemon_set(**status: int) -> dict[str, Any]:
    whole = {"observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}
    return {
        "kind": "DaemonSet",
        "metadata": {"name": "agent", "uid": "agent", "generation": 1},
        "spec": {},
        "status": whole | status,
    }


def test_a_daemon_set_is_ready_when_every_node_has_the_new_pod_available() -> None:
    agent: dict[str, str | None] = {"daemonset/agent": None}
    assert state(daemon_set(), track=agent) == "ready"
    assert state(daemon_set(updatedNumberScheduled=1), track=agent) == "progressing"
    assert state(daemon_set(numberAvailable=1), track=agent) == "progressing"


def test_a_daemon_sets_new_pods_are_those_of_its_newest_controller_revision() -> None:
    def revision(number: int) -> dict[str, Any]:
        owner = [{"uid": "agent"}]
        labels = {"controller-revision-hash": f"hash-{number}"}
        return {
            "kind": "ControllerRevision",
            "revision": number,
            "metadata": {"name": f"agent-{number}", "labels": labels, "ownerReferences": owner},
        }

    old = pod("agent-old", owner="agent", ready=True, labels={"controller-revision-hash": "hash-1"})
    new = pod("agent-new", owner="agent", ready=True, labels={"controller-revision-hash": "hash-2"})
    verdict, _ = look(
        daemon_set(updatedNumberScheduled=1), revision(2), revision(1), old, new, track={"daemonset/agent": None}
    )
    assert verdict.workloads[0].ready == 1
