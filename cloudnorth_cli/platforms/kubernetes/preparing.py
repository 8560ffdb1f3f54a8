"""The candidate: rendered with its real digests, compared with what serves, tried against the cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache

from cloudnorth_cli import templates
from cloudnorth_cli.adapters.helm import Revision
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Candidate, Change, Image, Record, Request
from cloudnorth_cli.platforms.kubernetes import conflicts, manifest, records
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.rendering import Rendered, documents, render
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout.readiness import is_done

Installed = Callable[[], tuple[Document, ...]]
"""What the newest revision was installed as; Helm is asked once, and only where it matters."""
MOMENT = 2.0
"""Seconds in which pods that are not ready just now may become so: one late answer to a probe is no change."""


def complete(site: Site, images: Sequence[Image], served: Record | None) -> tuple[Image, ...]:
    """The images of every service: those given, and for the others what serves. Raises Refused."""
    given = {image.service: image for image in images}
    kept = {image.service: image for image in served.images} if served else {}
    missing = [name for name in site.environment.services if name not in given and name not in kept]
    if missing:
        raise Refused(
            f"nothing of {', '.join(missing)} serves yet, so it cannot be left as it is",
            code="service-missing",
            next=(f"cloudnorth deploy --env {site.environment.name}",),
        )
    return tuple(given.get(name) or kept[name] for name in site.environment.services)


def prepare(
    site: Site, images: tuple[Image, ...], request: Request, secret: str, served: Record | None, step: Step
) -> tuple[Candidate, Rendered]:
    """Render, name and compare. Raises Refused where it cannot be installed."""
    revisions = records.revisions(site) or ()
    upgrade = records.installed(revisions)
    plain = render(site, images, release="0", commit="0000000", secret=secret, upgrade=upgrade)
    installed = cache(lambda: _installed(site, plain) if upgrade else ())
    identity = _identity(site, plain, served, installed, upgrade=upgrade)
    if served and identity == served.release.id and _serves(site, served, revisions):
        step.summary = "the same as what serves"
        return _candidate(identity, plain, (), request, unchanged=True), plain
    rendered = plain
    if says_release(site):
        number = next_revision(revisions)
        rendered = render(
            site, images, release=str(number), commit=request.source.commit, secret=secret, upgrade=upgrade
        )
    changes = _changes(site, rendered, installed())
    step.summary = summary(changes)
    conflicts.try_out(site, rendered, force=request.force_conflicts)
    return _candidate(identity, rendered, changes, request, unchanged=False), rendered


def says_release(site: Site) -> bool:
    """Whether the chart is told the release's number or commit, which are no part of what a release is."""
    texts = [text for service in site.environment.services.values() for text in service.chart.values()]
    return any({"release", "commit"} & set(templates.names(text)) for text in texts)


def next_revision(revisions: Sequence[Revision]) -> int:
    """The number that Helm gives next; `revisions` newest first."""
    return revisions[0].number + 1 if revisions else 1


def _identity(site: Site, rendered: Rendered, served: Record | None, installed: Installed, *, upgrade: bool) -> str:
    """The release's id; a chart that rolls dice is rendered twice, and what differs is no part of it."""
    plain = [document.body for document in rendered.documents]
    identity = manifest.identity(rendered.images, plain, rendered.secret)
    if served and identity == served.release.id:
        return identity
    settled = manifest.settled(rendered.documents, documents(site, rendered.values, upgrade=upgrade))
    identity = manifest.identity(rendered.images, settled, rendered.secret)
    if served and identity != served.release.id and {*served.images} == {*rendered.images}:
        return served.release.id if manifest.same(settled, installed()) else identity
    return identity


def _installed(site: Site, rendered: Rendered) -> tuple[Document, ...]:
    """What the newest revision was installed as."""
    helm, hooks = site.helm(), any(document.hook for document in rendered.documents)
    printed = site.run(helm.manifest()).output + ("\n---\n" + site.run(helm.hooks()).output if hooks else "")
    return manifest.lasting(manifest.parse(printed))


def _serves(site: Site, served: Record, revisions: Sequence[Revision]) -> bool:
    """Whether the record's revision is the newest and its workloads are ready."""
    if revisions and revisions[0].number != served.release.revision:
        return False
    until = time.monotonic() + MOMENT
    while not all(is_done(thing) for thing in records.workloads(site)):
        if time.monotonic() > until:
            return False
        time.sleep(MOMENT / 8)
    return True


def _candidate(
    identity: str, rendered: Rendered, changes: tuple[Change, ...], request: Request, *, unchanged: bool
) -> Candidate:
    return Candidate(id=identity, images=rendered.images, changes=changes, source=request.source, unchanged=unchanged)


def _changes(site: Site, rendered: Rendered, installed: Sequence[Document]) -> tuple[Change, ...]:
    """Each workload against the manifest of the newest revision."""
    new = manifest.workloads(rendered.documents, site.namespace)
    old = manifest.workloads(installed, site.namespace)
    services = services_of(site, new | old, rendered.images)
    found = [
        Change(
            workload=name,
            service=services[name],
            change="created"
            if name not in old
            else "unchanged"
            if document.pod_template == old[name].pod_template
            else "changed",
        )
        for name, document in new.items()
    ]
    return (
        *found,
        *(Change(workload=name, service=services[name], change="removed") for name in old if name not in new),
    )


def services_of(site: Site, workloads: dict[str, Document], images: Sequence[Image] = ()) -> dict[str, str | None]:
    """The service that each workload runs: as configured, else by the image's repository."""
    named = {
        workload.lower(): name for name, service in site.environment.services.items() for workload in service.workloads
    }
    repositories = records.repositories(site) | {image.service: image.repository for image in images}
    return {
        name: named.get(name) or manifest.of_repository(document, repositories) for name, document in workloads.items()
    }


def summary(changes: Sequence[Change]) -> str:
    """`api changes, storefront stays`."""
    words = {"created": "new", "changed": "changes", "unchanged": "stays", "removed": "goes"}
    return ", ".join(
        f"{change.service or change.workload.partition('/')[2]} {words[change.change]}" for change in changes
    )
