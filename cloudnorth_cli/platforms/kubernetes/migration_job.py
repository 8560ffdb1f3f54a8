"""What a migration's Job is made of: the service's rendered pod template with the command replaced.

It gets the configuration of the new release without changing what serves: ConfigMaps and Secrets that would change, or
are not there yet, are copied under the Job's own name and go away with it.
"""

from __future__ import annotations

import copy
import shlex
import time
from collections.abc import Iterator, Mapping
from typing import Any

from cloudnorth_cli.adapters.kube import Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.durations import seconds
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Candidate
from cloudnorth_cli.platforms.kubernetes import manifest
from cloudnorth_cli.platforms.kubernetes.conflicts import FIELD_MANAGER
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.rendering import Rendered
from cloudnorth_cli.platforms.kubernetes.site import MANAGED, PREFIX, Site
from cloudnorth_cli.rollout.observed import dig, name
from cloudnorth_cli.settings import Migrate

CHECK = "cloudnorth-check"
"""The container that runs `migrate.check` before the migration, in the same pod."""
LABEL = f"{PREFIX}/migration"
NOT_IN_A_JOB = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "ports")


def body(site: Site, asked: Migrate, rendered: Rendered, candidate: Candidate) -> Json:
    document, container = _template(site, asked, rendered)
    metadata = document.pod_template.get("metadata") or {}
    spec = copy.deepcopy(dict(document.pod_spec or {}))
    job = f"{site.release}-migrate-{candidate.id[:8]}-{time.time_ns() // 1_000_000 % 1_000_000:06d}"
    chosen = {key: value for key, value in spec["containers"][container].items() if key not in NOT_IN_A_JOB}
    # `args` alone would go to the image's entrypoint, so both are replaced.
    chosen |= {"command": shlex.split(asked.run), "args": []}
    spec |= {"containers": [chosen], "restartPolicy": "Never"}
    if asked.check:
        first = chosen | {"name": CHECK, "command": shlex.split(asked.check)}
        spec["initContainers"] = [*(spec.get("initContainers") or []), first]
    _refer_to_copies(site, spec, rendered, job)
    labels = _harmless_labels(metadata.get("labels") or {}, rendered) | {LABEL: site.release}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job,
            "namespace": site.namespace,
            "labels": MANAGED | {LABEL: site.release},
        },
        "spec": {
            "backoffLimit": 0,
            "suspend": True,
            "activeDeadlineSeconds": int(seconds(asked.timeout)),
            "template": {
                "metadata": {"labels": labels, "annotations": dict(metadata.get("annotations") or {})},
                "spec": spec,
            },
        },
    }


def _template(site: Site, asked: Migrate, rendered: Rendered) -> tuple[Document, int]:
    """The workload, and which of its containers, that runs the service's image. Raises Refused."""
    image = next((one for one in rendered.images if one.service == asked.service), None)
    for document in manifest.workloads(rendered.documents, site.namespace).values():
        for position, container in enumerate((document.pod_spec or {}).get("containers") or []):
            if image and str(container.get("image", "")).endswith(f"@{image.digest}"):
                return document, position
    raise Refused(
        f"nothing in the chart runs {asked.service}, so its migration has no pod to be made from", code="no-template"
    )


def _harmless_labels(labels: Mapping[str, str], rendered: Rendered) -> dict[str, str]:
    """The template's labels without those by which Services and workloads find their pods: no request goes to a Job."""
    selecting: set[str] = set()
    for document in rendered.documents:
        selector = (document.body.get("spec") or {}).get("selector")
        if isinstance(selector, Mapping):
            selecting |= set(selector.get("matchLabels") or selector)
    return {key: value for key, value in labels.items() if key not in selecting}


def _references(spec: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every place in a pod spec that names a ConfigMap or Secret: kind, mapping, and the key that holds the name."""
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        for source in container.get("envFrom") or []:
            yield from _named(source, ("configMapRef", "ConfigMap"), ("secretRef", "Secret"))
        for variable in container.get("env") or []:
            origin = variable.get("valueFrom") or {}
            yield from _named(origin, ("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret"))
    for volume in spec.get("volumes") or []:
        if volume.get("secret"):
            yield "Secret", volume["secret"], "secretName"
        yield from _named(volume, ("configMap", "ConfigMap"))
        for source in dig(volume, "projected", "sources", default=[]):
            yield from _named(source, ("configMap", "ConfigMap"), ("secret", "Secret"))


def _named(holder: Mapping[str, Any], *fields: tuple[str, str]) -> Iterator[tuple[str, dict[str, Any], str]]:
    for field, kind in fields:
        if holder.get(field):
            yield kind, holder[field], "name"


def _refer_to_copies(site: Site, spec: dict[str, Any], rendered: Rendered, job: str) -> None:
    for kind, holder, field in _references(spec):
        wanted = _rendered_as(kind, str(holder.get(field)), rendered)
        if wanted is not None and _differs(site, wanted):
            holder[field] = _copy_name(job, str(holder[field]))


def bring_configuration(site: Site, rendered: Rendered, job: Json) -> None:
    """Make the copies, owned by the Job so that they end with it, and let it begin."""
    spec = job["spec"]["template"]["spec"]
    copies = {(kind, str(holder[field])) for kind, holder, field in _references(spec)}
    for document in rendered.documents:
        kind, original = str(document.body.get("kind")), str(document.metadata.get("name"))
        copied = _copy_name(name(job), original)
        if (kind, copied) in copies:
            body = dict(document.body) | {
                "metadata": {"name": copied, "labels": MANAGED, "ownerReferences": _owner(job)}
            }
            site.api.create(path(kind, site.namespace), body)
    _bring_account(site, spec.get("serviceAccountName"), rendered)
    site.api.patch(path("Job", site.namespace, name(job)), {"spec": {"suspend": False}})


def _bring_account(site: Site, account: str | None, rendered: Rendered) -> None:
    """A first install has no ServiceAccount yet; cloud roles go by its name, so it is made as Helm will find it."""
    wanted = _rendered_as("ServiceAccount", account or "", rendered)
    if wanted is None or site.api.find(path("ServiceAccount", site.namespace, str(account))):
        return
    body = copy.deepcopy(dict(wanted.body))
    metadata = body.setdefault("metadata", {})
    metadata["labels"] = dict(metadata.get("labels") or {}) | {"app.kubernetes.io/managed-by": "Helm"}
    metadata["annotations"] = dict(metadata.get("annotations") or {}) | {
        "meta.helm.sh/release-name": site.release,
        "meta.helm.sh/release-namespace": site.namespace,
    }
    site.api.apply(path("ServiceAccount", site.namespace, str(account)), body, FIELD_MANAGER)


def _rendered_as(kind: str, named: str, rendered: Rendered) -> Document | None:
    wanted = (kind, named)
    return next((d for d in rendered.documents if (d.body.get("kind"), d.metadata.get("name")) == wanted), None)


def _differs(site: Site, wanted: Document) -> bool:
    """Whether the object is not in the cluster, or not with this content."""
    there = site.api.find(path(str(wanted.body["kind"]), site.namespace, str(wanted.metadata["name"])))
    if there is None or wanted.body.get("stringData"):
        return True
    return any((there.get(field) or {}) != (wanted.body.get(field) or {}) for field in ("data", "binaryData"))


def _copy_name(job: str, original: str) -> str:
    return f"{job}-{original}"[:253]


def _owner(job: Json) -> list[Json]:
    return [{"apiVersion": "batch/v1", "kind": "Job", "name": name(job), "uid": job["metadata"]["uid"]}]
