"""The API server goes away, takes no writes, or knows us no more, in the middle of a deploy."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.api_proxy import ApiProxy, api_proxy
from tests.e2e.running import Running
from tests.e2e.witness import says
from tests.lab.fixture import lab
from tests.project import Project

pytestmark = pytest.mark.lab
RESTART = 12.0
"""Seconds that an API server takes to come back."""


@pytest.fixture
def behind(on_kubernetes: Project, tmp_path: Path) -> Iterator[tuple[Project, ApiProxy]]:
    """A project that serves, whose next runs go through the proxy."""
    direct = Path(on_kubernetes.environment["cluster"]["kubeconfig"])
    with api_proxy(lab().machine, direct) as proxy:
        through = proxy.write_kubeconfig(direct, tmp_path / "through")
        on_kubernetes.environment["cluster"]["kubeconfig"] = str(through)
        on_kubernetes.save()
        yield on_kubernetes, proxy
        proxy.fault = "none"
        on_kubernetes.run("rollback", "--to", "1", "--no-hold")


@pytest.mark.repeat
@pytest.mark.parametrize("step", ["lock", "watch"])
def test_an_api_server_that_restarts_costs_time_and_nothing_else(behind: tuple[Project, ApiProxy], step: str) -> None:
    project, proxy = behind
    project.change(f"restarted in {step}")
    running = Running(project, "deploy")
    running.step(step)
    proxy.fault = "away"
    threading.Timer(RESTART, setattr, (proxy, "fault", "none")).start()
    ended = running.finish(200)
    assert ended.status == 0, ended.out + ended.err
    assert says(project, f"restarted in {step}")


def test_credentials_that_die_in_the_middle_are_told_as_such(behind: tuple[Project, ApiProxy]) -> None:
    project, proxy = behind
    project.change("credentials die")
    running = Running(project, "deploy")
    running.step("watch")
    proxy.fault = "expired"
    ended = running.finish(120)
    assert ended.status == 5, ended.out + ended.err
    error = ended.result["error"]
    assert error["code"] == "credentials-expired"
    assert any("--resume" in command for command in error["next"]), error
    proxy.fault = "none"
    resumed = project.run("deploy", "--resume")
    assert resumed.status == 0, resumed.out + resumed.err
    assert says(project, "credentials die")


@pytest.mark.repeat
def test_where_nothing_can_be_written_nothing_is_begun(behind: tuple[Project, ApiProxy]) -> None:
    project, proxy = behind
    project.change("etcd is full")
    proxy.fault = "read-only"
    ended = project.run("deploy")
    assert ended.status == 3, ended.out + ended.err
    assert "database space exceeded" in ended.result["error"]["message"]
    assert says(project, "one")
    status = project.run("status")
    assert status.status == 0, status.out + status.err


@pytest.mark.repeat
def test_a_namespace_that_is_deleted_meanwhile_is_told(on_kubernetes_new: Project) -> None:
    first = on_kubernetes_new.run("deploy")
    assert first.status == 0, first.out + first.err
    on_kubernetes_new.change("two")
    running = Running(on_kubernetes_new, "deploy")
    running.step("watch")
    on_kubernetes_new.kubectl("delete", "namespace", on_kubernetes_new.name, "--wait=false")
    ended = running.finish(200)
    assert ended.status == 5, ended.out + ended.err
    assert "Traceback" not in ended.err
    assert ended.result["error"]["message"]
    assert json.loads(ended.out.splitlines()[-1])["event"] == "result"
