"""`logs --source cloudwatch`: lines of pods that are gone, as the cluster's add-on keeps them. moto answers."""

from __future__ import annotations

import base64
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from cloudnorth_cli.adapters import aws, cloudwatch_logs
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.platforms.kubernetes.kept_logs import service_of
from cloudnorth_cli.settings import Aws
from tests.adapters.aws_double import refusing
from tests.adapters.aws_keys import ACCOUNT, REGION
from tests.commands.on_aws import World, keys, moto, world
from tests.tool import Ran

__all__ = ["keys", "moto", "world"]
GROUP = "/aws/containerinsights/shop-prod/application"
NOW = datetime.now(UTC)


class Kept:
    """A log group with what the add-on's agents of two nodes have written."""

    def __init__(self, group: str = GROUP) -> None:
        self.client, self.group = boto3.client("logs", region_name=REGION), group
        self.client.create_log_group(logGroupName=group)
        self.streams: set[str] = set()

    def write(
        self, pod: str, log: Any, ago: float = 60, *, namespace: str = "prod", node: str = "a", **more: Any
    ) -> None:
        """One line of a container, `ago` seconds."""
        at = NOW - timedelta(seconds=ago)
        where = {"pod_name": pod, "namespace_name": namespace, "container_name": "main", "host": node}
        record = {"time": at.isoformat().replace("+00:00", "Z"), "stream": "stdout", "_p": "F", "log": log}
        self.put(json.dumps(record | {"kubernetes": where} | more), at, node)

    def put(self, message: str, at: datetime, node: str = "a") -> None:
        if node not in self.streams:
            self.streams.add(node)
            self.client.create_log_stream(logGroupName=self.group, logStreamName=node)
        event = {"timestamp": round(at.timestamp() * 1000), "message": message}
        self.client.put_log_events(logGroupName=self.group, logStreamName=node, logEvents=[event])


@pytest.fixture
def kept(world: World) -> Kept:
    world.prod["aws"]["logs"] = GROUP
    return Kept()


def logs(world: World, *words: str) -> Ran:
    return world.run("logs", "--source", "cloudwatch", *words)


def texts(ran: Ran) -> list[str]:
    assert ran.status == 0, ran.out
    return [event["line"]["text"] for event in ran.events if event["event"] == "logged"]


def test_lines_of_pods_that_are_gone_by_time_over_all_nodes(world: World, kept: Kept) -> None:
    kept.write("shop-api-6d9c7bbf5-x2x8q", "second", 20, node="a")
    kept.write("shop-api-6d9c7bbf5-z9z7z", "first", 30, node="b")
    kept.write("shop-api-5f6b8d9c4-bcdfg", "third\n", 10, node="b")
    ran = logs(world)
    assert texts(ran) == ["first", "second", "third"]
    line = ran.events[0]["line"]
    assert (line["service"], line["source"]) == ("api", "shop-api-6d9c7bbf5-z9z7z")
    assert line["at"].startswith((NOW - timedelta(seconds=30)).isoformat()[:19])


def test_the_containers_own_time_is_finer_than_cloudwatchs(world: World, kept: Kept) -> None:
    for number in (2, 1):
        kept.write("api-0", str(number), 30, time=f"2026-11-26T07:15:31.00000{number}789Z")
    assert texts(logs(world)) == ["1", "2"]


def test_other_namespaces_and_releases_and_what_is_no_record_are_left_out(world: World, kept: Kept) -> None:
    kept.write("shop-api-6d9c7bbf5-x2x8q", "ours")
    kept.write("shop-api-6d9c7bbf5-x2x8q", "another namespace", namespace="staging")
    kept.write("postgres-0", "another release")
    for message in ("plain text", "[]", "{}", '{"kubernetes": "no"}'):
        kept.put(message, NOW)
    assert texts(logs(world)) == ["ours"]


def test_one_service(world: World, kept: Kept) -> None:
    world.config["services"]["worker"] = {
        "image": "registry.example/worker:1",
        "workloads": ["deployment/busy"],
        "run": "x",
    }
    kept.write("shop-api-6d9c7bbf5-x2x8q", "of api")
    kept.write("busy-6d9c7bbf5-x2x8q", "of worker")
    assert texts(logs(world, "-s", "worker")) == ["of worker"]
    assert texts(logs(world, "-s", "api")) == ["of api"]


