"""No request is lost while releases change: measured by a load of our own, with nothing tried twice."""

from __future__ import annotations

import os

import pytest

from tests.platforms.load import Load
from tests.platforms.local_project import LocalProject

pytestmark = pytest.mark.slow

RATE = 100.0
"""Requests a second."""


def port(local: LocalProject) -> int:
    return int(local.platform().address().rpartition(":")[2])  # type: ignore[union-attr]


def test_two_deploys_a_restart_and_a_rollback_lose_no_request(local: LocalProject) -> None:
    local.deploy()
    with Load(port(local), RATE) as load:
        local.write("two")
        assert local.deploy().exit_status == 0
        local.write("three")
        assert local.deploy().exit_status == 0
        local.restart()
        assert local.rollback().exit_status == 0
    assert load.failed == {}
    assert set(load.texts) == {"one", "two", "three"}
    assert load.good > 4 * RATE


def test_without_draining_requests_are_lost(local: LocalProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the load does see what the draining prevents."""
    local.deploy()
    monkeypatch.setattr("cloudnorth_cli.platforms.local.front.drain", lambda *_: True)
    with Load(port(local), RATE) as load:
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
