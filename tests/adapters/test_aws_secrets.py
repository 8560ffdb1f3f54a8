"""Secrets of Secrets Manager and SSM: read as they are, refused with their place and the next command. moto answers."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pytest

from cloudnorth_cli import secrets, templates
from cloudnorth_cli.adapters import aws
from cloudnorth_cli.adapters.aws_secrets import Vault
from cloudnorth_cli.adapters.terraform_outputs import Outputs
from cloudnorth_cli.errors import ExitStatus, Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.model import Secret
from cloudnorth_cli.settings import Aws, SecretSource
from tests.adapters.aws_double import refusing
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto

__all__ = ["keys", "moto"]
LONG = "".join(f"{number:06x}\n" for number in range(8571))
"""60 kB of lines; Secrets Manager takes 64 kB."""
LOGIN = {"username": "shop", "password": 'p"ä\\\n', "port": 3306, "tls": True, "tags": {"a": 1}}


@pytest.fixture
def kept(moto: None) -> None:
    manager, store = boto3.client("secretsmanager", region_name=REGION), boto3.client("ssm", region_name=REGION)
    for name, value in {"shop/url": "mysql://s3cret", "shop/key": LONG, "shop/login": json.dumps(LOGIN)}.items():
        manager.create_secret(Name=name, SecretString=value)
    manager.create_secret(Name="shop/bytes", SecretBinary=b"caf\xe9")
    manager.create_secret(Name="shop/text", SecretBinary=b"as bytes")
    store.put_parameter(Name="/shop/token", Value="first\nsecond\n", Type="SecureString")


def read(*sources: SecretSource, **settings: Any) -> Mapping[str, Secret]:
    door = aws.Door(Aws(**({"account": ACCOUNT, "region": REGION} | settings)))
    known = secrets.Sources(Path(), {}, Vault(door), outputs(), Journal(), place)
    return known.resolve({f"S{number}": source for number, source in enumerate(sources)}, "secrets")


def place(*path: str) -> str:
    return f"cloudnorth.yaml:9:3 {path[-1]}"


def outputs(**told: str) -> Outputs:
    """Terraform's, as a text is filled with them."""
    made = mock.Mock(spec=Outputs)
    made.filled = lambda text, where: templates.fill_some(text, "terraform.", told.__getitem__)
    return made


def value(source: SecretSource) -> str:
    return read(source)["S0"].reveal()


