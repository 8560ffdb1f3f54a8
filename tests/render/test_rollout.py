"""A failed rollout on one screen: what, where, the lines that prove it, what the release changed, and what to type."""

from __future__ import annotations

import pytest

from cloudnorth_cli.events import Problem, Result
from cloudnorth_cli.model import PodFailure
from cloudnorth_cli.render import closing
from cloudnorth_cli.render.screen import Screen

CRASH = PodFailure(
    cause="crash-at-start",
    message="api crashes at start: exit 1 at once, twice",
    pod="api-6d9c7-x2x8q",
    service="api",
    node="node-1",
    restarts=1,
    lines=('  File "settings.py", line 31, in load', "KeyError: 'PAYMENT_URL'"),
)
READY = PodFailure(
    cause="readiness-failed",
    message="web runs and is not ready: connection refused",
    pod="web-1",
    service="web",
    probe="readiness probe GET /readyz on port 9999, every 1 s, 3 failures, time-out 1 s",
    events=("Unhealthy: Readiness probe failed: connection refused",),
    unseen=("its log: pods/log is forbidden",),
)


def shown(*failures: PodFailure, changed: tuple[str, ...] = ()) -> list[str]:
    problem = Problem(code=failures[0].cause, message=failures[0].message, failures=failures, changed=changed)
    next_ = ("cloudnorth deploy --env prod", "cloudnorth explain crash-at-start")
    result = Result(
        command="deploy",
        exit_status=4,
        outcome="failed",
        summary="prod serves release 41.",
        error=problem,
        run_folder=".cloudnorth/runs/20261126-071502-7c",
        next=next_,
    )
    return closing.failure(result, Screen(width=80, wraps=True, unicode=True))


def test_one_cause_on_one_screen() -> None:
    assert shown(CRASH, changed=("image api 3a91f0c2 (was 9be7712d, 3 commits)",)) == [
        "api crashes at start: exit 1 at once, twice                     [crash-at-start]",
        "",
        "  api-6d9c7-x2x8q on node-1, last lines before it died:",
        '      File "settings.py", line 31, in load',
        "    KeyError: 'PAYMENT_URL'",
        "",
        "  changed in this release:",
        "    image api 3a91f0c2 (was 9be7712d, 3 commits)",
        "",
        "prod serves release 41.",
        "evidence: .cloudnorth/runs/20261126-071502-7c/",
        "exit status 4",
        "next: cloudnorth deploy --env prod",
        "      cloudnorth explain crash-at-start",
    ]


def test_two_causes_are_told_after_each_other_and_what_could_not_be_read_is_named() -> None:
    text = shown(CRASH, READY)
    assert any(line.endswith("[readiness-failed]") for line in text)
    assert "  readiness probe GET /readyz on port 9999, every 1 s, 3 failures, time-out 1 s" in text
    assert "  its log: pods/log is forbidden" in text


def test_pods_with_the_same_cause_are_told_once() -> None:
    same = [
        PodFailure(cause=CRASH.cause, message=CRASH.message, pod=f"api-{number}", service="api") for number in "123"
    ]
    assert sum("[crash-at-start]" in line for line in shown(CRASH, *same)) == 1


@pytest.mark.parametrize("count", [4, 9])
def test_a_screen_holds_three_causes_and_says_how_many_more_there_are(count: int) -> None:
    many = [PodFailure(cause="oom", message=f"s{n} is killed", pod=f"s{n}", service=f"s{n}") for n in range(count)]
    assert f"  and {count - 3} more, in the run's folder" in shown(*many)
