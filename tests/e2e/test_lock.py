"""One change at a time: whoever comes second is told who is at it, and what to type."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from tests.e2e.fault import refused
from tests.e2e.running import Running
from tests.e2e.witness import says
from tests.project import Project


def test_a_second_deploy_is_told_who_holds_the_environment(anywhere: Project) -> None:
    anywhere.config["migrate"] = {"service": "web", "run": "python3 -c 'import time; time.sleep(60)'"}
    anywhere.save()
    anywhere.change("the first of two")
    first = Running(anywhere, "deploy")
    try:
        run = first.wait_for(lambda event: event["event"] == "run-started")["run"]
        first.step("migrate")
        error = refused(anywhere, status=6, says=(run,))
        assert error["retryable"] is True
        refused(anywhere, verb="restart", status=6, says=(run,), serves="")
        held = anywhere.run("status").result["status"][0]["lock"]
        assert held["run"] == run
    finally:
        first.send(signal.SIGTERM)
        ended = first.finish()
    assert ended.status == 130, ended.out + ended.err
    assert anywhere.run("status").result["status"][0].get("lock") is None


@pytest.mark.repeat
def test_a_second_deploy_that_waits_comes_next(anywhere: Project) -> None:
    """It was prepared against what served when it came; what the first one left is what it goes on from."""
    anywhere.config["migrate"] = {"service": "web", "run": "python3 -c 'import time; time.sleep(5)'"}
    anywhere.save()
    anywhere.change("the first of two that wait")
    first = Running(anywhere, "deploy")
    first.step("migrate")
    anywhere.change("the second of two that wait")
    second = Running(anywhere, "deploy", "--wait-lock", "3m")
    second.wait_for(lambda event: event["event"] == "step-waiting" and event["step"] == "lock")
    ended = [each.finish(240) for each in (first, second)]
    assert [each.status for each in ended] == [0, 0], [each.out + each.err for each in ended]
    assert ended[1].result["previous"]["number"] == ended[0].result["release"]["number"]
    assert says(anywhere, "the second of two that wait")


@pytest.mark.lab
def test_killed_on_another_machine_it_is_gone_past_within_a_minute(on_kubernetes: Project) -> None:
    """Nothing tells from here that its process is gone: only that it does not renew."""
    on_kubernetes.change("killed elsewhere")
    running = Running(on_kubernetes, "deploy")
    run = running.wait_for(lambda event: event["event"] == "run-started")["run"]
    running.step("watch")
    running.send(signal.SIGKILL)
    running.finish()
    lease = f"lease/cloudnorth-{on_kubernetes.name}"
    on_kubernetes.kubectl("annotate", "--overwrite", lease, "cloudnorth.io/process=elsewhere/boot/1/1")
    assert on_kubernetes.run("status").result["status"][0]["lock"]["run"] == run
    on_kubernetes.change("after the one that was killed")
    ran = on_kubernetes.run("deploy")
    assert ran.status == 0, ran.out + ran.err
    assert ran.step("lock")["seconds"] <= 20
    assert says(on_kubernetes, "after the one that was killed")


@pytest.mark.repeat
@pytest.mark.lab
def test_a_deploy_that_was_killed_is_told_and_gone_on_with_from_another_machine(
    on_kubernetes: Project, tmp_path: Path
) -> None:
    on_kubernetes.change("gone on with")
    running = Running(on_kubernetes, "deploy")
    running.step("watch")
    running.send(signal.SIGKILL)
    running.finish()
    told = on_kubernetes.run("status")
    assert told.status == 7
    (problem,) = [line for line in told.result["status"][0]["problems"] if "not judged" in line]
    assert " abandoned in watch " in problem
    assert any("deploy --env test --resume" in line for line in told.result["next"])
    elsewhere = Project(tmp_path / "elsewhere", "kubernetes", on_kubernetes.name, on_kubernetes.config)
    shutil.copytree(on_kubernetes.root, elsewhere.root, ignore=shutil.ignore_patterns(".cloudnorth"))
    elsewhere.change("another checkout, which is not asked")
    elsewhere.extra = on_kubernetes.extra | {"XDG_DATA_HOME": str(tmp_path / "data")}
    ran = elsewhere.run("deploy", "--resume")
    assert ran.status == 0, ran.out + ran.err
    assert ran.steps == ["resume", "lock", "watch", "verify"]
    assert says(on_kubernetes, "gone on with")
    assert on_kubernetes.run("status").status == 0


@pytest.mark.repeat
def test_a_rollback_that_cannot_wait_takes_the_lock_and_the_deploy_stops(anywhere: Project) -> None:
    anywhere.config["migrate"] = {"service": "web", "run": "python3 -c 'import time; time.sleep(60)'"}
    anywhere.save()
    anywhere.change("fenced off")
    deploy = Running(anywhere, "deploy")
    deploy.step("migrate")
    back = anywhere.run("rollback", "--to", "1", "--take-lock")
    assert back.status == 0, back.out + back.err
    fenced = deploy.finish(60)
    if anywhere.platform == "kubernetes":
        assert fenced.status == 6, fenced.out + fenced.err  # nothing of its release was begun
        assert fenced.result["error"]["code"] == "lock-lost"
    else:
        assert fenced.status == 130, fenced.out + fenced.err
    assert "release" not in fenced.steps
    assert deploy.left_behind() == []
    assert says(anywhere, "one")