def refused(*sources: SecretSource, **settings: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        read(*sources, **settings)
    assert raised.value.status == ExitStatus.REFUSED
    assert (raised.value.where or "").startswith("cloudnorth.yaml:9:3 S")
    assert raised.value.next
    return raised.value


def test_texts_are_read_as_they_are(kept: None) -> None:
    assert value(SecretSource(secretsmanager="shop/url")) == "mysql://s3cret"
    assert value(SecretSource(secretsmanager="shop/text")) == "as bytes"
    assert value(SecretSource(ssm="/shop/token")) == "first\nsecond\n"
    assert len(LONG) > 59_990
    assert value(SecretSource(secretsmanager="shop/key")) == LONG


def test_a_secret_is_found_by_its_arn_too(kept: None) -> None:
    arn = boto3.client("secretsmanager", region_name=REGION).describe_secret(SecretId="shop/url")["ARN"]
    assert value(SecretSource(secretsmanager=arn)) == "mysql://s3cret"


def test_a_name_may_come_from_terraform(kept: None) -> None:
    door = aws.Door(Aws(account=ACCOUNT, region=REGION))
    known = secrets.Sources(Path(), {}, Vault(door), outputs(arn="shop/login", name="token"), Journal(), place)
    wanted = {
        "A": SecretSource(secretsmanager="{terraform.arn}", key="username"),
        "B": SecretSource(ssm="/shop/{terraform.name}"),
    }
    assert [one.reveal() for one in known.resolve(wanted).values()] == ["shop", "first\nsecond\n"]


def test_one_key_of_a_json_text(kept: None) -> None:
    def key(name: str) -> SecretSource:
        return SecretSource(secretsmanager="shop/login", key=name)

    found = read(*map(key, ("username", "password", "port", "tls")))
    assert [one.reveal() for one in found.values()] == ["shop", 'p"ä\\\n', "3306", "true"]
    for source, said in {
        key("host"): "Secrets Manager shop/login, key host: it has no such key",
        key("tags"): "Secrets Manager shop/login, key tags: what stands there is no text",
        SecretSource(secretsmanager="shop/url", key="x"): "Secrets Manager shop/url, key x: it is no JSON text",
    }.items():
        error = refused(source)
        assert said in error.message
        assert "s3cret" not in f"{error.message} {error.__cause__} {error.__context__}"


def test_what_is_not_there_is_told_with_its_region_and_the_next_command(kept: None) -> None:
    error = refused(SecretSource(secretsmanager="shop/none"), SecretSource(ssm="/shop/none"), profile=None)
    assert error.message == "2 secrets cannot be read"
    assert error.evidence == (
        "cloudnorth.yaml:9:3 S0  secret S0: Secrets Manager shop/none: there is none in us-east-1",
        "cloudnorth.yaml:9:3 S1  secret S1: SSM /shop/none: there is none in us-east-1",
    )
    assert error.code == "secret-missing"
    assert error.next == (
        "aws secretsmanager describe-secret --secret-id shop/none --region us-east-1",
        "aws ssm describe-parameters --parameter-filters Key=Name,Values=/shop/none --region us-east-1",
    )
    elsewhere = refused(SecretSource(secretsmanager="shop/url"), region="eu-west-1")
    assert "there is none in eu-west-1" in elsewhere.message


def test_bytes_are_refused_and_not_told(kept: None) -> None:
    error = refused(SecretSource(secretsmanager="shop/bytes"))
    assert error.message.endswith("it holds bytes that are no UTF-8 text")
    assert "caf" not in f"{error.message} {error.__cause__}"


def test_another_account_s_secret_of_the_same_name_is_not_read(kept: None) -> None:
    error = refused(SecretSource(secretsmanager="shop/url"), account="999999999999")
    assert error.code == "aws-account"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ("AccessDeniedException", "aws-denied", "Secrets Manager shop/url: AWS does not let us ask for its value"),
        ("ExpiredTokenException", "aws-credentials-expired", "the AWS credentials have expired"),
        ("UnrecognizedClientException", "aws-credentials", "AWS refuses the credentials"),
        ("ThrottlingException", "aws-throttled", "AWS asks us to slow down"),
    ],
)
def test_what_aws_refuses(answer: str, code: str, words: str, keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "ATTEMPTS", 1)
    with refusing(answer) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        error = refused(SecretSource(secretsmanager="shop/url"), account=None)
        assert error.code == code
        assert words in error.message
        of_account = refused(SecretSource(ssm="/a"), SecretSource(ssm="/b"))
        assert of_account.code == code


def test_credentials_that_are_missing(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    error = refused(SecretSource(ssm="/shop/token"), account=None)
    assert (error.code, error.next) == ("aws-credentials-missing", ("aws configure",))


def test_a_region_that_is_none(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "ATTEMPTS", 1)
    assert refused(SecretSource(ssm="/a"), account=None, region=None).code == "aws-region"


@pytest.mark.parametrize("account", [ACCOUNT, None])
def test_an_endpoint_that_hangs_is_waited_for_once(
    account: str | None, keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "ATTEMPTS", 1)
    monkeypatch.setattr(aws, "READ", 0.5)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        started = time.monotonic()
        error = refused(*(SecretSource(secretsmanager=f"shop/{number}") for number in range(12)), account=account)
        assert time.monotonic() - started < 4
    assert (error.code, error.retryable) == ("aws-unreachable", True)
