"""No request is lost while releases change: measured by a load of our own, with nothing tried twice."""

from __future__ import annotations

import os
import time

import pytest

from cloudnorth_cli.platforms.local import lineup
from cloudnorth_cli.platforms.local.lineup import Lineup
from cloudnorth_cli.platforms.local.place import Place
from tests.platforms.load import Load
from tests.platforms.local_project import LocalProject

pytestmark = pytest.mark.slow

RATE = 100.0
"""Requests a second."""


def port(local: LocalProject) -> int:
    return int(local.platform().address().rpartition(":")[2])  # type: ignore[union-attr]


@pytest.fixture
def switches(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When other processes were put in front, by the monotonic clock."""
    moments: list[float] = []
    switch = lineup.switch

    def noted(place: Place, wanted: Lineup | None) -> None:
        switch(place, wanted)
        moments.append(time.monotonic())

    monkeypatch.setattr(lineup, "switch", noted)
    return moments


def test_deploys_a_restart_a_rollback_and_scaling_lose_no_request(local: LocalProject, switches: list[float]) -> None:
    local.deploy()
    switches.clear()
    with Load(port(local), RATE) as load:
        local.write("two")
        assert local.deploy().exit_status == 0
        local.scale(web=2)
        local.write("three")
        assert local.deploy().exit_status == 0
        local.restart()
        local.scale(web=1)
        assert local.rollback().exit_status == 0
    assert load.failed == {}
    assert set(load.texts) == {"one", "two", "three"}
    assert load.good > 4 * RATE
    assert len(switches) == 6
    assert min(load.overlapping(moment) for moment in switches) > 0


@pytest.mark.repeat
@pytest.mark.timeout(900)
def test_twenty_thousand_requests_through_sixteen_changes(local: LocalProject, switches: list[float]) -> None:
    """150 requests a second, each third a POST that takes 5 s: 250 are under way at every moment."""
    local.deploy()
    switches.clear()
    began = time.monotonic()
    with Load(port(local), 150.0, slow=5.0, every=3) as load:
        time.sleep(5.0)  # until the slow ones have filled up
        for number in range(10):
            local.write(f"deploy {number}")
            assert local.deploy().exit_status == 0
            if number in (3, 6):
                assert local.rollback().exit_status == 0
        assert local.rollback().exit_status == 0
        local.restart()
        local.scale(web=4)
        local.scale(web=1)
        time.sleep(max(0.0, 20_500 / 150.0 - (time.monotonic() - began)))
    overlapping = [load.overlapping(moment) for moment in switches]
    print(
        f"\n{load.sent} requests, {dict(load.failed)} failed; under way at the {len(switches)} switches: {overlapping}"
    )
    assert load.failed == {}
    assert load.good >= 20_000
    assert len(switches) == 16
    assert min(overlapping) >= 200


def test_without_draining_requests_are_lost(local: LocalProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the load does see what the draining prevents."""
    local.deploy()
    monkeypatch.setattr("cloudnorth_cli.platforms.local.front.drain", lambda *_: True)
    with Load(port(local), RATE, slow=5.0) as load:
        local.write("two")
        local.deploy()
    assert sum(load.failed.values()) > 0


def test_a_failed_deploy_loses_no_request(local: LocalProject) -> None:
    local.deploy()
    with Load(port(local), RATE) as load:
        (local.root / "server.py").write_text("raise SystemExit(3)\n")
        assert local.deploy().exit_status == 4
    assert load.failed == {}
    assert set(load.texts) == {"one"}


def test_a_service_killed_outright_is_back_before_new_requests_give_up(local: LocalProject) -> None:
    local.deploy()
    os.kill(local.ask()["pid"], 9)
    assert all(local.ask()["text"] == "one" for _ in range(20))
