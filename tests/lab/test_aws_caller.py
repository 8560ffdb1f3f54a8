"""The double knows a caller by the signature: changed, late or for another cluster it is refused, as by STS."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import urlsplit

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from cloudnorth_cli.adapters import eks
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.settings import Aws
from tests.adapters.aws_keys import keys, moto
from tests.lab.aws import caller, server
from tests.lab.aws.names import CLUSTER, DEPLOYER, REGION

__all__ = ["keys", "moto"]
pytestmark = pytest.mark.usefixtures("user")
KEY, SECRET = "AKIALAB2LAB3LAB4LAB5", "not-a-secret"


@pytest.fixture
def user(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user of the lab's shell, whose keys this process has."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    server.give_user_a_key(KEY, SECRET)


def ask(url: str, cluster: str = CLUSTER) -> tuple[int, str]:
    """What the authenticator gets to hear: status, and the caller's ARN or the error's code."""
    parts = urlsplit(url)
    headers = {eks.HEADER: cluster, "Accept": "application/json"}
    builder = EnvironBuilder(path="/", query_string=parts.query, base_url=f"https://{parts.netloc}", headers=headers)
    request = Request(builder.get_environ())
    assert caller.is_presigned(request)
    answer = caller.answer(request)
    document = json.loads(answer.get_data())
    if answer.status_code == 200:
        return 200, document["GetCallerIdentityResponse"]["GetCallerIdentityResult"]["Arn"]
    return answer.status_code, document["Error"]["Code"]


def url(role: str | None = None) -> str:
    """What our own token holds."""
    token = eks.Eks(Door(Aws(region=REGION, role=role)), CLUSTER).token().value.reveal().removeprefix(eks.PREFIX)
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()


def test_who_signed_is_told() -> None:
    assert ask(url()) == (200, "arn:aws:iam::123456789012:user/lab")
    status, arn = ask(url(DEPLOYER))
    assert (status, arn) == (200, "arn:aws:sts::123456789012:assumed-role/deployer-lab/cloudnorth")


@pytest.mark.parametrize("end", ["abcd", "é"])
def test_another_cluster_and_another_signature_are_refused(end: str) -> None:
    assert ask(url(), "other") == (403, "SignatureDoesNotMatch")
    assert ask(url()[:-4] + end) == (403, "SignatureDoesNotMatch")


def test_an_unknown_key_and_a_session_without_its_token_are_refused() -> None:
    assert ask(url().replace(KEY, "AKIAXXXXXXXXXXXXXXXX")) == (403, "InvalidClientTokenId")
    of_role = url(DEPLOYER)
    token = next(part for part in of_role.split("&") if part.startswith("X-Amz-Security-Token="))
    assert ask(of_role.replace(f"&{token}", "")) == (403, "InvalidClientTokenId")


def test_a_signature_ends_after_fifteen_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    signed, now = url(), time.time()
    monkeypatch.setattr(caller.time, "time", lambda: now + 14 * 60)
    assert ask(signed)[0] == 200
    monkeypatch.setattr(caller.time, "time", lambda: now + 15 * 60 + 1)
    assert ask(signed) == (403, "ExpiredToken")
