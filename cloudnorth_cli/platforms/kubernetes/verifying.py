"""Seeing that the new release itself answers: by HTTP where the configuration says so, else by the pods' images."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloudnorth_cli import templates
from cloudnorth_cli.adapters import http
from cloudnorth_cli.adapters.kube import Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import CloudnorthError, RolloutFailed
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Image
from cloudnorth_cli.platforms import asking
from cloudnorth_cli.platforms.kubernetes import manifest
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.records import repositories
from cloudnorth_cli.platforms.kubernetes.rendering import placeholders
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout.observed import dig, name
from cloudnorth_cli.rollout.revision import is_leaving
from cloudnorth_cli.settings import Verify

PATIENCE = 60.0
"""Seconds in which the answers must come: endpoints and load balancers take some to follow the pods."""
INTERVAL = 0.2


@dataclass(frozen=True)
class Expectation:
    """What is to answer."""

    documents: tuple[Document, ...]
    images: tuple[Image, ...]
    release: str
    commit: str
    secret: str = ""


def verify(site: Site, expected: Expectation, step: Step, *, lasting: bool = True) -> str:
    """Returns what was seen, for people. `lasting`: whether checks go on for as long as they say.

    Raises RolloutFailed telling what answered instead.
    """
    checks = site.environment.verify
    if not checks:
        return _images_run(site, expected)
    return " · ".join(_answers(site, check, expected, step, lasting=lasting) for check in checks)


def _images_run(site: Site, expected: Expectation) -> str:
    """Every container of a service's repository runs the release's digest."""
    deadline = time.monotonic() + PATIENCE
    workloads = set(manifest.workloads(expected.documents, site.namespace))
    while wrong := strangers(_pods_of_release(site, workloads), expected.images):
        if time.monotonic() > deadline:
            raise RolloutFailed(f"pods run something else: {wrong[0]}", code="verify-failed", evidence=wrong)
        time.sleep(INTERVAL)
    return "pods run " + ", ".join(f"{image.service} {image.short}" for image in expected.images)


def strangers(pods: Sequence[Json], images: Sequence[Image]) -> list[str]:
    """A line for each container of these pods that should run a service's image and does not, or not yet."""
    digests: dict[str, set[str]] = {}
    for image in images:
        digests.setdefault(manifest.repository(image.repository), set()).add(image.digest)
    wrong = []
    for pod in pods:
        # An imageID names any repository that this node knows the image from, and that one's digest: a registry that
        # packed the same layers anew has another. So the pod's own words say whose image it is and, by digest, which.
        asked = {container["name"]: str(container["image"]) for container in dig(pod, "spec", "containers")}
        for status in dig(pod, "status", "containerStatuses", default=[]):
            named, running = asked[status["name"]], str(status.get("imageID", ""))
            wanted = digests.get(manifest.repository(named))
            if wanted and not (running and {_digest(named), _digest(running)} & wanted):
                wrong.append(f"{name(pod)} runs {running or 'nothing yet'}, not {', '.join(sorted(wanted))}")
    return wrong


def _digest(reference: str) -> str:
    return reference.rpartition("@")[2]


def _pods_of_release(site: Site, workloads: set[str]) -> list[Json]:
    """Pods of the release's workloads that stay; a ReplicaSet's owner is read off its name."""
    return [
        pod
        for pod in site.api.items(path("Pod", site.namespace))
        if not is_leaving(pod) and any(_owner(reference) in workloads for reference in _owners(pod))
    ]


def _owners(pod: Json) -> list[Json]:
    return list(pod["metadata"].get("ownerReferences") or [])


def _owner(reference: Mapping[str, str]) -> str:
    if reference["kind"] == "ReplicaSet":
        return f"deployment/{reference['name'].rpartition('-')[0]}"
    return f"{reference['kind'].lower()}/{reference['name']}"


def _answers(site: Site, check: Verify, expected: Expectation, step: Step, *, lasting: bool) -> str:
    """The check holds `times` in a row."""
    service = check.service or service_of(site, check.http)
    image = next((one for one in expected.images if one.service == service), expected.images[0])
    filling = placeholders(image, release=expected.release, commit=expected.commit, secret=expected.secret)
    wanted = {
        field: templates.fill(value, filling, f"verify {check.http} expect.{field}")
        for field, value in check.expect.items()
    }
    asked = _address(site, check, service, expected.documents)
    return asking.believe(
        lambda: _mismatch(_ask(site, asked), wanted),
        check,
        step,
        where=asked,
        code="verify-failed",
        patience=PATIENCE,
        interval=INTERVAL,
        lasting=lasting,
    )


def service_of(site: Site, url: str) -> str:
    """The service that a path belongs to: the longest `route` that it begins with, else one without a route."""
    services = site.environment.services
    fitting = [(len(s.route or ""), n) for n, s in services.items() if url.startswith(s.route or "/")]
    return max(fitting)[1] if fitting else next(iter(services))


def _address(site: Site, check: Verify, service: str, documents: Sequence[Document]) -> str:
    if check.http.startswith(("http://", "https://")):
        return check.http
    if site.environment.file.url:
        return site.environment.file.url.rstrip("/") + check.http
    return proxy_path(site, service, documents) + check.http


def proxy_path(site: Site, service: str, documents: Sequence[Document]) -> str:
    """Path of a project's service through the API server's service proxy. Raises RolloutFailed where it has none."""
    port = site.environment.services[service].port
    labels = [
        (document.pod_template.get("metadata") or {}).get("labels") or {}
        for document in documents
        if manifest.of_repository(document, {i: r for i, r in repositories(site).items() if i == service})
    ]
    for document in documents:
        selector = (document.body.get("spec") or {}).get("selector") or {}
        if document.body.get("kind") != "Service" or not selector:
            continue
        if any(selector.items() <= one.items() for one in labels):
            ports = document.body["spec"].get("ports") or [{}]
            fitting = next((one for one in ports if port in (one.get("targetPort"), one.get("port"))), ports[0])
            root = path("Service", site.namespace, f"{document.metadata['name']}:{fitting.get('port')}")
            return f"{root}/proxy"
    raise RolloutFailed(f"the chart has no Service for {service}, so it cannot be asked", code="verify-failed")


def _ask(site: Site, address: str) -> http.Answer:
    if not address.startswith("/"):
        return http.get(address)
    try:
        return http.Answer(200, site.api.text(address))
    except CloudnorthError as error:
        return http.Answer(0, problem=error.message)


def _mismatch(answer: http.Answer, wanted: Mapping[str, str]) -> str:
    """Why an answer will not do; "" when it does."""
    if not 200 <= answer.status < 300:
        return str(answer)
    if not wanted:
        return ""
    try:
        told = json.loads(answer.text)
    except ValueError:
        return f"no JSON: {answer.text.strip()[:100]}"
    for field, value in wanted.items():
        found = dig(told, *field.split("."))
        if str(found) != value:
            return f"{field} is {found}, not {value}"
    return ""
