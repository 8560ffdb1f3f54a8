"""What ECR's scanners found in an image, by basic scanning or by Inspector (enhanced scanning)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.adapters.ecr_images import INDEXES

_WAITING = {"IN_PROGRESS", "PENDING"}
_DONE = {"COMPLETE", "ACTIVE"}
"""ACTIVE: Inspector has findings and goes on looking. Every other status is one without findings
(https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanStatus.html)."""
_FIXED_IN = ("fixed_in_version", "fixed_in_versions", "patched_version", "patched_versions")
_NO_FIX = {"", "notavailable", "none"}


@dataclass(frozen=True)
class Weakness:
    """One finding in one package."""

    id: str
    """`CVE-2026-1234`."""
    severity: str
    """`CRITICAL`, `HIGH`, …"""
    package: str
    installed: str
    fixed: str
    """The version that mends it; "" where none is told."""
    fixable: bool
    """False where the scanner says that there is no fix; one that does not say leaves it open, and that counts."""

    def __str__(self) -> str:
        mended = f"fixed in {self.fixed}" if self.fixed else "no fixed version is told"
        return f"{self.id} {self.package} {self.installed}: {mended}"


@dataclass(frozen=True)
class Look:
    """What is known of one image now."""

    state: Literal["waiting", "done", "cannot"]
    why: str = ""
    """Where it cannot be scanned, in ECR's words."""
    found: tuple[Weakness, ...] = ()


class Scans:
    """The scans of one account's registry; may be used from several threads. Raises Refused throughout."""

    def __init__(self, door: Door, account: str) -> None:
        self._door, self._account = door, account
        self._client = door.client("ecr")
        self._started: set[tuple[str, str]] = set()

    def look(self, repository: str, digest: str) -> Look:
        """What was found; a scan that was never begun, as in a repository without scan on push, is begun."""
        with self._door.told(f"the findings of {repository}@{digest[:19]}"):
            try:
                pages = list(
                    self._client.get_paginator("describe_image_scan_findings").paginate(**self._of(repository, digest))
                )
            except self._client.exceptions.ScanNotFoundException:
                return self._start(repository, digest)
        status = pages[0]["imageScanStatus"]
        state = str(status.get("status", ""))
        if state in _WAITING:
            return Look("waiting")
        if state not in _DONE:
            said = status.get("description") or ""
            return Look("cannot", f"{state}{f': {said}' if said else ''}")
        found = [weakness for page in pages for weakness in _weaknesses(page.get("imageScanFindings") or {})]
        return Look("done", found=tuple(dict.fromkeys(found)))

    def parts(self, repository: str, digest: str) -> tuple[str, ...]:
        """The digests that are to be scanned: of an index the images that it names, else the image itself.

        An index also names attestations, whose platform is `unknown` (github.com/moby/buildkit,
        docs/attestations/attestation-storage.md).
        """
        with self._door.told(f"the manifest of {repository}@{digest[:19]}"):
            said = self._client.batch_get_image(
                registryId=self._account,
                repositoryName=repository,
                imageIds=[{"imageDigest": digest}],
                acceptedMediaTypes=list(INDEXES),
            )
        for one in said["images"]:
            if one.get("imageManifestMediaType") in INDEXES:
                named = json.loads(one["imageManifest"]).get("manifests") or ()
                return tuple(each["digest"] for each in named if (each.get("platform") or {}).get("os") != "unknown")
        return (digest,)

    def _start(self, repository: str, digest: str) -> Look:
        if (repository, digest) in self._started:
            return Look("waiting")
        self._started.add((repository, digest))
        errors = self._client.exceptions
        try:
            self._client.start_image_scan(**self._of(repository, digest))
        except errors.UnsupportedImageTypeException as error:
            return Look("cannot", str(error.response["Error"].get("Message", "")))
        except (errors.LimitExceededException, errors.ValidationException):
            pass  # begun within this day already; or Inspector scans, and begins by itself
        return Look("waiting")

    def _of(self, repository: str, digest: str) -> dict[str, Any]:
        return {"registryId": self._account, "repositoryName": repository, "imageId": {"imageDigest": digest}}


def _weaknesses(said: Mapping[str, Any]) -> Iterator[Weakness]:
    for one in said.get("findings") or ():
        told = {each["key"]: str(each.get("value") or "") for each in one.get("attributes") or ()}
        yield _weakness(
            one.get("name"),
            one,
            told.get("package_name"),
            told.get("package_version"),
            next((told[key] for key in _FIXED_IN if key in told), None),
        )
    for one in said.get("enhancedFindings") or ():
        details = one.get("packageVulnerabilityDetails") or {}
        packages: Sequence[Mapping[str, Any]] = details.get("vulnerablePackages") or ({},)
        if one.get("status") in ("SUPPRESSED", "CLOSED"):
            continue  # by a rule of Inspector's own, or mended
        for package in packages:
            yield _weakness(
                details.get("vulnerabilityId") or one.get("title"),
                one,
                package.get("name"),
                package.get("version"),
                "" if one.get("fixAvailable") == "NO" else package.get("fixedInVersion"),
            )


def _weakness(
    id: str | None, said: Mapping[str, Any], package: str | None, installed: str | None, fixed: str | None
) -> Weakness:
    """fixed: None where the scanner does not say whether there is a fix."""
    none = fixed is not None and fixed.replace(" ", "").lower() in _NO_FIX
    return Weakness(
        id=id or "?",
        severity=str(said.get("severity") or "UNDEFINED").upper(),
        package=package or "?",
        installed=installed or "?",
        fixed="" if none or fixed is None else fixed,
        fixable=not none,
    )
