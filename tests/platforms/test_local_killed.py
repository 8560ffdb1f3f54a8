"""Whatever is killed outright, at any step of any verb: a table of steps and processes.

After each: the old or the new release serves once the next deploy has been, data is as it was, nobody is left over, and
that next deploy succeeds. `make test` runs one step of each process, `make test-full` the whole table.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cloudnorth_cli.events import AnyEvent, StepStarted
from tests.platforms.conftest import Make
from tests.platforms.local_project import LocalProject
from tests.tool import PROGRAM, environ

pytestmark = pytest.mark.slow

STEPS = ("check", "build", "push", "prepare", "lock", "migrate", "release", "watch", "verify")
"""Every step that a deploy journals on this platform."""
PROCESSES = {"supervisord": "supervisor.supervisord", "caddy": "caddy", "service": "server.py"}
"""Whom a word of its command line tells."""
QUICK = {
    "tool": ("migrate", "watch", "verify"),
    "supervisord": ("watch",),
    "caddy": ("release",),
    "service": ("verify",),
}
"""Cells of the table that `make test` runs."""


def table(*processes: str, steps: tuple[str, ...] = STEPS) -> list[object]:
    return [
        pytest.param(process, step, id=f"{process}-{step}", marks=() if step in QUICK[process] else pytest.mark.repeat)
        for process in processes
        for step in steps
    ]


def named(local: LocalProject, part: str) -> list[psutil.Process]:
    """The processes whose command line holds a word."""
    return [each for each in local.processes() if any(part in word for word in cmdline(each))]


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def expected(local: LocalProject) -> None:
    """Exactly supervisord, Caddy and one process of the service run, it answers what is in the file, data is there."""
    assert local.ask()["text"] == (local.root / "text.txt").read_text().strip()
    found = sorted(each.name() for each in local.processes())
    assert len(found) == 3, found
    assert local.platform().lock_status() is None
    assert local.platform().status().healthy


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        process.kill()
    psutil.wait_procs(processes, timeout=5)


def with_data(local: LocalProject) -> Path:
    """A first release with a migration, and what somebody ordered."""
    local.config["migrate"] = {"service": "web", "run": "sh -c 'sleep 0.3; echo migrated >> \"$KEPT.log\"'"}
    assert local.deploy().exit_status == 0
    kept = Path(local.ask()["env"]["KEPT"])
    kept.write_text("an order")
    return kept


@pytest.mark.parametrize(("process", "step"), table("supervisord", "caddy", "service"))
def test_a_process_killed_at_any_step_of_a_deploy(local: LocalProject, process: str, step: str) -> None:
    kept = with_data(local)
    local.write("two")
    killed = []

    def at_step(event: AnyEvent) -> None:
        if isinstance(event, StepStarted) and event.step == step and not killed:
            killed.append(step)
            kill(named(local, PROCESSES[process]))

    deployed = local.deploy(at_step)
    assert killed == [step]
    assert deployed.exit_status in (0, 4), deployed.error
    if deployed.exit_status == 4:
        assert local.ask()["text"] == "one"  # what is said to serve does
    again = local.deploy()
    assert again.exit_status == 0, again.error
    expected(local)
    assert kept.read_text() == "an order"


@pytest.mark.parametrize(("process", "step"), table("tool"))
def test_the_tool_killed_at_any_step_of_a_deploy(local: LocalProject, process: str, step: str) -> None:
    kept = with_data(local)
    local.write("two")
    killed_at(local, step, "deploy")
    assert local.ask()["text"] in ("one", "two")
    if step in ("migrate", "release", "watch", "verify"):  # under the lock
        status = local.platform().status()
        assert not status.healthy
        assert " abandoned" in status.problems[0], status.problems
        if step in ("watch", "verify"):
            assert re.fullmatch(rf"deploy 2 abandoned in {step} .* ago, not judged", status.problems[0])
            assert status.next[0] == "cloudnorth deploy --env local --resume"
    again = local.deploy()
    assert again.exit_status == 0, again.error
    expected(local)
    assert kept.read_text() == "an order"


@pytest.mark.parametrize(
    ("verb", "step"),
    [
        pytest.param(("rollback",), "rollback", id="rollback"),
        pytest.param(("restart",), "restart", id="restart", marks=pytest.mark.repeat),
        pytest.param(("scale", "web=3"), "scale", id="scale", marks=pytest.mark.repeat),
        pytest.param(("down",), "down", id="down", marks=pytest.mark.repeat),
    ],
)
def test_the_tool_killed_in_any_other_verb(local: LocalProject, verb: tuple[str, ...], step: str) -> None:
    kept = with_data(local)
    local.write("two")
    local.deploy()
    killed_at(local, step, *verb)
    again = local.deploy()
    assert again.exit_status == 0, again.error
    expected(local)
    assert kept.read_text() == "an order"


@pytest.mark.parametrize("word", PROCESSES.values())
@pytest.mark.parametrize(
    "then",
    [
        pytest.param(LocalProject.deploy, id="deploy", marks=pytest.mark.repeat),
        pytest.param(LocalProject.restart, id="restart"),
        pytest.param(LocalProject.rollback, id="rollback", marks=pytest.mark.repeat),
    ],
)
def test_any_process_killed_between_two_verbs(
    local: LocalProject, word: str, then: Callable[[LocalProject], object]
) -> None:
    local.deploy()
    local.write("two")
    local.deploy()
    kill(named(local, word))
    then(local)
    if then is LocalProject.rollback:
        local.write("one")
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


def test_a_first_deploy_killed_while_it_waits(make: Make) -> None:
    local = make()
    killed_at(local, "watch", "deploy")
    assert local.deploy().exit_status == 0
    expected(local)


def test_a_migration_does_not_outlive_a_killed_tool(local: LocalProject) -> None:
    local.deploy()
    local.write("two")
    local.config["migrate"] = {"service": "web", "run": "sh -c 'sleep 300 & sleep 300'"}
    killed_at(local, "migrate", "deploy")
    local.config.pop("migrate")
    assert local.deploy().exit_status == 0
    expected(local)


def killed_at(local: LocalProject, step: str, *words: str) -> None:
    """Run the tool and kill it outright when a step begins."""
    assert local.environment
    root = Path(__file__).resolve().parent.parent.parent
    with subprocess.Popen(
        [*PROGRAM, *words, "--env", "local", "-o", "json"],
        cwd=local.root,
        env=environ({"PYTHONPATH": str(root)}),
        stdout=subprocess.PIPE,
        text=True,
    ) as tool:
        assert tool.stdout is not None
        said = []
        for line in tool.stdout:
            said.append(line)
            event = json.loads(line)
            if event["event"] == "step-started" and event["step"] == step:
                os.kill(tool.pid, signal.SIGKILL)
                return
    raise AssertionError(f"the step {step} never began: {''.join(said)}")
