"""What is told for a person to type leads to the same cluster, whoever's kubeconfig it stands in."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
import yaml

from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.platforms.kubernetes import checkup
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.settings import Aws, Cluster, Environment, EnvironmentFile
from tests.adapters.aws_keys import REGION, keys, moto

__all__ = ["keys", "moto"]


def site(root: Path, **cluster: str) -> Site:
    file = EnvironmentFile(platform="kubernetes", namespace="web", cluster=Cluster(**cluster), aws=Aws(region=REGION))
    environment = Environment(
        project="shop", name="test", root=root, config_path=root / "cloudnorth.yaml", services={}, migrate=None,
        verify=(), file=file,
    )  # fmt: skip
    return Site(environment, Journal(run="run-1"))


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A kubeconfig with one context."""
    context = {"name": "lab", "context": {"cluster": "lab", "user": "lab"}}
    path = tmp_path / "a kubeconfig"
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "contexts": [context]}))
    return str(path)


def test_a_context_of_ones_own_is_enough(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", file)
    assert site(tmp_path, context="lab").kubectl("get", "pods") == "kubectl --context lab --namespace web get pods"


def test_a_kubeconfig_that_is_configured_is_named(file: str, tmp_path: Path) -> None:
    told = site(tmp_path, context="lab", kubeconfig=file).kubectl("get", "pods")
    assert told == f"kubectl --kubeconfig '{file}' --context lab --namespace web get pods"


def test_the_private_one_of_eks_is_named(moto: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    boto3.client("eks", region_name=REGION).create_cluster(
        name="shop", roleArn="arn:aws:iam::123456789012:role/r", resourcesVpcConfig={}
    )
    file = site(tmp_path, eks="shop").way[1]
    assert site(tmp_path, eks="shop").way == ("--kubeconfig", file, "--context", "shop")
    assert Path(file).is_file()


def test_a_cluster_that_is_missing_is_asked_for_once(
    moto: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = site(tmp_path, eks="shop")
    assert there.eks
    asked = []
    monkeypatch.setattr(there.eks, "_ask", lambda ask=there.eks._ask: asked.append(1) or ask())
    with pytest.raises(Refused) as caught:
        checkup._cluster(there)
    assert (caught.value.code, caught.value.where) == ("eks-missing", "cloudnorth.yaml environments.test.cluster.eks")
    assert asked == [1]
