"""The double refuses the deployer what the published policies do not name, and nobody else anything."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core.authorization import ActionAuthenticatorMixin

from tests.adapters.aws_keys import REGION, keys, moto
from tests.lab.aws import rights
from tests.lab.aws.names import ADMIN, CLUSTER, DEPLOYER

__all__ = ["keys", "moto"]
NOT_THERE = {"ecr": ("RepositoryNotFoundException",), "eks": ("ResourceNotFoundException",)}


@pytest.fixture(autouse=True)
def _bound(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "_authenticate_and_authorize_action"
    monkeypatch.setattr(ActionAuthenticatorMixin, name, getattr(ActionAuthenticatorMixin, name))
    rights.bind_the_deployer()


def as_role(role: str, service: str) -> Any:
    said = boto3.client("sts", region_name=REGION).assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.client(
        service, region_name=REGION, aws_access_key_id=said["AccessKeyId"],
        aws_secret_access_key=said["SecretAccessKey"], aws_session_token=said["SessionToken"],
    )  # fmt: skip


def test_what_is_published_is_allowed() -> None:
    ecr = as_role(DEPLOYER, "ecr")
    ecr.create_repository(repositoryName="shop/api")
    ecr.get_authorization_token()
    boto3.client("eks", region_name=REGION).create_cluster(name=CLUSTER, roleArn=ADMIN, resourcesVpcConfig={})
    assert as_role(DEPLOYER, "eks").describe_cluster(name=CLUSTER)["cluster"]["name"] == CLUSTER
    assert as_role(DEPLOYER, "cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert as_role(DEPLOYER, "sts").get_caller_identity()["Arn"].endswith(":assumed-role/deployer-lab/test")


@pytest.mark.parametrize(
    ("service", "verb", "words"),
    [
        ("ecr", "delete_repository", {"repositoryName": "shop/api"}),
        ("eks", "delete_cluster", {"name": CLUSTER}),
        ("s3", "create_bucket", {"Bucket": "shop"}),
        ("iam", "list_users", {}),
        ("ec2", "describe_instances", {}),
    ],
)
def test_what_is_not_is_denied_to_the_deployer_alone(service: str, verb: str, words: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="AccessDenied|UnauthorizedOperation"):
        getattr(as_role(DEPLOYER, service), verb)(**words)
    with suppress(*(getattr(as_role(ADMIN, service).exceptions, name) for name in NOT_THERE.get(service, ()))):
        getattr(as_role(ADMIN, service), verb)(**words)
