"""The migration as a Job of our own, made from the service's rendered pod template before the release is installed.

It gets the configuration of the new release without changing what serves: ConfigMaps and Secrets that would change, or
are not there yet, are copied under the Job's own name and go away with it.
"""

from __future__ import annotations

import copy
import shlex
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from cloudnorth_cli.adapters.kube import Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.durations import seconds
from cloudnorth_cli.errors import CloudnorthError, Failed, Refused
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Candidate, PodFailure
from cloudnorth_cli.platforms.kubernetes import manifest
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.preparing import FIELD_MANAGER
from cloudnorth_cli.platforms.kubernetes.rendering import Rendered
from cloudnorth_cli.platforms.kubernetes.site import MANAGED, PREFIX, Site
from cloudnorth_cli.platforms.kubernetes.watching import evidence
from cloudnorth_cli.rollout import causes
from cloudnorth_cli.rollout.observed import dig, is_true, name
from cloudnorth_cli.settings import Migrate

INTERVAL = 0.3
"""Seconds between two looks at the Job."""
_NOT_IN_A_JOB = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "ports")


def migrate(site: Site, asked: Migrate, rendered: Rendered, candidate: Candidate, step: Step) -> None:
    """Run it to its end, its log told. Raises Failed; the Job stays then, until the next deploy, to be looked at."""
    label = f"{PREFIX}/migration={site.release}"
    for old in site.api.items(path("Job", site.namespace), labelSelector=label):
        site.api.delete(path("Job", site.namespace, name(old)), {"propagationPolicy": "Background"})
    job = site.api.create(path("Job", site.namespace), _job(site, asked, rendered, candidate))
    _bring_configuration(site, rendered, job)
    last = _await(site, asked, job, step)
    site.api.delete(path("Job", site.namespace, name(job)), {"propagationPolicy": "Background"})
    step.summary = last or "done"


def _job(site: Site, asked: Migrate, rendered: Rendered, candidate: Candidate) -> Json:
    document, container = _template(asked, rendered)
    metadata = document.pod_template.get("metadata") or {}
    spec = copy.deepcopy(dict(document.pod_spec or {}))
    job = f"{site.release}-migrate-{candidate.id[:8]}-{time.time_ns() // 1_000_000 % 1_000_000:06d}"
    chosen = {key: value for key, value in spec["containers"][container].items() if key not in _NOT_IN_A_JOB}
    # `args` alone would go to the image's entrypoint, so both are replaced.
    chosen |= {"command": shlex.split(asked.run), "args": []}
    spec |= {"containers": [chosen], "restartPolicy": "Never"}
    _refer_to_copies(site, spec, rendered, job)
    labels = _harmless_labels(metadata.get("labels") or {}, rendered) | {f"{PREFIX}/migration": site.release}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job,
            "namespace": site.namespace,
            "labels": MANAGED | {f"{PREFIX}/migration": site.release},
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


def _template(asked: Migrate, rendered: Rendered) -> tuple[Document, int]:
    """The workload, and which of its containers, that runs the service's image. Raises Refused."""
    image = next((one for one in rendered.images if one.service == asked.service), None)
    for document in manifest.workloads(rendered.documents).values():
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


def _bring_configuration(site: Site, rendered: Rendered, job: Json) -> None:
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


def _await(site: Site, asked: Migrate, job: Json, step: Step) -> str:
    """Until the Job has ended, its log told line by line; returns its last line."""
    reader: _Reader | None = None
    seen: dict[str, float] = {}
    while True:
        pods = site.api.items(path("Pod", site.namespace), labelSelector=f"job-name={name(job)}")
        pod = pods[0] if pods else None
        if pod and reader is None and dig(pod, "status", "phase") != "Pending":
            reader = _Reader(site, name(pod), step)
            reader.start()
        now = site.api.get(path("Job", site.namespace, name(job)))
        if is_true(now, "Complete"):
            return reader.finish() if reader else ""
        if is_true(now, "Failed"):
            raise _failed(site, asked, now, pod, reader)
        if pod and (doomed := _doomed(pod, seen)):
            site.api.patch(path("Job", site.namespace, name(job)), {"spec": {"activeDeadlineSeconds": 1}})
            raise _not_run(site, asked, doomed)
        step.waiting(f"job {name(job)}: {_state(pod)}")
        time.sleep(INTERVAL)


def _state(pod: Json | None) -> str:
    if pod is None:
        return "no pod yet"
    waiting = dig(pod, "status", "containerStatuses", 0, "state", "waiting", "reason")
    return str(waiting or dig(pod, "status", "phase", default="pending")).lower()


def _doomed(pod: Json, seen: dict[str, float]) -> PodFailure | None:
    """A reason for which the pod will never run."""
    sign = causes.of_pod(pod)
    if sign is None:
        return None
    since = seen.setdefault(sign.cause, time.monotonic())
    if time.monotonic() - since < sign.patience:
        return None
    return PodFailure(cause=sign.cause, message=sign.message, pod=name(pod))


def _not_run(site: Site, asked: Migrate, doomed: PodFailure) -> Failed:
    told = evidence(site, doomed)
    return Failed(
        f"the migration could not run: {asked.service} {told.message}",
        code="migration-failed" if told.cause != "program-missing" else "program-missing",
        where=told.pod,
        evidence=(*told.lines, *told.events),
    )


def _failed(site: Site, asked: Migrate, job: Json, pod: Json | None, reader: _Reader | None) -> Failed:
    if reader:
        reader.finish()
    ended = dig(pod, "status", "containerStatuses", 0, "state", "terminated", default={})
    sign = causes.of_pod(pod) if pod else None
    if sign and sign.cause == "program-missing" and pod:
        return _not_run(site, asked, PodFailure(cause=sign.cause, message=sign.message, pod=name(pod)))
    reason = next((c.get("reason") for c in job["status"]["conditions"] if c.get("type") == "Failed"), "")
    if reason == "DeadlineExceeded":
        how = f"did not end within {asked.timeout}"
    else:
        how = f"ended with status {ended.get('exitCode', '?')}"
        how += " (killed for want of memory)" if ended.get("reason") == "OOMKilled" else ""
    return Failed(
        f"the migration `{asked.run}` {how}; nothing else was changed",
        code="migration-failed",
        where=f"job/{name(job)} in namespace {site.namespace}",
        evidence=reader.lines[-20:] if reader else (),
    )


class _Reader(threading.Thread):
    """Tells a pod's log as it comes."""

    def __init__(self, site: Site, pod: str, step: Step) -> None:
        super().__init__(name="migration-log", daemon=True)
        self.lines: list[str] = []
        self._site = site
        self._pod = pod
        self._step = step

    def run(self) -> None:
        place = f"{path('Pod', self._site.namespace, self._pod)}/log"
        try:
            with self._site.api.stream(place, follow="true") as pieces:
                rest = b""
                for piece in pieces:
                    *whole, rest = (rest + piece).split(b"\n")
                    for line in whole:
                        self._tell(line)
                if rest:
                    self._tell(rest)
        except CloudnorthError as error:
            self._step.notice(f"the migration's log cannot be read: {error.message}", "warning")

    def finish(self) -> str:
        """Wait for the log's end; returns the last line."""
        self.join(5.0)
        return self.lines[-1] if self.lines else ""

    def _tell(self, line: bytes) -> None:
        text = self._site.mask(line.decode(errors="replace").rstrip())
        if text:
            self.lines.append(text)
            self._step.output("migrate", text)
