"""Which revision serves: our records beside what Helm and the cluster say."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from cloudnorth_cli.adapters.helm import Revision, decisive, parse_history
from cloudnorth_cli.adapters.kube import Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.adapters.kube_records import RecordStore
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Actor, Image, Record, Release, Source
from cloudnorth_cli.platforms.kubernetes import manifest
from cloudnorth_cli.platforms.kubernetes.site import Site

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
_OWNER = "meta.helm.sh/release-name"
_PLACE = "meta.helm.sh/release-namespace"


def store(site: Site) -> RecordStore:
    return RecordStore(site.api, site.namespace, site.release)


def revisions(site: Site) -> tuple[Revision, ...] | None:
    """Helm's revisions, newest first, by the labels of its own Secrets: no Helm is started and no secret is read.

    None where we may not list Secrets (read-only rights).
    """
    if os.environ.get("HELM_DRIVER", "secret") not in {"", "secret", "secrets"}:
        return _told_by_helm(site)
    selector = f"owner=helm,name={site.release}"
    try:
        found = site.api.items(path("Secret", site.namespace), partial=True, labelSelector=selector)
    except Refused as error:
        if error.code == "forbidden":
            return None
        raise
    return tuple(sorted(map(_revision, found), key=lambda one: one.number, reverse=True))


def _told_by_helm(site: Site) -> tuple[Revision, ...]:
    """For whoever keeps Helm's revisions elsewhere."""
    done = site.run(site.helm().history(), check=False)
    if done.status == 0:
        return parse_history(done.output)[::-1]
    if "not found" in done.errors:
        return ()
    raise Refused("helm history does not work", code="helm-failed", evidence=decisive(done.errors))


def installed(revisions: Sequence[Revision]) -> bool:
    """Whether the newest of the revisions is there, not uninstalled; `revisions` newest first."""
    return bool(revisions) and revisions[0].status != "uninstalled"


def workloads(site: Site) -> tuple[Json, ...]:
    """The workloads in the cluster that belong to the Helm release, by the annotation that Helm writes."""
    return tuple(
        thing for kind in WORKLOADS for thing in site.api.items(path(kind, site.namespace)) if belongs(site, thing)
    )


def belongs(site: Site, thing: Json) -> bool:
    """Whether an object is the Helm release's, by the annotation that Helm writes."""
    return _annotation(thing, _OWNER) == site.release and _annotation(thing, _PLACE) in {site.namespace, ""}


def serving(site: Site) -> Record | None:
    """What a failed deploy goes back to: the newest verified record, or a newer revision that others installed."""
    there = revisions(site)
    deployed = next((one for one in there or () if one.status == "deployed"), None)
    if there is not None and not installed(there):
        return None
    records = store(site).all()
    if deployed and not any(record.release.revision == deployed.number for record in records):
        return of_others(site, deployed.number, deployed.at)
    if there is None and not workloads(site):
        return None
    known = {one.number for one in there} if there is not None else None
    return next(
        (r for r in records if r.outcome == "deployed" and (known is None or r.release.revision in known)),
        None,
    )


def of_others(site: Site, revision: int, at: datetime | None, *, images: bool = True) -> Record:
    """The record of a revision that somebody installed with Helm alone."""
    return Record(
        release=Release(id="", number=revision, revision=revision),
        outcome="unverified",
        images=images_in_cluster(site) if images else (),
        actor=Actor(who="helm (not by cloudnorth)", run=""),
        source=Source(commit=""),
        started_at=at or datetime.fromtimestamp(0, UTC),
        finished_at=at,
    )


def images_in_cluster(site: Site) -> tuple[Image, ...]:
    """The images by digest that the workloads run for the project's services."""
    found: dict[str, Image] = {}
    wanted = repositories(site)
    for thing in workloads(site):
        document = manifest.Document("", "", thing)
        for reference in document.images():
            name, _, digest = reference.partition("@")
            service = next((s for s, r in wanted.items() if manifest.repository(r) == manifest.repository(name)), None)
            if service and digest:
                found[service] = Image(service=service, repository=wanted[service], digest=digest)
    return tuple(found.values())


def repositories(site: Site) -> dict[str, str]:
    """Each service's repository, host included."""
    host = site.environment.registry_host
    found = {}
    for name, service in site.environment.services.items():
        if service.image:
            found[name] = manifest.repository(service.image)
        else:
            repository = service.repository or f"{site.environment.project}/{name}"
            found[name] = f"{host}/{repository}" if host else repository
    return found


def history(site: Site, limit: int) -> tuple[Record, ...]:
    """Newest first; revisions that others made by Helm alone stand among ours."""
    records = {record.release.revision: record for record in store(site).all()}
    for one in revisions(site) or ():
        if one.number not in records:
            records[one.number] = of_others(site, one.number, one.at, images=False)
    return tuple(sorted(records.values(), key=lambda record: record.release.revision, reverse=True))[:limit]


def _revision(thing: Json) -> Revision:
    labels = thing["metadata"].get("labels") or {}
    at = thing["metadata"].get("creationTimestamp")
    return Revision(
        int(labels.get("version", 0)), str(labels.get("status", "")), datetime.fromisoformat(at) if at else None
    )


def _annotation(thing: Json, name: str) -> str:
    return str((thing["metadata"].get("annotations") or {}).get(name, ""))