def test_workloads_in_the_cluster_name_their_pods(world: World, kept: Kept) -> None:
    mine = {"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "prod"}
    body = {
        "metadata": {"name": "named-otherwise", "annotations": mine},
        "spec": {
            "template": {"spec": {"containers": [{"image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop/api:1"}]}}
        },
    }
    answer = {"kind": "DeploymentList", "apiVersion": "apps/v1", "metadata": {}, "items": [body]}
    world.api.answers["/apis/apps/v1/namespaces/prod/deployments"] = 200, answer
    kept.write("named-otherwise-6d9c7bbf5-x2x8q", "mine")
    assert logs(world).events[0]["line"]["service"] == "api"


def test_since_and_tail(world: World, kept: Kept) -> None:
    for minutes in (120, 50, 30, 20, 10):
        kept.write("api-0", f"0 {minutes} min ago", minutes * 60)
    kept.write("api-1", "1 15 min ago", 15 * 60)
    assert texts(logs(world, "--since", "25m")) == ["0 20 min ago", "1 15 min ago", "0 10 min ago"]
    assert texts(logs(world, "--since", "3h"))[0] == "0 120 min ago"
    assert texts(logs(world))[0] == "0 50 min ago", "an hour where nothing is said"
    assert texts(logs(world, "--tail", "1")) == ["1 15 min ago", "0 10 min ago"], "the last of each pod"


def test_a_line_of_json_that_the_agent_took_apart(world: World, kept: Kept) -> None:
    kept.write("api-0", {"level": "info", "said": "hallo"})
    assert json.loads(texts(logs(world))[0]) == {"level": "info", "said": "hallo"}


def test_values_of_secrets_are_stars_those_of_earlier_releases_too(world: World, kept: Kept) -> None:
    names = [f"shop-{number}" for number in "12"]
    items = [{"metadata": {"name": name}} for name in names]
    world.api.answers["/api/v1/namespaces/prod/secrets"] = 200, {"metadata": {}, "items": items}
    for name in names:
        held = {"TOKEN": base64.b64encode(f"canary-{name}".encode()).decode()}
        world.api.answers[f"/api/v1/namespaces/prod/secrets/{name}"] = 200, {"metadata": {"name": name}, "data": held}
    kept.write("api-0", "now canary-shop-2, before canary-shop-1")
    assert texts(logs(world)) == ["now ***, before ***"]


def test_the_cluster_may_be_gone(world: World, kept: Kept) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    file = world.root / "kubeconfig"
    file.write_text(file.read_text().replace(f"http://127.0.0.1:{world.api.port}", nowhere))
    kept.write("shop-api-6d9c7bbf5-x2x8q", "its last words")
    assert texts(logs(world)) == ["its last words"]


def test_pages_are_read_to_the_end(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(25):
        kept.put(f"line {number}", NOW - timedelta(seconds=25 - number))
    door = aws.Door(Aws(account=ACCOUNT, region=REGION))
    client = door.client("logs")
    whole = client.filter_log_events
    asked: list[str | None] = []

    def small(**given: Any) -> Any:
        asked.append(given.get("nextToken"))
        return whole(**given | {"limit": 10})

    paginator = client.get_paginator("filter_log_events")
    monkeypatch.setattr(paginator, "_method", small)
    monkeypatch.setattr(client, "get_paginator", lambda name: paginator)
    monkeypatch.setattr(aws.Door, "client", lambda self, service, **config: client)
    pages = cloudwatch_logs.events(door, GROUP, "", NOW - timedelta(hours=1), NOW)
    assert [one.message for page in pages for one in page] == [f"line {number}" for number in range(25)]
    assert len(asked) == 3


def test_throttling_is_borne_by_the_sdk_and_told_when_it_does_not_end(
    keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloudwatch_logs, "ATTEMPTS", 3)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with refusing("ThrottlingException") as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", url)
        door = aws.Door(Aws(account=ACCOUNT, region=REGION))
        with pytest.raises(Refused) as caught:
            list(cloudwatch_logs.events(door, GROUP, "", NOW, NOW))
    assert caught.value.code == "aws-throttled"
    assert caught.value.retryable


def test_a_group_that_is_not_there_is_named(world: World, kept: Kept) -> None:
    world.prod["aws"]["logs"] = "/elsewhere/application"
    ran = logs(world)
    assert ran.status == 3
    assert ran.result["error"]["code"] == "log-group-missing"
    assert "/elsewhere/application" in ran.result["error"]["message"]


def test_where_no_group_is_known_the_key_is_named(world: World, kept: Kept) -> None:
    world.prod["aws"].pop("logs")
    ran = logs(world)
    assert ran.result["error"]["code"] == "log-group-unknown"
    assert "environments.prod.aws.logs" in ran.result["error"]["where"]


@pytest.mark.parametrize("flag", ["--follow", "--previous"])
def test_what_only_a_cluster_can_do_is_a_mistake(world: World, flag: str) -> None:
    assert logs(world, flag).status == 2


def test_a_local_environment_has_its_logs_here(world: World) -> None:
    world.prod.clear()
    world.prod.update(platform="local")
    assert logs(world).result["error"]["code"] == "logs-source"


@pytest.mark.parametrize(
    ("pod", "service"),
    [
        ("shop-api-6d9c7bbf5-x2x8q", "api"),
        ("shop-api-x2x8q", "api"),
        ("shop-api-0", "api"),
        ("shop-api-worker-6d9c7bbf5-x2x8q", "worker"),
        ("shop-api-migrate-6d9c7bbf5-x2x8q", None),
        ("shop-apis-6d9c7bbf5-x2x8q", None),
        ("shop-api", None),
    ],
)
def test_the_service_of_a_pod_by_its_name(pod: str, service: str | None) -> None:
    assert service_of(pod, {"shop-api": "api", "shop-api-worker": "worker", "shop": "api"}) == service
