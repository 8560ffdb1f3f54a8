"""`cloudnorth kubeconfig` of a cluster of EKS: for other tools, without a secret in it. moto answers."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import boto3
import pytest
import yaml

from cloudnorth_cli import config
from cloudnorth_cli.commands.kubeconfig import kubeconfig
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.platforms import Platform, open_platform
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto

__all__ = ["keys", "moto"]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"


def platform(root: Path, cluster: str = "shop-prod", aws: str = "") -> Platform:
    (root / "cloudnorth.yaml").write_text(f"""\
version: 1
project: shop
services: {{api: {{image: nginx}}}}
environments:
  prod:
    platform: kubernetes
    aws: {{account: "{ACCOUNT}", region: {REGION}{aws}}}
    cluster: {{eks: {cluster}}}
    helm: {{chart: chart}}
""")
    loaded = config.load_project(None, root, {})
    return open_platform(config.environment(loaded, "prod", {}, files=False), Journal())


@pytest.fixture
def there(moto: None) -> None:
    boto3.client("eks", region_name=REGION).create_cluster(
        name="shop-prod", roleArn=f"arn:aws:iam::{ACCOUNT}:role/eks", resourcesVpcConfig={"subnetIds": []}
    )


def test_it_names_the_cluster_and_how_to_get_a_token(there: None, tmp_path: Path) -> None:
    told = yaml.safe_load(kubeconfig(platform(tmp_path)).text or "")
    assert told["current-context"] == "shop-prod"
    (cluster,), (user,) = told["clusters"], told["users"]
    assert cluster["cluster"]["server"].startswith("https://")
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"])
    plugin = user["user"]["exec"]
    assert plugin["command"] == "cloudnorth"
    assert plugin["args"][:1] == ["token"]
    assert {"shop-prod", REGION} <= set(plugin["args"])
    assert list(user["user"]) == ["exec"], "no token, no key"


def test_a_role_is_handed_on(there: None, tmp_path: Path) -> None:
    from cloudnorth_cli.adapters import eks

    made = eks.kubeconfig(platform(tmp_path)._site.eks.describe(), ROLE, None, ("cloudnorth",))  # type: ignore[attr-defined]
    assert ROLE in yaml.safe_load(made)["users"][0]["user"]["exec"]["args"]


def test_into_a_file_for_its_owner_only(there: None, tmp_path: Path) -> None:
    out = tmp_path / "kubeconfig"
    result = kubeconfig(platform(tmp_path), out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert result.next == (f"kubectl --kubeconfig {out} get pods",)


def test_a_cluster_that_is_not_there_is_told(there: None, tmp_path: Path) -> None:
    with pytest.raises(Refused) as raised:
        kubeconfig(platform(tmp_path, "shop-pord"))
    assert raised.value.code == "eks-missing"
    assert raised.value.next
