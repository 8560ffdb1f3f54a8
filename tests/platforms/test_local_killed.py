"""Whatever is killed outright, at any step: what served serves again after the next deploy, and no orphan is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.platforms.conftest import Make
from tests.platforms.local_project import LocalProject
from tests.tool import PROGRAM, environ

pytestmark = pytest.mark.slow


def named(local: LocalProject, part: str) -> psutil.Process:
    """The process whose command line holds a word."""
    return next(each for each in local.processes() if any(part in word for word in each.cmdline()))


def expected(local: LocalProject) -> None:
    """Exactly supervisord, Caddy and one process of the service run, and it answers what is in the file."""
    assert local.ask()["text"] == (local.root / "text.txt").read_text().strip()
    found = sorted(each.name() for each in local.processes())
    assert len(found) == 3, found


def kill(process: psutil.Process) -> None:
    process.kill()
    psutil.wait_procs([process], timeout=5)


@pytest.mark.parametrize("word", ["supervisor.supervisord", "caddy", "server.py"])
@pytest.mark.parametrize(
    "then",
    [
        pytest.param(LocalProject.deploy, id="deploy"),
        pytest.param(LocalProject.restart, id="restart", marks=pytest.mark.repeat),
    ],
)
def test_any_process_killed(local: LocalProject, word: str, then: Callable[[LocalProject], object]) -> None:
    local.deploy()
    kill(named(local, word))
    then(local)
    expected(local)


def test_supervisord_killed_takes_its_processes_along_and_status_says_so(local: LocalProject) -> None:
    local.deploy()
    everything = local.processes()
    kill(named(local, "supervisor.supervisord"))
    gone, alive = psutil.wait_procs(everything, timeout=10)
    assert not alive
    status = local.platform().status()
    assert not status.healthy
    assert "supervisord" in status.problems[0]
    local.deploy()
    expected(local)


OFTEN = ("migrate", "watch", "verify")
"""The steps that leave most behind; the others are for `make test-full`."""
SELDOM = ("check", "build", "prepare", "lock", "release")


@pytest.mark.parametrize("step", [*OFTEN, *(pytest.param(each, marks=pytest.mark.repeat) for each in SELDOM)])
def test_the_tool_killed_at_any_step(local: LocalProject, step: str) -> None:
    local.config["migrate"] = {"service": "web", "run": "sh -c 'sleep 0.5; exit 0'"}
    local.deploy()
    local.write("two")
    killed_at(local, step)
    assert local.ask()["text"] in ("one", "two")
    again = local.deploy()
    assert again.exit_status == 0, again.error
    expected(local)
    assert local.platform().lock_status() is None


def test_a_first_deploy_killed_while_it_waits(make: Make) -> None:
    local = make()
    killed_at(local, "watch")
    assert local.deploy().exit_status == 0
    expected(local)


def test_a_migration_does_not_outlive_a_killed_tool(local: LocalProject) -> None:
    local.deploy()
    local.write("two")
    local.config["migrate"] = {"service": "web", "run": "sh -c 'sleep 300 & sleep 300'"}
    killed_at(local, "migrate")
    local.config.pop("migrate")
    assert local.deploy().exit_status == 0
    expected(local)


def killed_at(local: LocalProject, step: str) -> None:
    """Run `cloudnorth deploy` and kill it outright when a step begins."""
    assert local.environment
    words = [*PROGRAM, "deploy", "--env", "local", "-o", "json"]
    root = Path(__file__).resolve().parent.parent.parent
    with subprocess.Popen(
        words, cwd=local.root, env=environ({"PYTHONPATH": str(root)}), stdout=subprocess.PIPE, text=True
    ) as tool:
        assert tool.stdout is not None
        for line in tool.stdout:
            event = json.loads(line)
            if event["event"] == "step-started" and event["step"] == step:
                os.kill(tool.pid, signal.SIGKILL)
                return
    raise AssertionError(f"the step {step} never began")
