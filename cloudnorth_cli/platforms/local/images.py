"""What stands for images on this machine: bundles of files."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from cloudnorth_cli.adapters import bundle
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import BuildExplanation, Step
from cloudnorth_cli.model import Artifact, Image
from cloudnorth_cli.platforms.local.place import Place
from cloudnorth_cli.platforms.local.plan import Plan
from cloudnorth_cli.settings import Build, Environment

_TAG = 16
"""Hex digits of a tag."""


def build(environment: Environment, place: Place, service: str, step: Step) -> Artifact:
    """Copy a service's files into the store. Raises Refused, Failed."""
    started = time.monotonic()
    step.waiting(f"files of {service}")
    made = bundle.make(environment.root, _build(environment, service), place.bundles)
    found = image(place, service, made.digest)
    return Artifact(
        service=service,
        repository=found.repository,
        tag=found.tag,
        digest=made.digest,
        built=made.made,
        seconds=time.monotonic() - started,
    )


def image(place: Place, service: str, digest: str) -> Image:
    """A bundle as an image."""
    tag = digest.removeprefix("sha256:")[:_TAG]
    return Image(service=service, repository=str(place.bundles), digest=digest, tag=tag)


def resolve(place: Place, service: str, reference: str) -> Image:
    """A bundle by its digest, as `build --out` wrote it. Raises Refused when it is not on this machine."""
    found = re.search(r"sha256:[0-9a-f]{64}$", reference)
    if not found or not bundle.folder_of(place.bundles, found[0]).is_dir():
        raise Refused(
            f"{service}: {reference} is not on this machine; the local platform runs files, not images",
            code="image-missing",
        )
    return image(place, service, found[0])


def explain(environment: Environment, place: Place, service: str, serving: Plan | None) -> BuildExplanation:
    """What a service's files are now against those that serve."""
    now = bundle.read(environment.root, _build(environment, service))
    before = serving.service(service) if serving else None
    old: Mapping[str, str] = bundle.listing(bundle.folder_of(place.bundles, before.image.digest)) if before else {}
    return BuildExplanation(
        service=service,
        tag=image(place, service, bundle.digest_of(now)).tag,
        previous_tag=before.image.tag if before else None,
        added=tuple(path for path in now if path not in old),
        removed=tuple(path for path in old if path not in now),
        changed=tuple(path for path in now if path in old and old[path] != now[path]),
    )


def _build(environment: Environment, service: str) -> Build:
    found = environment.services[service].build
    if found is None:
        raise Refused(
            f"services.{service} has no build: the local platform runs the files of build.context", code="no-files"
        )
    return found
