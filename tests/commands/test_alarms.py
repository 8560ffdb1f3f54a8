"""Alarms in `status`: which are read, how they are shown, and that nothing waits for them. moto answers."""

from __future__ import annotations

import re
import time
from typing import Any

import boto3
import pytest

from cloudnorth_cli.platforms.kubernetes import alarming
from tests.adapters.aws_double import refusing
from tests.adapters.aws_keys import REGION
from tests.commands.on_aws import World, keys, moto, world

__all__ = ["keys", "moto", "world"]


@pytest.fixture
def client(moto: None) -> Any:
    return boto3.client("cloudwatch", region_name=REGION)


def put(client: Any, name: str, state: str = "OK", says: str = "") -> None:
    client.put_metric_alarm(
        AlarmName=name,
        AlarmDescription=says,
        MetricName="CPUUtilization",
        Namespace="AWS/RDS",
        Period=60,
        EvaluationPeriods=1,
        Threshold=80.0,
        Statistic="Average",
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="as the test wants it")


def alarms(world: World) -> dict[str, Any]:
    return dict(world.run("status").result["status"][0]["alarms"])


def test_a_count_of_what_is_ok_and_each_that_is_not(world: World, client: Any) -> None:
    put(client, "shop-prod-nodes-cpu")
    put(client, "shop-prod-alb-5xx", "INSUFFICIENT_DATA")
    put(client, "shop-prod-db-cpu", "ALARM", "the database is busy")
    put(client, "shop-staging-db-cpu", "ALARM")
    found = alarms(world)
    assert found["ok"] == 1
    assert [(one["name"], one["state"]) for one in found["not_ok"]] == [
        ("shop-prod-db-cpu", "alarm"),
        ("shop-prod-alb-5xx", "no-data"),
    ]
    shown = world.run("status", output="plain").out
    assert "alarms: 1 OK\n" in shown
    assert re.search(r"^  shop-prod-db-cpu  in alarm since \d+ s ago: the database is busy$", shown, re.MULTILINE)


def test_an_alarm_changes_neither_health_nor_the_exit_status(world: World, client: Any) -> None:
    before = world.run("status")
    put(client, "shop-prod-db-cpu", "ALARM")
    after = world.run("status")
    assert after.status == before.status
    assert after.result["status"][0]["healthy"] == before.result["status"][0]["healthy"]


def test_a_line_for_each_environment_counts_them(world: World, client: Any) -> None:
    put(client, "shop-prod-db-cpu", "ALARM")
    world.config["environments"].pop("here")
    world.run("status")
    from cloudnorth_cli import __main__ as program

    program.run(["status", "-o", "plain"])
    prod, staging = world.capfd.readouterr().out.splitlines()
    assert " · 1 alarm" in prod
    assert "alarm" not in staging


def test_pages_are_read_to_the_end(world: World, client: Any) -> None:
    for number in range(105):
        put(client, f"shop-prod-{number}")
    assert alarms(world)["ok"] == 105


def test_names_that_begin_otherwise(world: World, client: Any) -> None:
    put(client, "acme/shop", "ALARM")
    assert alarms(world) == {"prefix": "shop-prod-", "ok": 0, "not_ok": [], "unread": ""}
    world.prod["aws"]["alarms"] = "acme/"
    assert len(alarms(world)["not_ok"]) == 1
    world.prod["aws"]["alarms"] = ""
    assert "alarms" not in world.run("status").result["status"][0]


def test_an_environment_without_aws_asks_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarming, "AlarmReader", lambda door: pytest.fail("nothing is to be asked"))
    world.prod.pop("aws")
    world.prod["registry"] = {"host": "registry.example"}
    assert "alarms" not in world.run("status").result["status"][0]


def test_another_accounts_alarms_are_nobodys(world: World, client: Any) -> None:
    put(client, "shop-prod-db-cpu", "ALARM")
    world.prod["aws"]["account"] = "999999999999"
    assert "aws-account" in alarms(world)["unread"]


def test_a_missing_right_is_a_line_and_status_answers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing("AccessDenied", 403, "not authorized to perform: cloudwatch:DescribeAlarms") as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", url)
        ran = world.run("status", output="plain")
    assert ran.status in (0, 7)
    assert "alarms: not known: " in ran.out
    assert "[aws-denied]" in ran.out


def test_no_credentials_is_a_line_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert "aws-credentials-missing" in alarms(world)["unread"]


def test_an_endpoint_that_hangs_is_waited_for_two_seconds_at_most(
    world: World, hole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert alarming.LIMIT <= 2
    monkeypatch.setattr(alarming, "LIMIT", 0.4)
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", hole)
    began = time.monotonic()
    found = alarms(world)
    assert "did not answer within 0.4 s" in found["unread"]
    assert time.monotonic() - began < 3
