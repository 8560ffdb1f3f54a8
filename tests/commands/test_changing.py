"""Verbs that change something: they hold the lock, and a stop half way is told."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests.conftest import Cloudnorth
from tests.test_session import started


def test_restart_keeps_the_release(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    ran = cloudnorth("restart", "-e", "test", "-o", "json")
    assert ran.status == 0
    assert ran.result["release"]["number"] == 1


def test_restart_of_nothing_says_how_to_begin(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("restart", "-e", "test")
    assert ran.status == 3
    assert "next: cloudnorth deploy --env test" in ran.err


def test_restart_and_down_respect_the_lock(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    for verb in ("restart", "down"):
        ran = cloudnorth(verb, "-e", "test", FAKE="locked")
        assert ran.status == 6
        assert "jenkins #318" in ran.err


def test_a_restart_that_was_stopped_says_so(cloudnorth: Cloudnorth, project: Path) -> None:
    cloudnorth("deploy", "-e", "test")
    with started(project, "restart", "-e", "test", "-o", "json", FAKE="slow-restart") as process:
        assert process.stdout
        for line in process.stdout:
            if json.loads(line)["event"] == "step-waiting":
                process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 130
    result = json.loads(line)
    assert result["summary"] == "the restart was stopped half way. test serves release 1."
    assert result["next"] == ["cloudnorth restart --env test"]


def test_down_says_where_the_data_stays(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("down", "-e", "test")
    assert "test is down. The data stays in .cloudnorth/fake" in ran.out


def test_a_deploy_ends_with_the_notes_and_what_one_can_do_now(cloudnorth: Cloudnorth) -> None:
    first = cloudnorth("deploy", "-e", "test")
    assert "https://shop.example\nlog in as demo\nnext: cloudnorth status --env test\n" in first.out
    assert "undo: cloudnorth rollback --env test\n" in cloudnorth("deploy", "-e", "test").out


def test_rollback_puts_the_release_before_back(cloudnorth: Cloudnorth) -> None:
    for _ in range(2):
        cloudnorth("deploy", "-e", "test")
    ran = cloudnorth("rollback", "-e", "test")
    assert ran.status == 0
    assert "test serves release 1 (revision 3) (was 2)." in ran.out
