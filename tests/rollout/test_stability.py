"""Ready is not enough: a pod is watched for as long as its liveness probe needs to kill it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rollout.objects import deployment, look, pod, told

CRASH = {"exitCode": 1, "reason": "Error"}


def ready_after(seconds: float, probes: dict[str, Any] | None = None, **tracked: Any) -> bool:
    there = [deployment(probes=probes), pod("api-2-a", ready=True), pod("api-2-b", ready=True)]
    _, seen = look(*there, **tracked)
    return look(*there, at=seconds, seen=seen, **tracked)[0].state == "ready"


@pytest.mark.parametrize(
    ("probe", "seconds"),
    [
        (None, 5),
        ({"periodSeconds": 1, "failureThreshold": 1}, 5),
        ({}, 32),
        ({"initialDelaySeconds": 5, "periodSeconds": 2, "failureThreshold": 3}, 13),
        ({"initialDelaySeconds": 300}, 60),
    ],
    ids=["no probe", "a quick probe", "the default probe", "a delay", "at most a minute"],
)
def test_a_ready_pod_is_watched_until_its_liveness_probe_could_have_killed_it(
    probe: dict[str, Any] | None, seconds: float
) -> None:
    probes = None if probe is None else {"livenessProbe": probe}
    assert not ready_after(seconds - 0.1, probes)
    assert ready_after(seconds, probes)


def test_what_was_verified_before_is_watched_for_a_moment() -> None:
    assert ready_after(5, {"livenessProbe": {}}, settle=5.0)


def test_what_is_watched_and_how_long_is_shown() -> None:
    there = [deployment(probes={"livenessProbe": {}}), pod("api-2-a", ready=True), pod("api-2-b", ready=True)]
    _, seen = look(*there)
    assert look(*there, at=7, seen=seen)[0].waiting_for == "api 2/2; to see that it lasts (liveness): 7 s of 32 s"


def test_a_restart_begins_the_watch_anew() -> None:
    _, seen = look(deployment(), pod(ready=True))
    again = [deployment(), pod(ready=True, before=CRASH, restarts=1)]
    verdict, seen = look(*again, at=4.9, seen=seen)
    assert verdict.state == "progressing"
    assert look(*again, at=9.8, seen=seen)[0].state == "progressing"
    assert look(*again, at=9.9, seen=seen)[0].state == "ready"


def test_a_liveness_probe_that_fails_begins_the_watch_anew_and_a_kill_may_follow() -> None:
    there = [deployment(), pod(ready=True)]
    _, seen = look(*there)
    failing = told("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500")
    _, seen = look(*there, failing, at=4, seen=seen)
    assert look(*there, failing, at=8.9, seen=seen)[0].state == "progressing"
    again = failing | {"count": 2}
    assert look(*there, again, at=9, seen=seen)[0].state == "progressing"
    assert look(*there, failing, at=9, seen=seen)[0].state == "ready"


def test_ends_before_half_a_minute_of_being_ready_are_forgotten() -> None:
    well = [deployment(available=1), pod(ready=True, before=CRASH, restarts=1)]
    crashed = [deployment(available=1), pod(ended=CRASH, before=CRASH, restarts=1)]
    _, seen = look(*well)
    assert look(*crashed, at=29, seen=look(*well, at=29, seen=seen)[1])[0].state == "failed"
    _, seen = look(*well, at=30, seen=seen)
    assert look(*crashed, at=31, seen=seen)[0].state == "progressing"
