"""ECR's rules as the double keeps them: a login, repositories that are there, tags that stay, and what was pushed."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from tests.adapters.aws_keys import REGION, keys, moto
from tests.lab.aws import registry
from tests.registry_double import MANIFEST, RegistryDouble, registry_double

__all__ = ["keys", "moto"]
pytestmark = pytest.mark.usefixtures("moto")
HOST = f"123456789012.dkr.ecr.{REGION}.amazonaws.com"
LOGIN = "Basic " + base64.b64encode(b"AWS:123456789012-auth-token").decode()


def ask(method: str, path: str, login: str | None = LOGIN, host: str = HOST) -> Response:
    headers = {"X-Forwarded-Host": host, "X-Forwarded-Method": method, "X-Forwarded-Uri": path}
    if login:
        headers["Authorization"] = login
    return registry.gate(Request(EnvironBuilder(path="/_lab/gate", headers=headers).get_environ()))


def code(answer: Response) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.get_data())["errors"][0]["code"]


def repository(name: str, mutability: str = "MUTABLE") -> Any:
    ecr = boto3.client("ecr", region_name=REGION)
    ecr.create_repository(repositoryName=name, imageTagMutability=mutability)
    return ecr


def push(source: RegistryDouble, name: str, tag: str, host: str = HOST) -> str:
    """What the registry tells after a push."""
    digest = source.put(name, tag)
    target = {"mediaType": MANIFEST, "repository": name, "digest": digest, "tag": tag}
    body = json.dumps({"events": [{"action": "push", "target": target, "request": {"host": host}}]})
    request = Request(EnvironBuilder(method="POST", path="/_lab/pushed", data=body).get_environ())
    assert registry.pushed(request, source.host).status_code == 200
    return digest


@pytest.mark.parametrize("login", [None, "Basic " + base64.b64encode(b"AWS:wrong").decode()])
def test_nobody_enters_without_the_account_s_login(login: str | None) -> None:
    refused = ask("GET", "/v2/", login)
    assert code(refused) == (401, "UNAUTHORIZED")
    assert refused.headers["WWW-Authenticate"].startswith(f'Basic realm="https://{HOST}/"')
    assert ask("GET", "/v2/").status_code == 200
    assert ask("GET", "/v2/", host=HOST.replace("123456789012", "999999999999")).status_code == 401


def test_a_repository_has_to_be_there_in_its_region() -> None:
    repository("shop/api")
    assert ask("POST", "/v2/shop/api/blobs/uploads/").status_code == 200
    assert code(ask("POST", "/v2/shop/web/blobs/uploads/")) == (404, "NAME_UNKNOWN")
    assert code(ask("GET", "/v2/shop/api/manifests/1", host=HOST.replace(REGION, "eu-west-1"))) == (404, "NAME_UNKNOWN")


def test_a_tag_that_stays_is_not_put_twice() -> None:
    repository("stays", "IMMUTABLE")
    repository("moves")
    with registry_double() as source:
        for name in ("stays", "moves"):
            assert ask("PUT", f"/v2/{name}/manifests/1").status_code == 200
            push(source, name, "1")
    assert code(ask("PUT", "/v2/stays/manifests/1")) == (400, "TAG_INVALID")
    assert ask("PUT", "/v2/stays/manifests/2").status_code == 200
    assert ask("PUT", f"/v2/stays/manifests/sha256:{'0' * 64}").status_code == 200
    assert ask("GET", "/v2/stays/manifests/1").status_code == 200
    assert ask("PUT", "/v2/moves/manifests/1").status_code == 200


def test_what_was_pushed_is_seen_by_ecr_with_the_registry_s_digest() -> None:
    ecr = repository("shop/api")
    with registry_double() as source:
        digest = push(source, "shop/api", "1")
        push(source, "shop/api", "1")  # the registry tells again what it is not sure of
        push(source, "shop/api", "2", host="10.89.0.2:5000")  # under the lab's own name: not ECR's
    (seen,) = ecr.describe_images(repositoryName="shop/api")["imageDetails"]
    assert (seen["imageDigest"], seen["imageTags"]) == (digest, ["1"])


def test_a_login_ends_in_twelve_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.ECRResponse, "get_authorization_token", registry.ECRResponse.get_authorization_token)
    registry.give_logins_an_end()
    said = boto3.client("ecr", region_name=REGION).get_authorization_token()["authorizationData"][0]
    assert timedelta(hours=11, minutes=59) < said["expiresAt"] - datetime.now(UTC) <= timedelta(hours=12)
