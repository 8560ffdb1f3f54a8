"""What probes do to a rollout: kills that they cause, and readiness that never comes."""

from __future__ import annotations

from typing import Any

from cloudnorth_cli.rollout import probes
from tests.rollout.objects import cause, deployment, look, pod, replica_set, told

KILLED = {"exitCode": 137, "reason": "Error"}
SPEC: dict[str, Any] = {
    "containers": [
        {
            "name": "main",
            "readinessProbe": {"httpGet": {"path": "/readyz", "port": 9999}, "periodSeconds": 5},
            "livenessProbe": {"tcpSocket": {"port": 1}},
            "startupProbe": {"exec": {"command": ["true"]}},
        }
    ]
}


def test_a_container_that_its_liveness_probe_killed_twice_fails_and_names_the_probe() -> None:
    things = [
        pod(waiting=("CrashLoopBackOff", ""), before=KILLED, restarts=1, spec=SPEC),
        told("Unhealthy", "Liveness probe failed: dial tcp: connection refused"),
        told("Killing", "Container main failed liveness probe, will be restarted"),
    ]
    verdict, _ = look(*things)
    failure = verdict.failures[0]
    assert failure.cause == "liveness-failed"
    assert failure.message == "api is killed by its liveness probe: dial tcp: connection refused"
    assert failure.probe.startswith("liveness probe connects to :1")
    assert (failure.exit_code, failure.signal) == (137, "SIGKILL")


def test_a_container_that_its_startup_probe_killed_twice_fails() -> None:
    killing = told("Killing", "Container main failed startup probe, will be restarted")
    assert cause(pod(ended=KILLED, restarts=1, spec=SPEC), killing) == "startup-failed"


def test_one_kill_is_no_failure() -> None:
    killing = told("Killing", "Container main failed liveness probe, will be restarted")
    assert cause(pod(before=KILLED, restarts=1, spec=SPEC), killing, after=20) is None


def test_without_events_a_kill_is_a_crash() -> None:
    assert cause(pod(ended=KILLED, restarts=1, spec=SPEC)) == "crash-at-start"


def earlier(seconds: int) -> dict[str, Any]:
    """A pod of the revision before that took so long to be ready."""
    one = pod("api-1-x", owner="set-1", ready=True)
    one["status"]["conditions"] = [
        {
            "type": "Ready",
            "status": "True",
            "lastTransitionTime": f"2026-11-24T00:{seconds // 60:02}:{seconds % 60:02}Z",
        }
    ]
    one["status"]["containerStatuses"][0]["state"] = {"running": {"startedAt": "2026-11-24T00:00:00Z"}}
    return one


def unready(took: int | None, after: float, **changes: Any) -> str | None:
    before = [replica_set(1), replica_set(2), *([earlier(took)] if took is not None else [])]
    there = deployment(available=1, probes=SPEC["containers"][0])
    return cause(there, *before, pod(spec=SPEC, started=True, **changes), after=after)


def test_pods_that_run_and_are_never_ready_fail_after_a_minute() -> None:
    assert unready(2, 59) is None
    assert unready(2, 60) == "readiness-failed"


def test_an_application_that_has_always_started_slowly_is_given_twice_as_long() -> None:
    assert unready(90, 179) is None
    assert unready(90, 180) == "readiness-failed"


def test_where_nothing_was_ever_ready_three_minutes_are_given() -> None:
    assert unready(None, 179) is None
    assert unready(None, 180) == "readiness-failed"


def test_a_startup_probe_that_still_asks_is_waited_for() -> None:
    there = deployment(available=1)
    assert cause(there, pod(spec=SPEC, started=False), after=500) is None


def test_a_pod_that_is_slower_than_another_of_its_revision_is_waited_for() -> None:
    there = deployment(available=1)
    assert cause(there, pod("api-2-a", ready=True), pod(spec=SPEC, started=True), after=500) is None


def test_the_limit_comes_from_the_deadline_and_the_probes() -> None:
    one = deployment(replicas=1)
    one["spec"]["progressDeadlineSeconds"] = 120
    assert probes.limit(one) == 120 + 5
    slow = deployment(replicas=4, probes={"startupProbe": {"periodSeconds": 10, "failureThreshold": 6}})
    assert probes.limit(slow) == 600 + 3 * 60 + 5
