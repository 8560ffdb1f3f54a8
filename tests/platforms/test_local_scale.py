"""Several processes of a service behind one front."""

from __future__ import annotations

import pytest

from cloudnorth_cli.errors import Refused, RolloutFailed
from tests.platforms.conftest import Make
from tests.platforms.load import Load
from tests.platforms.local_project import LocalProject

pytestmark = pytest.mark.slow


def pids(local: LocalProject, path: str = "/") -> set[int]:
    """Who answers, asked often enough for every one to have its turn."""
    return {local.ask(path)["pid"] for _ in range(16)}


def test_a_number_of_processes_is_kept_by_deploys_rollbacks_and_restarts(local: LocalProject) -> None:
    local.deploy()
    first = pids(local)
    assert local.scale(web=3).state == "ready"
    assert len(pids(local)) == 3
    assert first < pids(local)
    local.write("two")
    assert local.deploy().exit_status == 0
    two = pids(local)
    assert len(two) == 3
    assert two.isdisjoint(first)
    local.restart()
    assert len(pids(local)) == 3
    assert pids(local).isdisjoint(two)
    assert local.rollback().exit_status == 0
    assert len(pids(local)) == 3
    status = local.platform().status()
    assert (status.services[0].wanted, status.services[0].ready) == (3, 3)
    assert "3/3 ready" in status.summary
    local.down()
    local.write("three")  # the rollback holds "two"
    assert local.deploy().exit_status == 0
    assert len(pids(local)) == 3


def test_fewer_processes_stop_the_rest_and_start_none(local: LocalProject) -> None:
    local.deploy()
    local.scale(web=4)
    four = pids(local)
    local.scale(web=1)
    assert len(pids(local)) == 1
    assert pids(local) < four
    assert len(local.processes()) == 3  # supervisord, Caddy, and the one


def test_scaling_to_four_and_back_loses_no_request(local: LocalProject) -> None:
    local.deploy()
    port = int(str(local.platform().address()).rpartition(":")[2])
    with Load(port, 80.0) as load:
        local.scale(web=4)
        local.restart()
        local.scale(web=1)
    assert load.failed == {}
    assert load.good > 200


def test_services_reach_every_process_of_another_by_one_address(make: Make) -> None:
    node = make("node")
    node.deploy()
    page = node.ask()["pid"]
    node.scale(api=3)
    assert len({node.ask()["api"]["pid"] for _ in range(16)}) == 3
    before = pids(node, "/api/x")
    node.restart("api")
    assert pids(node, "/api/x").isdisjoint(before)
    assert node.ask()["api"]["pid"] in pids(node, "/api/x")
    assert node.ask()["pid"] == page  # its address of the API stayed, so nobody had to start it anew


def test_a_process_more_that_does_not_start_changes_nothing(local: LocalProject) -> None:
    local.deploy()
    before = pids(local)
    for file in local.platform().place.bundles.glob("*/server.py"):
        file.write_text("raise SystemExit(9)\n")
    with pytest.raises(RolloutFailed, match="crashes at start"):
        local.scale(web=2)
    assert pids(local) == before
    assert local.platform().status().services[0].wanted == 1
    assert local.platform().store.counts() == {}


def test_more_than_the_front_has_room_for_are_refused(local: LocalProject) -> None:
    local.deploy()
    with pytest.raises(Refused, match="at most 16"):
        local.scale(web=17)
