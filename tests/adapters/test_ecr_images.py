"""What is in a repository of ECR, by pages; what an index is made of; deleting. moto answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import boto3
import pytest

from cloudnorth_cli.adapters import aws
from cloudnorth_cli.adapters.ecr_images import AT_ONCE, INDEXES, Contents
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.settings import Aws
from tests.adapters.aws_double import refusing
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto

__all__ = ["keys", "moto"]
REPOSITORY = "shop/api"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def contents() -> Contents:
    return Contents(aws.Door(Aws(account=ACCOUNT, region=REGION)), ACCOUNT)


def put(client: Any, *tags: str, media: str = MANIFEST, parts: Sequence[str] = (), repository: str = REPOSITORY) -> str:
    """Put an image, or an index of `parts`; returns its digest."""
    body: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": media,
        "layers": [],
        "annotations": {"tags": " ".join(tags)},
    }
    if parts:
        body["manifests"] = [{"mediaType": MANIFEST, "digest": part, "size": 1} for part in parts]
    else:
        body["config"] = {"digest": "sha256:" + "c" * 64, "size": 7}
    text = json.dumps(body)
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    given = {
        "repositoryName": repository,
        "imageManifest": text,
        "imageDigest": digest,
        "imageManifestMediaType": media,
    }
    for tag in tags:
        client.put_image(**given, imageTag=tag)
    if not tags:
        client.put_image(**given)
    return digest


@pytest.fixture
def client(moto: None) -> Any:
    made = boto3.client("ecr", region_name=REGION)
    made.create_repository(repositoryName=REPOSITORY)
    return made


def test_every_image_with_its_tags(client: Any) -> None:
    one, untagged = put(client, "a", "b"), put(client)
    found = {image.digest: image for image in contents().images(REPOSITORY)}
    assert found.keys() == {one, untagged}
    assert found[one].tags == ("a", "b")
    assert found[untagged].tags == ()
    assert not found[one].index
    assert found[one].pushed_at.tzinfo is not None


def test_a_repository_that_is_not_there_holds_nothing(client: Any) -> None:
    assert contents().images("shop/other") == ()


def test_what_an_index_is_made_of(client: Any) -> None:
    parts = [put(client, "x"), put(client, "y")]
    index = put(client, "both", media=INDEXES[0], parts=parts)
    (found,) = (image for image in contents().images(REPOSITORY) if image.index)
    assert found.digest == index
    assert contents().members(REPOSITORY, [index]) == {index: frozenset(parts)}


def test_more_than_a_request_takes_are_deleted_and_what_is_not_there_is_told(client: Any) -> None:
    there = [put(client, f"t{number}") for number in range(AT_ONCE + 3)]
    gone = "sha256:" + "f" * 64
    failed = contents().delete(REPOSITORY, [*there, gone])
    assert contents().images(REPOSITORY) == ()
    assert list(failed) == [gone]
    assert "ImageNotFound" in failed[gone]


def test_what_may_not_be_deleted_is_told_with_the_right_that_lacks(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing("AccessDeniedException") as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", url)
        with pytest.raises(Refused) as caught:
            contents().delete(REPOSITORY, ["sha256:" + "a" * 64])
    assert caught.value.code == "aws-denied"
    assert "BatchDeleteImage" in caught.value.message
