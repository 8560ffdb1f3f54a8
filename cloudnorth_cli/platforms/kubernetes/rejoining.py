"""A release that a stopped or killed run installed, as Helm keeps it: to be watched and verified from any machine."""

from __future__ import annotations

from cloudnorth_cli.model import Candidate, Change, Record
from cloudnorth_cli.platforms.kubernetes import manifest, preparing, records, restoring
from cloudnorth_cli.platforms.kubernetes.rendering import Rendered
from cloudnorth_cli.platforms.kubernetes.site import Site


def rejoin(site: Site, record: Record) -> tuple[Candidate, Rendered] | None:
    """None where Helm did not come to its end with it: then it has to be installed again."""
    revisions = records.revisions(site) or ()
    if not revisions or revisions[0].number != record.release.revision or revisions[0].status != "deployed":
        return None
    documents = manifest.lasting(restoring.manifest_of(site, record))
    services = preparing.services_of(site, manifest.workloads(documents, site.namespace), record.images)
    changes = tuple(Change(workload=what, service=service, change="changed") for what, service in services.items())
    rendered = Rendered(record.images, documents, "", records.store(site).secret_of(record.release))
    candidate = Candidate(
        id=record.release.id, images=record.images, changes=changes, source=record.source, unchanged=False
    )
    return candidate, rendered
