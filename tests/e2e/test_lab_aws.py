"""The whole road on AWS's own names, by `cloudnorth` alone, against the lab's double: from nothing to nothing.

One story, because each part needs the one before; what it stands on is made by terraform/ as for prod.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.aws import BUCKET, Inside, open_shop, well
from tests.lab.aws import names
from tests.terraform.project import needs_terraform

pytestmark = [
    pytest.mark.lab, pytest.mark.repeat, needs_terraform, pytest.mark.timeout(1500),
    pytest.mark.xdist_group("lab-aws"),
]  # fmt: skip
REGISTRY = f"{names.ACCOUNT}.dkr.ecr.{names.REGION}.amazonaws.com"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """The bucket of the states stands, nothing else does."""
    made = open_shop(tmp_path_factory.mktemp("lab-aws"))
    made.forget()
    bootstrap = "-chdir=terraform/bootstrap"
    init = made.inside("terraform", bootstrap, "init", "-input=false", "-no-color")
    if init.returncode != 0:
        pytest.skip(f"the AWS provider cannot be had: {init.stderr.strip().splitlines()[-1:]}")
    variables = ("-var", f"bucket={BUCKET}", "-var", "policy=false")
    applied = made.inside("terraform", bootstrap, "apply", "-auto-approve", "-input=false", "-no-color", *variables)
    assert applied.returncode == 0, applied.stderr
    yield made
    made.run("down")
    made.forget()


def listening(shop: Inside) -> Callable[[], list[dict[str, Any]]]:
    """Subscribe a queue to the environment's topic; gives what has come."""
    sqs, sns = shop.client("sqs"), shop.client("sns")
    queue = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = f"arn:aws:sns:{names.REGION}:{names.ACCOUNT}:shop-lab-alerts"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})

    def come() -> list[dict[str, Any]]:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(one["Body"]) for one in found]

    return come


def test_provision_makes_it_and_then_finds_nothing_to_do(shop: Inside) -> None:
    made = shop.run("provision")
    well(made)
    assert len(made.result["plan"]["changes"]) > 80
    outputs = made.result["outputs"]
    assert outputs["cluster_endpoint"] == shop.here.api
    assert outputs["ecr_repositories"]["api"] == f"{REGISTRY}/shop-lab/api"
    again = shop.run("drift", "--exit-code")
    assert (again.status, again.result["outcome"]) == (0, "unchanged"), again.out


def test_doctor_finds_all_well(shop: Inside) -> None:
    for _ in range(3):  # each check has four seconds, and the other tests share the two cores
        looked = shop.run("doctor")
        if looked.status == 0:
            break
    well(looked)
    checks = {check["name"]: check["summary"] for check in looked.result["checks"]}
    assert ":assumed-role/deployer-lab/cloudnorth" in checks["aws"]
    assert checks["ecr"] == "2 of 2 repositories"


def test_build_push_and_deploy_bring_the_first_release(shop: Inside) -> None:
    well(shop.run("build"))
    pushed = shop.run("push")
    well(pushed)
    images = {image["service"]: image for image in pushed.result["images"]}
    for service in ("api", "storefront"):
        seen = shop.client("ecr").describe_images(repositoryName=f"shop-lab/{service}")["imageDetails"]
        assert [(one["imageDigest"], one["imageTags"]) for one in seen] == [
            (images[service]["digest"], [images[service]["tag"]])
        ]
    told = listening(shop)
    deployed = shop.run("deploy")
    well(deployed)
    assert deployed.result["release"]["number"] == 1
    (message,) = told()
    assert message["result"]["outcome"] == "done"
    assert deployed.step("push")["summary"] == "0 B, the registry has them all"
    running = set(shop.kubectl("get", "pods", "-o", "jsonpath={.items[*].spec.containers[*].image}").split())
    assert {f"{image['repository']}@{image['digest']}" for image in images.values()} <= running
    assert shop.run("deploy").result["outcome"] == "unchanged"


def test_status_and_logs_read_by_the_same_way(shop: Inside) -> None:
    status = shop.run("status")
    well(status)
    shown = status.result["status"][0]
    assert shown["healthy"] is True
    assert (shown["alarms"]["prefix"], shown["alarms"]["unread"]) == ("shop-lab-", "")
    assert shown["alarms"]["ok"] + len(shown["alarms"]["not_ok"]) > 5
    logs = shop.run("logs", "-s", "api")
    well(logs)
    lines = [event["line"]["text"] for event in logs.events if event["event"] == "logged"]
    assert any("Application startup complete" in line for line in lines), logs.out


def test_a_second_release_is_taken_back_from_pods_that_are_pulled_from_ecr(shop: Inside) -> None:
    first = shop.run("status").result["release"]
    sheet = shop.root / "app/shop/storefront/static/shop.css"
    sheet.write_text(sheet.read_text() + "\n/* another line */\n")
    second = shop.run("deploy")
    well(second)
    assert second.result["release"]["number"] == 2
    back = shop.run("rollback")
    well(back)
    assert back.result["release"]["id"] == first["id"]
    assert shop.run("status").result["release"]["id"] == first["id"]


def test_the_kubeconfig_holds_no_secret_and_lets_kubectl_in(shop: Inside, tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    well(shop.run("kubeconfig", "--out", str(file)))
    assert "k8s-aws-v1" not in file.read_text()
    who = shop.inside("kubectl", "--kubeconfig", str(file), "auth", "whoami", "-o", "jsonpath={.status.userInfo}")
    assert who.returncode == 0, who.stderr
    assert '"username":"deployer:cloudnorth"' in who.stdout
    beyond = shop.inside("kubectl", "--kubeconfig", str(file), "-n", "kube-system", "get", "secrets")
    assert "secrets is forbidden" in beyond.stderr


def test_outside_of_the_shell_nothing_of_it_can_be_reached(shop: Inside) -> None:
    assert shop.here.address not in Path("/etc/resolv.conf").read_text()


def test_destroy_leaves_nothing(shop: Inside) -> None:
    gone = shop.run("provision", "--destroy", "--confirm", "lab-aws")
    well(gone)
    assert shop.client("eks").list_clusters()["clusters"] == []
    assert shop.client("ecr").describe_repositories()["repositories"] == []
    assert shop.kubectl("get", "deployments", "-o", "name") == ""
