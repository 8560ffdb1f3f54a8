"""Logins that are renewed, and repositories that are made where they lack and never changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from unittest import mock

import boto3
import pytest

from cloudnorth_cli.adapters import aws
from cloudnorth_cli.adapters.ecr import Ecr
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.settings import Aws
from tests.adapters.aws_double import refusing
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto

__all__ = ["keys", "moto"]
HERE = Aws(account=ACCOUNT, region=REGION)


def ecr() -> Ecr:
    return Ecr(aws.Door(HERE))


def test_a_login_is_a_secret(moto: None) -> None:
    login = ecr().login()
    assert login.username == "AWS"
    assert login.password.reveal() == f"{ACCOUNT}-auth-token"
    assert "auth-token" not in repr(login)


def test_a_login_is_kept_until_it_is_about_to_end() -> None:
    door, ours = mock.MagicMock(), []

    def given() -> dict[str, object]:
        ours.append(1)
        ends = datetime.now(UTC) + timedelta(hours=12 if len(ours) == 1 else 0.1)
        return {"authorizationData": [{"authorizationToken": "QVdTOnB3", "expiresAt": ends}]}

    door.client.return_value.get_authorization_token = given
    one = Ecr(door)
    one.login()
    one.login()
    assert len(ours) == 1
    one.login(renew=True)
    one.login()
    assert len(ours) == 3, "renewed as asked, and again as six minutes are no room for a push"


def test_a_repository_that_lacks_is_made_and_never_touched_again(moto: None) -> None:
    client = boto3.client("ecr", region_name=REGION)
    assert ecr().ensure("shop/api")
    made = client.describe_repositories(repositoryNames=["shop/api"])["repositories"][0]
    assert made["imageTagMutability"] == "IMMUTABLE"
    assert made["imageScanningConfiguration"] == {"scanOnPush": True}
    policy = json.loads(client.get_lifecycle_policy(repositoryName="shop/api")["lifecyclePolicyText"])
    assert policy["rules"][0]["selection"]["tagStatus"] == "untagged"


def test_an_existing_repository_stays_as_it_is(moto: None) -> None:
    client = boto3.client("ecr", region_name=REGION)
    before = client.create_repository(repositoryName="shop/api", imageTagMutability="MUTABLE")["repository"]
    assert not ecr().ensure("shop/api")
    assert client.describe_repositories(repositoryNames=["shop/api"])["repositories"] == [before]
    with pytest.raises(client.exceptions.LifecyclePolicyNotFoundException):
        client.get_lifecycle_policy(repositoryName="shop/api")


def test_what_may_not_be_asked(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing("AccessDeniedException") as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", url)
        with pytest.raises(Refused) as caught:
            ecr().ensure("shop/api")
    assert caught.value.code == "aws-denied"
    assert "DescribeRepositories" in caught.value.message
