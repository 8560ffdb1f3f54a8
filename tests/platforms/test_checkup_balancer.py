"""Node ports of the release's Services against those of the load balancer's target groups. moto answers for AWS."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest

from cloudnorth_cli.commands.doctor import examine
from cloudnorth_cli.model import Checked
from cloudnorth_cli.platforms import Check, Seen
from cloudnorth_cli.platforms.kubernetes import checkup_balancer
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.settings import Aws, EnvironmentFile, Terraform
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto

__all__ = ["keys", "moto"]


@pytest.fixture
def network(moto: None) -> str:
    """A VPC with target groups for two services, and one of somebody else's beside it."""
    ec2, balancers = boto3.client("ec2", region_name=REGION), boto3.client("elbv2", region_name=REGION)
    ours, others = (ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in range(2))
    for name, port, vpc in (("shop-api", 30080, ours), ("shop-storefront", 30030, ours), ("other", 30999, others)):
        balancers.create_target_group(Name=name, Protocol="HTTP", Port=port, VpcId=vpc, TargetType="instance")
    return str(ours)


def service(name: str, port: int | None, release: str = "shop") -> dict[str, Any]:
    notes = {"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": "web"}
    ports = [{"port": 80, **({"nodePort": port} if port else {})}]
    return {"metadata": {"name": name, "annotations": notes}, "spec": {"ports": ports}}


def looked(network: str, *services: dict[str, Any], terraform: Terraform | None = None) -> Checked:
    file = EnvironmentFile(platform="kubernetes", aws=Aws(account=ACCOUNT, region=REGION), terraform=terraform)
    site = SimpleNamespace(
        environment=SimpleNamespace(name="prod", file=file),
        namespace="web",
        release="shop",
        eks=SimpleNamespace(describe=lambda: SimpleNamespace(network=network)),
        api=SimpleNamespace(items=lambda path: services),
    )
    checks = (Check("cluster", lambda: Seen("")), *checkup_balancer.checks(cast(Site, site)))
    return examine(checks, 20.0)[-1]


def test_ports_that_meet_are_well(network: str) -> None:
    found = looked(network, service("api", 30080), service("storefront", 30030), service("mysql", None))
    assert (found.state, found.summary) == ("well", "shop-api 30080, shop-storefront 30030")


def test_a_port_that_nobody_sends_to_is_found(network: str) -> None:
    found = looked(network, service("api", 30999), service("storefront", 30030))
    (finding,) = found.findings
    assert finding.code == "target-port"
    assert finding.message.startswith("service api is at node port 30999, and the target groups send to shop-api 30080")
    assert finding.next == ("helm get values shop -n web",)
    (finding,) = looked(network, service("api", 30999), terraform=Terraform()).findings
    assert finding.next == ("cloudnorth provision --env prod --plan",)


def test_what_is_none_of_the_release_or_has_no_balancer_is_let_be(network: str) -> None:
    assert looked(network, service("api", 31000, release="other")).summary.startswith("no service of the release")
    assert looked(network, service("api", None)).summary.startswith("no service of the release")
    assert looked("vpc-0", service("api", 31000)).summary.startswith("no target group")


def test_another_cluster_is_not_asked_about() -> None:
    assert tuple(checkup_balancer.checks(cast(Site, SimpleNamespace(eks=None)))) == ()
