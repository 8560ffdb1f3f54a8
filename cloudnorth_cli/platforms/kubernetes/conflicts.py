"""Fields that somebody else has set: found by applying everything as a dry run, before anything is changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from cloudnorth_cli.adapters.kube import Conflict, Invalid, Json, NotFound
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.platforms.kubernetes import owners, records
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.rendering import Rendered
from cloudnorth_cli.platforms.kubernetes.site import Site

FIELD_MANAGER = "helm"
"""Under which Helm 4 applies; a dry run has to ask under the same name. Helm 3 writes under it too, by updates."""


def look(site: Site, rendered: Rendered) -> None:
    """At `check`, while digests are not known yet. Raises Refused naming fields and who has set or keeps them."""
    there = records.workloads(site)
    if not there:
        return
    found = [line for thing in there for line in owners.told(thing)]
    _refuse(site, [*found, *_all(site, rendered, force=False, valid=False)])


def try_out(site: Site, rendered: Rendered, *, force: bool) -> None:
    """Apply each object as a dry run, as Helm 4 will. Raises Refused naming fields and their managers."""
    if _applies_on_server(site) or (not force and records.workloads(site)):
        _refuse(site, _all(site, rendered, force=force, valid=_applies_on_server(site)))


def ours(cause: str) -> bool:
    """Whether a conflict is with Helm itself, whose updates of before count as another manager's than its applies."""
    return f'conflict with "{FIELD_MANAGER}"' in cause


def _refuse(site: Site, conflicts: list[str]) -> None:
    if conflicts:
        fields = "a field" if len(conflicts) == 1 else f"{len(conflicts)} fields"
        raise Refused(
            f"somebody else has set {fields} that this release would set otherwise; --force-conflicts takes over",
            code="conflict",
            evidence=conflicts,
            next=(f"cloudnorth deploy --env {site.environment.name} --force-conflicts",),
        )


def _all(site: Site, rendered: Rendered, *, force: bool, valid: bool) -> list[str]:
    objects = [document for document in rendered.documents if not document.hook]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda one: _conflicts(site, one, force=force, valid=valid), objects)
        return [told for each in found for told in each]


def _conflicts(site: Site, document: Document, *, force: bool, valid: bool) -> list[str]:
    """Fields of one object that others own. `valid`: whether what the API server does not accept is refused here."""
    place = site.discovery.path(document.body, site.namespace)
    if place is None:
        return []
    try:
        site.api.apply(place, document.body, FIELD_MANAGER, force=force, dry_run=True)
    except NotFound:
        # The namespace is still to be made; nobody owns anything there.
        return []
    except Conflict as error:
        return [f"{document.key} {cause}" for cause in error.causes or (error.message,) if not ours(cause)]
    except Invalid as error:
        if valid:
            raise Refused(error.message, code=error.code, where=document.source or document.key) from error
    return []


def _applies_on_server(site: Site) -> bool:
    """Helm 4 goes on in the way that the release was installed; a new one it applies on the server."""
    if site.helm_version[0] < 4 or "--server-side=false" in site.settings.args:
        return False
    there = records.workloads(site)
    return not there or any(_applied(thing) for thing in there)


def _applied(thing: Json) -> bool:
    return any(
        field.get("manager") == FIELD_MANAGER and field.get("operation") == "Apply"
        for field in thing["metadata"].get("managedFields") or []
    )
