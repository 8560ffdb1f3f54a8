"""What must hold before anything is built or changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cloudnorth_cli import secrets
from cloudnorth_cli.adapters.kube import Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.adapters.terraform_outputs import Outputs
from cloudnorth_cli.errors import CloudnorthError, Refused
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Image, Record
from cloudnorth_cli.platforms.kubernetes import records
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.rendering import Rendered, render
from cloudnorth_cli.platforms.kubernetes.site import MANAGED, Site

NOT_BUILT_YET = "sha256:" + "0" * 64
_OURS = (
    ("", "secrets", "", ("get", "list", "create", "update", "patch", "delete")),
    ("", "configmaps", "", ("get", "list", "create", "update", "patch", "delete")),
    ("", "pods", "", ("get", "list", "watch")),
    ("apps", "replicasets", "", ("list", "watch")),
    ("coordination.k8s.io", "leases", "", ("get", "create", "update", "delete")),
)
"""What a deploy does itself, besides what the chart's objects need: group, resource, subresource, verbs."""

Right = tuple[str, str, str, str, bool]
"""Verb, group, resource, subresource, and whether it is asked for the namespace or for the whole cluster."""


def namespace_exists(site: Site) -> bool:
    """Also the first word with the cluster: raises Refused when it cannot be reached or does not know us."""
    try:
        return site.api.find(path("Namespace", name=site.namespace)) is not None
    except Refused as error:
        if error.code == "forbidden":
            # Rights within the namespace only; if it is missing, the next question says so.
            return True
        raise


def make_namespace(site: Site) -> None:
    """Make it, marked as ours."""
    site.api.create(
        path("Namespace"),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": site.namespace, "labels": MANAGED}},
    )
    site.journal.notice(f"made namespace {site.namespace}, which was not there")


def check(site: Site, step: Step, secret: str, served: Record | None) -> Rendered:
    """Rights, and the chart rendered with digests that are not known yet. Raises Refused."""
    exists = namespace_exists(site)
    if not exists:
        step.notice(f"namespace {site.namespace} is not there; it will be made")
    rendered = render(
        site,
        _expected(site, served),
        release="0",
        commit="0000000",
        secret=secret,
        upgrade=served is not None,
        file="values-check",
    )
    require_rights(site, rendered.documents, migrates=site.environment.migrate is not None, make=not exists)
    return rendered


def resolve_secrets(site: Site, outputs: Outputs | None = None) -> None:
    """Read every secret's value. outputs: in the place of the site's. Raises Refused naming the source."""
    if not site.secrets:
        known = secrets.sources(site.environment, site.journal, outputs or site.outputs)
        site.know(known.resolve(site.environment.file.secrets, "secrets"))


def require_rights(site: Site, documents: Iterable[Document], *, migrates: bool, make: bool) -> None:
    """See that we may do what a deploy does. Raises Refused naming verb, resource and namespace."""
    if may(site, ("*", "*", "*", "", True)):
        return
    wanted = set(_rights(site, documents, migrates=migrates))
    if make:
        wanted.add(("create", "", "namespaces", "", False))
    with ThreadPoolExecutor(8) as pool:
        allowed = dict(zip(wanted, pool.map(lambda right: may(site, right), wanted), strict=True))
    missing = sorted(right for right, may in allowed.items() if not may)
    if missing:
        raise Refused(
            f"no permission in namespace {site.namespace}: {told(missing[0])}"
            + (f" and {len(missing) - 1} more" if len(missing) > 1 else ""),
            code="forbidden",
            where=f"context {site.context}, namespace {site.namespace}",
            evidence=[f"may not {told(right)}" for right in missing],
        )


def _expected(site: Site, served: Record | None) -> tuple[Image, ...]:
    """The images of a deploy before they are built: each service's repository with a digest that stands for any."""
    return tuple(
        Image(service=name, repository=repository, digest=NOT_BUILT_YET, tag="not-built-yet")
        for name, repository in records.repositories(site).items()
    )


def _rights(site: Site, documents: Iterable[Document], *, migrates: bool) -> Iterator[Right]:
    for group, resource, subresource, verbs in _OURS:
        for verb in verbs:
            yield verb, group, resource, subresource, True
    if migrates:
        yield from ((verb, "batch", "jobs", "", True) for verb in ("create", "get", "list", "delete"))
    for document in documents:
        found: dict[str, Any] | None = site.discovery.resource(document.body)
        if found is None and _brings_kinds(site):
            continue
        if found is None:
            raise Refused(
                f"the cluster does not know {document.body.get('apiVersion')} {document.body.get('kind')}",
                code="object-refused",
                where=document.source or document.key,
            )
        group = str(document.body.get("apiVersion", "")).rpartition("/")[0]
        scoped = bool(found["namespaced"])
        if document.body.get("kind") == "StatefulSet":
            yield "delete", "", "pods", "", True  # a broken one would stand in the way back
        if document.body.get("kind") in records.WORKLOADS:
            yield from ((verb, group, found["name"], "", scoped) for verb in ("list", "watch"))
        yield from ((verb, group, found["name"], "", scoped) for verb in ("get", "create", "patch", "delete"))


def _brings_kinds(site: Site) -> bool:
    """Whether the chart may have custom resource definitions of its own, which Helm installs first."""
    chart = site.environment.root / site.settings.chart
    return not chart.is_dir() or any(chart.glob("**/crds")) or any(chart.glob("charts/*.tgz"))


def may(site: Site, right: Right) -> bool:
    verb, group, resource, subresource, scoped = right
    asked = {"verb": verb, "group": group, "resource": resource, "subresource": subresource}
    if scoped:
        asked["namespace"] = site.namespace
    body: Json = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": asked},
    }
    try:
        return bool(site.api.create(path("SelfSubjectAccessReview"), body)["status"]["allowed"])
    except CloudnorthError as error:
        raise Refused(error.message, code=error.code, where=error.where) from error


def told(right: Right) -> str:
    verb, group, resource, subresource, _ = right
    return f"{verb} {resource}{'.' + group if group else ''}{'/' + subresource if subresource else ''}"
