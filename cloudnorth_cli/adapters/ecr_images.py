"""What is in a repository of ECR: its images, what an index is made of, and deleting by digest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cloudnorth_cli.adapters.aws import Door

AT_ONCE = 100
"""Images that BatchGetImage and BatchDeleteImage take in one request (their API reference)."""
INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
IMAGES = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
"""Artifact types of what can be run; signatures and attestations have others."""


@dataclass(frozen=True)
class EcrImage:
    """One manifest as ECR describes it."""

    repository: str
    """Path, without the registry's host."""
    digest: str
    tags: tuple[str, ...]
    size: int
    """Bytes of its compressed layers; 0 for an index, which has none of its own."""
    pushed_at: datetime
    index: bool
    other: str = ""
    """The artifact's type where it is nothing that can be run; else ""."""


class Contents:
    """The repositories of one account's registry. Raises Refused throughout, as `Door.told` says."""

    def __init__(self, door: Door, account: str) -> None:
        self._door, self._account = door, account

    def images(self, repository: str) -> tuple[EcrImage, ...]:
        """Newest first; none where there is no such repository."""
        client = self._door.client("ecr")
        found: list[EcrImage] = []
        with self._door.told(f"the images of {repository}"):
            pages = client.get_paginator("describe_images").paginate(
                registryId=self._account, repositoryName=repository
            )
            try:
                for page in pages:
                    found += (_image(repository, one) for one in page["imageDetails"])
            except client.exceptions.RepositoryNotFoundException:
                return ()
        return tuple(sorted(found, key=lambda one: (one.pushed_at, one.digest), reverse=True))

    def members(self, repository: str, digests: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """By the digest of an index, the digests of the manifests that it names. Missing is what ECR does not give."""
        client = self._door.client("ecr")
        found: dict[str, frozenset[str]] = {}
        for some in _slices(digests):
            with self._door.told(f"the indexes of {repository}"):
                said = client.batch_get_image(
                    registryId=self._account,
                    repositoryName=repository,
                    imageIds=[{"imageDigest": digest} for digest in some],
                    acceptedMediaTypes=list(INDEXES),
                )
            for one in said["images"]:
                named = json.loads(one["imageManifest"]).get("manifests") or ()
                found[one["imageId"]["imageDigest"]] = frozenset(each["digest"] for each in named)
        return found

    def delete(self, repository: str, digests: Sequence[str]) -> Mapping[str, str]:
        """Delete images with all their tags; returns those that ECR keeps, each with its reason."""
        client = self._door.client("ecr")
        kept: dict[str, str] = {}
        for some in _slices(digests):
            with self._door.told(f"deleting images of {repository}"):
                said = client.batch_delete_image(
                    registryId=self._account,
                    repositoryName=repository,
                    imageIds=[{"imageDigest": digest} for digest in some],
                )
            for failure in said.get("failures") or ():
                digest = failure["imageId"].get("imageDigest", "")
                kept[digest] = f"{failure.get('failureReason', '')} ({failure.get('failureCode', '')})"
        return kept


def _image(repository: str, said: Mapping[str, Any]) -> EcrImage:
    media, artifact = said.get("imageManifestMediaType", ""), said.get("artifactMediaType", "")
    index = media in INDEXES
    return EcrImage(
        repository=repository,
        digest=said["imageDigest"],
        tags=tuple(sorted(said.get("imageTags") or ())),
        size=int(said.get("imageSizeInBytes") or 0),
        pushed_at=said["imagePushedAt"].astimezone(UTC),
        index=index,
        other="" if index or not artifact or artifact in IMAGES else artifact,
    )


def _slices(digests: Sequence[str]) -> list[Sequence[str]]:
    return [digests[start : start + AT_ONCE] for start in range(0, len(digests), AT_ONCE)]
