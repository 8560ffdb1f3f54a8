"""Whose credentials, which region, and what is said when AWS cannot be asked."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from cloudnorth_cli.adapters import aws
from cloudnorth_cli.errors import ExitStatus, Refused
from cloudnorth_cli.settings import Aws
from tests.adapters.aws_double import refusing
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto

__all__ = ["keys", "moto"]
HERE = Aws(account=ACCOUNT, region=REGION)


@pytest.fixture
def hanging() -> Iterator[str]:
    """The URL of an endpoint that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def refused(settings: Aws = HERE) -> Refused:
    with pytest.raises(Refused) as caught:
        aws.Door(settings).check()
    assert caught.value.status == ExitStatus.REFUSED
    assert caught.value.next, "each names the next command"
    return caught.value


def test_who_we_are(moto: None) -> None:
    assert aws.Door(HERE).check().account == ACCOUNT
    assert aws.check_account(HERE).startswith(f"arn:aws:sts::{ACCOUNT}:")
    assert aws.check_account(Aws()) == ""


def test_a_wrong_account_is_refused_naming_both(moto: None) -> None:
    error = refused(Aws(account="999999999999", region=REGION))
    assert error.code == "aws-account"
    assert "account 123456789012" in error.message
    assert "aws.account is 999999999999" in error.message


def test_a_role_is_assumed(moto: None) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/deployer"
    assert aws.Door(Aws(account=ACCOUNT, region=REGION, role=role)).check().arn == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/cloudnorth"
    )


def test_a_role_that_may_not_be_assumed(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing("AccessDenied", 403) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        error = refused(Aws(region=REGION, role=f"arn:aws:iam::{ACCOUNT}:role/other"))
    assert error.code == "aws-denied"
    assert "AssumeRole" in error.message


def test_missing_credentials(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    for role in (None, f"arn:aws:iam::{ACCOUNT}:role/deployer"):
        error = refused(Aws(region=REGION, role=role))
        assert (error.code, error.next) == ("aws-credentials-missing", ("aws configure",))


def test_a_profile_that_is_not_there(keys: None) -> None:
    error = refused(Aws(region=REGION, profile="nobody"))
    assert (error.code, error.next) == ("aws-credentials-missing", ("aws configure list-profiles",))


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ("ExpiredToken", 403, "aws-credentials-expired"),
        ("InvalidClientTokenId", 403, "aws-credentials"),
        ("AccessDenied", 403, "aws-denied"),
        ("Throttling", 400, "aws-throttled"),
        ("InternalFailure", 500, "aws-failed"),
    ],
)
def test_what_aws_answers(keys: None, monkeypatch: pytest.MonkeyPatch, said: str, status: int, code: str) -> None:
    with refusing(said, status) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        error = refused()
    assert error.code == code
    assert "said the endpoint" in error.message
    assert error.retryable == (code in ("aws-throttled", "aws-failed"))


def test_an_endpoint_that_hangs_is_given_up(keys: None, monkeypatch: pytest.MonkeyPatch, hanging: str) -> None:
    assert (aws.CONNECT + aws.READ) * aws.ATTEMPTS < 15
    monkeypatch.setattr(aws, "READ", 0.2)
    monkeypatch.setenv("AWS_ENDPOINT_URL", hanging)
    began = time.monotonic()
    error = refused()
    assert (error.code, error.retryable) == ("aws-unreachable", True)
    assert time.monotonic() - began < 5


def test_no_region(keys: None) -> None:
    assert refused(Aws(account=ACCOUNT)).code == "aws-region"


@pytest.mark.parametrize("region", ["us-eats-1", "no region"])
def test_a_wrong_region(keys: None, monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    # A port that nobody listens on stands for a name that nobody knows.
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    error = refused(Aws(account=ACCOUNT, region=region))
    assert error.code == "aws-region"
    assert region in error.message
    if region == "us-eats-1":
        assert "us-east-1" in error.message


def test_the_machines_region_where_none_is_named(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert aws.Door(Aws()).region == "eu-west-1"
    assert aws.Door(HERE).region == REGION


def test_a_door_gives_several_clients_of_s3(moto: None) -> None:
    door = aws.Door(HERE)
    assert [door.client("s3").list_buckets()["Buckets"] for _ in range(2)] == [[], []]
