"""ECR's rules as the double keeps them: a login, repositories that are there, tags that stay, and what was pushed."""

from __future__ import annotations

import base64
import hashlib
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
LAYERS = [{"digest": f"sha256:{n * 64}", "size": size} for n, size in (("a", 10), ("b", 20))]
MANIFEST_BODY = json.dumps(
    {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"size": 7}, "layers": LAYERS}
).encode()
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


def push(source: RegistryDouble, name: str, tag: str, body: bytes = MANIFEST_BODY) -> Response:
    """A manifest on its way through the double."""
    path = f"/v2/{name}/manifests/{tag}"
    headers = {"Authorization": LOGIN, "Host": HOST}
    builder = EnvironBuilder(method="PUT", path=path, data=body, headers=headers, content_type=MANIFEST)
    return registry.put(Request(builder.get_environ()), source.host)


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
            assert push(source, name, "1").status_code == 201
        asked = len(source.asked)
        assert code(push(source, "stays", "1", MANIFEST_BODY + b"\n")) == (400, "TAG_INVALID")
        assert len(source.asked) == asked, "the registry must not hear of it"
        assert push(source, "stays", "2", MANIFEST_BODY + b"\n").status_code == 201
        assert push(source, "moves", "1", MANIFEST_BODY + b"\n").status_code == 201
        assert code(push(source, "none", "1")) == (404, "NAME_UNKNOWN")


def test_what_was_pushed_is_known_to_ecr_at_once_and_what_was_deleted_is_not() -> None:
    ecr = repository("shop/api")
    with registry_double() as source:
        taken = push(source, "shop/api", "1")
        assert push(source, "shop/api", "1").status_code == 201
    digest = "sha256:" + hashlib.sha256(MANIFEST_BODY).hexdigest()
    assert taken.headers["Docker-Content-Digest"] == digest
    (seen,) = ecr.describe_images(repositoryName="shop/api")["imageDetails"]
    assert (seen["imageDigest"], seen["imageTags"]) == (digest, ["1"])
    assert ask("HEAD", "/v2/shop/api/manifests/1").status_code == 200
    assert ask("GET", f"/v2/shop/api/manifests/{digest}").status_code == 200
    ecr.batch_delete_image(repositoryName="shop/api", imageIds=[{"imageDigest": digest}])
    assert code(ask("GET", f"/v2/shop/api/manifests/{digest}")) == (404, "MANIFEST_UNKNOWN")
    assert code(ask("HEAD", "/v2/shop/api/manifests/1")) == (404, "MANIFEST_UNKNOWN")


def test_moto_is_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, name in ((registry.ECRResponse, "get_authorization_token"), (registry.Image, "get_image_size_in_bytes")):
        monkeypatch.setattr(kind, name, getattr(kind, name))
    registry.correct_moto()
    ecr = repository("shop/api")
    said = ecr.get_authorization_token()["authorizationData"][0]
    assert timedelta(hours=11, minutes=59) < said["expiresAt"] - datetime.now(UTC) <= timedelta(hours=12)
    with registry_double() as source:
        push(source, "shop/api", "1")
    assert ecr.describe_images(repositoryName="shop/api")["imageDetails"][0]["imageSizeInBytes"] == 30
