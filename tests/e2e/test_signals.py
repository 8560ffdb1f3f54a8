"""Stopped at any step by a signal or killed: told, recorded, unlocked, and the next deploy works."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import project as samples
from tests.e2e.running import JENKINS_PATIENCE, Running
from tests.e2e.witness import says, witness
from tests.project import Project
from tests.tool import Ran

pytestmark = pytest.mark.xdist_group("signals")  # What a module deploys once is deployed by one worker.

STEPS = ("check", "build", "push", "prepare", "lock", "migrate", "release", "watch", "verify")
HELD = STEPS[STEPS.index("lock") :]
PLATFORMS = ("local", "kubernetes")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


ON_THE_CLUSTER = ("push", "release")
"""Steps in which a signal meets something else on Kubernetes than on the local platform, where each step is met.

`watch` has tests of its own below."""


def cell(platform: str, *values: Any, daily: bool) -> Any:
    """A platform and what is done on it; in `make test-full` only unless `daily`."""
    marks = [pytest.mark.lab] * (platform == "kubernetes") + [pytest.mark.repeat] * (not daily)
    return pytest.param(platform, *values, marks=marks, id="-".join([platform, *map(_name, values)]))


def _name(value: Any) -> str:
    return value.name if isinstance(value, signal.Signals) else str(value)


TABLE = [
    # Every signal and every step in `make test`, every pair of them in `make test-full`.
    cell(platform, step, number, daily=row % 3 == column and (platform == "local" or step in ON_THE_CLUSTER))
    for platform in PLATFORMS
    for row, step in enumerate(STEPS)
    for column, number in enumerate(SIGNALS)
]
KILLED = [
    cell(platform, step, daily=step == "watch" or (platform, step) == ("local", "release"))
    for platform in PLATFORMS
    for step in STEPS
]
OTHER_VERBS = [
    cell(platform, verb, daily=(platform, verb) == ("local", "down"))
    for platform in PLATFORMS
    for verb in ("down", "restart")
]


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Project]]:
    """A project that serves on a platform, with a migration that takes long enough to be met in it: made once."""
    made: dict[str, Project] = {}

    def on(platform: str) -> Project:
        if platform not in made:
            new = made[platform] = samples.make(tmp_path_factory.mktemp(platform), platform)
            new.config["migrate"] = {"service": "web", "run": "python3 -c 'import time; time.sleep(1)'"}
            new.config["verify"] = [{"http": "/hello", "times": 10}]
            new.save()
            well(new.run("deploy"))
        return made[platform]

    yield on
    for each in made.values():
        each.remove()


@pytest.fixture(params=["local", pytest.param("kubernetes", marks=pytest.mark.lab)])
def project(request: pytest.FixtureRequest, slow: Callable[[str], Project]) -> Project:
    return slow(request.param)


def interrupt(project: Project, step: str, number: signal.Signals) -> tuple[Running, Ran, float]:
    """Deploy a change and send the signal as soon as the step has started; the seconds until the tool had ended."""
    project.change(f"{number.name} in {step} {time.monotonic()}")
    running = Running(project, "deploy")
    running.step(step)
    sent = time.monotonic()
    running.send(number)
    return running, running.finish(), time.monotonic() - sent


def told(project: Project, ran: Ran) -> dict[str, Any]:
    """What every interrupted run owes."""
    assert ran.status == 130, ran.out + ran.err
    result = ran.result
    assert (result["exit_status"], result["outcome"]) == (130, "interrupted")
    assert "test serves" in result["summary"], result
    assert "Traceback (most recent call last)" not in ran.err
    kept = (project.root / result["run_folder"] / "events.jsonl").read_text().splitlines()
    assert json.loads(kept[-1])["event"] == "result"
    return result


@pytest.mark.parametrize(("project", "step", "number"), TABLE, indirect=["project"])
def test_a_signal_at_any_step_is_told_and_the_next_deploy_works(
    project: Project, step: str, number: signal.Signals
) -> None:
    before = witness(project)
    running, ran, seconds = interrupt(project, step, number)
    result = told(project, ran)
    stopped = ran.steps[-1]
    assert STEPS.index(stopped) >= STEPS.index(step)
    assert any(" deploy --env test" in command for command in result["next"]), result
    assert running.left_behind() == []
    assert seconds < JENKINS_PATIENCE
    assert project.run("status").result["status"][0].get("lock") is None
    if stopped in ("check", "build", "push", "prepare", "lock", "migrate"):
        assert witness(project) == before
    if step in HELD:
        well(project.run("deploy"))
        assert says(project, f"{number.name} in {step}")


def test_an_interrupted_rollout_can_be_taken_back(project: Project) -> None:
    """As the interrupted run said: to what served when it began, not to the release before that.

    The local platform has taken it away by itself, and offers no way back that nobody needs.
    """
    before = project.answer()["message"]
    running, ran, seconds = interrupt(project, "watch", signal.SIGTERM)
    assert running.left_behind() == []
    assert seconds < JENKINS_PATIENCE
    assert project.run("status").result["status"][0].get("lock") is None
    offered = any(" rollback --env test" in command for command in told(project, ran)["next"])
    assert offered == (project.platform == "kubernetes")
    if offered:
        status = project.run("status")
        assert status.status == 7
        assert "interrupted in watch" in status.result["summary"]
        well(project.run("rollback"))
    assert says(project, before)
    well(project.run("status"))


@pytest.mark.parametrize("step", [pytest.param("migrate", marks=pytest.mark.repeat), "release"])
def test_term_and_five_seconds_later_kill_finds_everything_told(project: Project, step: str) -> None:
    project.change(f"TERM and KILL in {step} {time.monotonic()}")
    running = Running(project, "deploy")
    running.step(step)
    sent = time.monotonic()
    running.send(signal.SIGTERM)
    while running.process.poll() is None and time.monotonic() < sent + JENKINS_PATIENCE:
        time.sleep(0.01)
    if running.process.poll() is None:
        running.send(signal.SIGKILL)
    told(project, running.finish())
    well(project.run("deploy"))


@pytest.mark.parametrize(("project", "step"), KILLED, indirect=["project"])
def test_killed_at_any_step_the_next_deploy_works(project: Project, step: str) -> None:
    project.change(f"KILL in {step} {time.monotonic()}")
    running = Running(project, "deploy")
    running.step(step)
    running.send(signal.SIGKILL)
    assert running.finish().status == -signal.SIGKILL
    assert running.left_behind() == []
    well(project.run("deploy"))
    assert says(project, f"KILL in {step}")


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGTERM, id="SIGTERM"),
        pytest.param(signal.SIGKILL, id="SIGKILL", marks=pytest.mark.repeat),
    ],
)
def test_stopped_on_the_way_back_the_next_deploy_works(project: Project, number: signal.Signals) -> None:
    project.change(f"crash {number.name}")
    running = Running(project, "deploy")
    running.step("rollback")
    running.send(number)
    stopped = running.finish()
    if number == signal.SIGTERM:
        told(project, stopped)
    assert running.left_behind() == []
    project.change(f"after the way back {time.monotonic()}")
    well(project.run("deploy"))
    assert says(project, "after the way back")


@pytest.mark.parametrize(("project", "verb"), OTHER_VERBS, indirect=["project"])
def test_other_verbs_are_stopped_as_well(project: Project, verb: str) -> None:
    project.change(f"{verb} {time.monotonic()}")  # What stands there may be held, by the test that took it back.
    running = Running(project, verb)
    running.step(verb)
    running.send(signal.SIGTERM)
    stopped = running.finish()
    assert stopped.status == 130, stopped.out + stopped.err
    assert f"{verb} --env test" in stopped.result["next"][0]
    assert "stopped half way" in stopped.result["summary"]
    assert running.left_behind() == []
    assert project.run("status").result["status"][0].get("lock") is None
    well(project.run("deploy"))
    well(project.run("status"))


@pytest.mark.parametrize(
    "project", [cell(platform, daily=platform == "local") for platform in PLATFORMS], indirect=True
)
def test_ctrl_c_reaches_the_whole_group_and_is_told_once(project: Project) -> None:
    """A terminal sends SIGINT to every process of the foreground group, not to us alone."""
    project.change(f"Ctrl-C {time.monotonic()}")
    running = Running(project, "deploy", own_group=True)
    running.step("migrate")
    os.killpg(running.process.pid, signal.SIGINT)
    ran = running.finish()
    told(project, ran)
    assert [event["event"] for event in ran.events].count("result") == 1
    assert running.left_behind() == []
    well(project.run("deploy"))


def well(ran: Ran) -> None:
    assert ran.status == 0, ran.out + ran.err
