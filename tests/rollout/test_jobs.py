"""Jobs of a release, and the chart's hooks, which Helm waits for while they are watched."""

from __future__ import annotations

from typing import Any

from tests.rollout.objects import look, pod

JOB = "job/seed"


def job(**status: Any) -> dict[str, Any]:
    return {"kind": "Job", "metadata": {"name": "seed", "uid": "job", "generation": 1}, "spec": {}, "status": status}


FAILED = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}], "failed": 2}
CRASH = {"exitCode": 3, "reason": "Error"}


def a_pod(**status: Any) -> dict[str, Any]:
    return pod("seed-x", owner="job", spec={"restartPolicy": "Never"}, **status)


def failed_pod() -> dict[str, Any]:
    one = a_pod(ended=CRASH)
    one["status"]["phase"] = "Failed"
    return one


def test_a_job_is_done_when_it_is_complete_or_at_work() -> None:
    track = {JOB: None}
    assert look(job(), track=track)[0].state == "progressing"
    assert look(job(conditions=[{"type": "Complete", "status": "True"}]), track=track)[0].state == "ready"
    assert look(job(active=1, ready=1), track=track)[0].state == "ready"


def test_a_job_that_its_controller_gave_up_fails_and_names_the_pod() -> None:
    failure = look(job(**FAILED), failed_pod(), track={JOB: None})[0].failures[0]
    assert (failure.cause, failure.pod) == ("job-failed", "seed-x")


def test_a_jobs_ends_are_its_own_to_count() -> None:
    again = a_pod(ended=CRASH, restarts=1)
    assert look(job(active=1), again, track={JOB: None})[0].state == "progressing"


def hook(*things: dict[str, Any], at: float = 0.0, seen: Any = None, timeout: float = 600.0, before: Any = None) -> Any:
    return look(*things, at=at, seen=seen, timeout=timeout, track={}, before=before or {}, hooks=frozenset({JOB}))


def test_a_hook_that_failed_is_a_failure_while_helm_waits() -> None:
    verdict, _ = hook(job(**FAILED), failed_pod())
    assert [(one.cause, one.pod) for one in verdict.failures] == [("hook-failed", "seed-x")]
    assert verdict.failures[0].message == "the chart's hook job/seed failed 2 times"


def test_a_hook_that_can_never_start_is_named_by_its_own_reason() -> None:
    cannot = a_pod(waiting=("InvalidImageName", ""))
    assert hook(job(active=1), cannot)[0].failures[0].cause == "image-name-invalid"


def test_a_hook_of_the_release_before_is_not_judged() -> None:
    assert hook(job(**FAILED), failed_pod(), before={JOB: ("job", 1)})[0].state == "progressing"


def test_a_hook_that_does_not_end_fails_when_the_time_is_up() -> None:
    assert hook(job(active=1), a_pod(), at=29, timeout=30)[0].state == "progressing"
    failure = hook(job(active=1), a_pod(), at=30, timeout=30)[0].failures[0]
    assert (failure.cause, failure.pod) == ("hook-timeout", "seed-x")


def test_a_hook_that_ended_well_says_nothing() -> None:
    done = job(conditions=[{"type": "Complete", "status": "True"}])
    assert hook(done, at=700)[0].state == "progressing"
