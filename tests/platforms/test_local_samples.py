"""Projects of other people, in other frameworks and another language: the same guarantees."""

from __future__ import annotations

import json
import urllib.request

import pytest

from tests.platforms.conftest import Make
from tests.platforms.load import Load
from tests.platforms.local_project import LocalProject

pytestmark = pytest.mark.slow


@pytest.fixture(params=[pytest.param("python", marks=pytest.mark.repeat), "flask", "node"])
def sample(make: Make, request: pytest.FixtureRequest) -> LocalProject:
    """uvicorn without a framework; Flask on gunicorn with a database; Node with two services."""
    made = make(request.param)
    deployed = made.deploy()
    assert deployed.exit_status == 0, deployed.error
    return made


def test_no_request_is_lost_and_a_broken_release_is_taken_back(sample: LocalProject) -> None:
    service = list(sample.config["services"])[-1]
    port = int(str(sample.platform().address()).rpartition(":")[2])
    with Load(port, 40.0) as load:
        sample.write("two")
        assert sample.deploy().exit_status == 0
        sample.scale(**{service: 2})
        sample.restart()
        assert sample.rollback().exit_status == 0
        sample.config["services"][service]["run"] = "sh -c 'echo no PAYMENT_URL; exit 1'"
        broken = sample.deploy()
    assert load.failed == {}
    assert {"one", "two"} <= set(load.texts)
    assert broken.exit_status == 4
    assert broken.error is not None
    assert "no PAYMENT_URL" in broken.error.evidence
    assert sample.ask()["text"] == "one"
    shown = sample.platform().status()
    assert shown.healthy
    assert [each.ready for each in shown.services if each.name == service] == [2]


def test_orders_survive_releases_and_come_back_from_a_backup(make: Make) -> None:
    flask = make("flask")
    assert flask.deploy().exit_status == 0
    address = str(flask.platform().address())

    def order(what: str) -> int:
        body, headers = json.dumps({"what": what}).encode(), {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(f"{address}/orders", body, headers), timeout=15) as answer:
            return int(json.load(answer)["orders"])

    assert order("a cup") == 1
    flask.write("two")
    assert flask.deploy().exit_status == 0
    before = flask.platform().backups()[0]
    assert (before.kind, before.databases) == ("before a migration", 1)
    assert order("a saucer") == 2
    platform = flask.platform()
    with platform.journal.step("restore") as step, platform.lock(flask.request(), "restore", step):
        platform.restore(before, step)
    assert order("a spoon") == 2
