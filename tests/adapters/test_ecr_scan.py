"""Findings of basic and of enhanced scanning, scans that are begun, and images that cannot be scanned."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import boto3
import pytest
import requests

from cloudnorth_cli.adapters import aws
from cloudnorth_cli.adapters.ecr_images import INDEXES
from cloudnorth_cli.adapters.ecr_scan import Look, Scans, Weakness
from cloudnorth_cli.settings import Aws
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto
from tests.adapters.test_ecr_images import MANIFEST, REPOSITORY, put

__all__ = ["keys", "moto"]


@pytest.fixture
def client(moto: None) -> Any:
    made = boto3.client("ecr", region_name=REGION)
    made.create_repository(repositoryName=REPOSITORY)
    return made


def scans() -> Scans:
    return Scans(aws.Door(Aws(account=ACCOUNT, region=REGION)), ACCOUNT)


def found(digest: str, status: str = "COMPLETE", **findings: Any) -> None:
    """What moto answers about an image's scan."""
    answer = {
        "registryId": ACCOUNT,
        "repositoryName": REPOSITORY,
        "imageId": {"imageDigest": digest},
        "imageScanStatus": {"status": status, "description": "as the test says"},
        "imageScanFindings": findings,
    }
    url = "http://motoapi.amazonaws.com/moto-api/static/ecr/scan-finding-results"
    requests.post(url, json={"results": [answer], "region": REGION}, timeout=5).raise_for_status()


def enhanced(
    id: str, severity: str = "CRITICAL", fix: str = "YES", fixed: str | None = "3.0.2", **more: Any
) -> dict[str, Any]:
    package = {"name": "openssl", "version": "3.0.1"} | ({"fixedInVersion": fixed} if fixed is not None else {})
    details = {"vulnerabilityId": id, "vulnerablePackages": [package]}
    return {"severity": severity, "fixAvailable": fix, "packageVulnerabilityDetails": details} | more


def basic(id: str, severity: str = "CRITICAL", **attributes: str) -> dict[str, Any]:
    told = {"package_name": "zlib", "package_version": "1.2"} | attributes
    return {"name": id, "severity": severity, "attributes": [{"key": k, "value": v} for k, v in told.items()]}


def test_a_scan_that_was_never_begun_is_begun_and_waited_for(client: Any) -> None:
    digest, these = put(client, "1"), scans()
    assert these.look(REPOSITORY, digest) == Look("waiting")
    assert these.look(REPOSITORY, digest).state == "done"


def test_one_that_another_run_has_begun_is_waited_for(client: Any) -> None:
    digest = put(client, "1")
    client.start_image_scan(repositoryName=REPOSITORY, imageId={"imageDigest": digest})
    assert scans().look(REPOSITORY, digest).state == "done"


def scanned(client: Any, status: str = "COMPLETE", **findings: Any) -> Look:
    digest = put(client, "1")
    found(digest, status, **findings)
    client.start_image_scan(repositoryName=REPOSITORY, imageId={"imageDigest": digest})
    return scans().look(REPOSITORY, digest)


def test_what_basic_scanning_found_tells_no_fix_and_counts(client: Any) -> None:
    look = scanned(client, findings=[basic("CVE-2026-1"), basic("CVE-2026-2", fixed_in_version="1.3")])
    assert look.found == (
        Weakness("CVE-2026-1", "CRITICAL", "zlib", "1.2", "", fixable=True),
        Weakness("CVE-2026-2", "CRITICAL", "zlib", "1.2", "1.3", fixable=True),
    )
    assert str(look.found[0]) == "CVE-2026-1 zlib 1.2: no fixed version is told"
    assert str(look.found[1]) == "CVE-2026-2 zlib 1.2: fixed in 1.3"


def test_what_enhanced_scanning_found_tells_whether_there_is_a_fix(client: Any) -> None:
    look = scanned(
        client,
        "ACTIVE",
        enhancedFindings=[
            enhanced("CVE-2026-1"),
            enhanced("CVE-2026-2", fix="NO", fixed="NotAvailable"),
            enhanced("CVE-2026-3", fix="PARTIAL", fixed="NotAvailable"),
            enhanced("CVE-2026-4", fixed=None),
            enhanced("CVE-2026-5", status="SUPPRESSED"),
        ],
    )
    assert {(one.id, one.fixable, one.fixed) for one in look.found} == {
        ("CVE-2026-1", True, "3.0.2"),
        ("CVE-2026-2", False, ""),
        ("CVE-2026-3", False, ""),
        ("CVE-2026-4", True, ""),
    }


@pytest.mark.parametrize("status", ["FAILED", "UNSUPPORTED_IMAGE", "SCAN_ELIGIBILITY_EXPIRED", "IMAGE_SIZE_EXCEEDED"])
def test_an_image_without_findings_says_why(client: Any, status: str) -> None:
    assert scanned(client, status) == Look("cannot", f"{status}: as the test says")


@pytest.mark.parametrize("status", ["IN_PROGRESS", "PENDING"])
def test_a_scan_that_goes_on_is_waited_for(client: Any, status: str) -> None:
    assert scanned(client, status).state == "waiting"


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("LimitExceededException", "waiting"),
        ("ValidationException", "waiting"),
        ("UnsupportedImageTypeException", "cannot"),
    ],
)
def test_what_cannot_be_begun(client: Any, monkeypatch: pytest.MonkeyPatch, code: str, state: str) -> None:
    these, digest = scans(), put(client, "1")
    error = getattr(these._client.exceptions, code)({"Error": {"Code": code, "Message": "no"}}, "StartImageScan")
    monkeypatch.setattr(these._client, "start_image_scan", mock.Mock(side_effect=error))
    assert these.look(REPOSITORY, digest).state == state


def test_findings_are_read_page_by_page(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    status = {"imageScanStatus": {"status": "COMPLETE"}}
    pages = [status | {"imageScanFindings": {"findings": [basic(f"CVE-{number}")]}} for number in range(3)]
    these = scans()
    monkeypatch.setattr(these._client, "get_paginator", lambda name: mock.Mock(paginate=lambda **given: pages))
    assert [one.id for one in these.look(REPOSITORY, "sha256:" + "a" * 64).found] == ["CVE-0", "CVE-1", "CVE-2"]


def test_of_an_index_its_images_are_scanned_and_no_attestation(client: Any) -> None:
    one, attestation = put(client, "one"), put(client, "two")
    named = [
        {"mediaType": MANIFEST, "digest": one, "size": 1, "platform": {"os": "linux", "architecture": "amd64"}},
        {
            "mediaType": MANIFEST,
            "digest": attestation,
            "size": 1,
            "platform": {"os": "unknown", "architecture": "unknown"},
        },
    ]
    text = json.dumps({"schemaVersion": 2, "mediaType": INDEXES[0], "manifests": named})
    client.put_image(repositoryName=REPOSITORY, imageManifest=text, imageManifestMediaType=INDEXES[0], imageTag="both")
    index = client.describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": "both"}])["imageDetails"][0]
    assert scans().parts(REPOSITORY, index["imageDigest"]) == (one,)
    assert scans().parts(REPOSITORY, one) == (one,)
