"""Going on with what a stopped run left, and what a stopped run says."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests.conftest import Cloudnorth
from tests.test_session import started


def stopped(project: Path, step: str, number: signal.Signals) -> str:
    """Stop a deploy in a step; returns its last line."""
    with started(project, "deploy", "-e", "test", "-o", "json", FAKE=f"slow-{step}") as process:
        assert process.stdout
        line = ""
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "step-waiting" and event["step"] == step:
                process.send_signal(number)
        process.wait(10)
    return line


def test_a_stopped_rollout_names_two_commands_and_is_gone_on_with(cloudnorth: Cloudnorth, project: Path) -> None:
    cloudnorth("deploy", "-e", "test")
    told = json.loads(stopped(project, "watch", signal.SIGTERM))
    assert told["summary"] == "the release is half rolled out. test serves release 1 and 2 side by side."
    assert told["next"] == ["cloudnorth deploy --env test --resume", "cloudnorth rollback --env test"]
    ran = cloudnorth("deploy", "-e", "test", "--resume", "-o", "json")
    assert ran.status == 0
    assert ran.steps == ["resume", "lock", "watch", "verify"]
    assert ran.result["release"]["number"] == 2


def test_a_killed_one_is_gone_on_with_too(cloudnorth: Cloudnorth, project: Path) -> None:
    cloudnorth("deploy", "-e", "test")
    stopped(project, "watch", signal.SIGKILL)
    newest = cloudnorth("history", "-e", "test", "-o", "json").result["history"][0]
    assert (newest["outcome"], newest["step"]) == ("unverified", "watch")
    assert cloudnorth("deploy", "-e", "test", "--resume").status == 0
    assert cloudnorth("history", "-e", "test", "-o", "json").result["history"][0]["outcome"] == "deployed"


def test_one_that_fails_then_is_taken_back(cloudnorth: Cloudnorth, project: Path) -> None:
    cloudnorth("deploy", "-e", "test")
    stopped(project, "watch", signal.SIGKILL)
    ran = cloudnorth("deploy", "-e", "test", "--resume", "-o", "json", FAKE="crash")
    assert (ran.status, ran.result["release"]["number"]) == (4, 1)


def test_with_nothing_half_way_there_is_nothing_to_go_on_with(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    ran = cloudnorth("deploy", "-e", "test", "--resume", "-o", "json")
    assert (ran.status, ran.result["error"]["code"]) == (3, "nothing-to-resume")
