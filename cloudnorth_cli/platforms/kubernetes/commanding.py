"""Commands of people with what serves: in a pod of their own (`run`), or in one that serves (`exec`)."""

from __future__ import annotations

import copy
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Literal

from cloudnorth_cli import signals
from cloudnorth_cli.adapters import kube_exec, kube_secrets
from cloudnorth_cli.adapters.kube import Json, NotFound
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.model import PodFailure
from cloudnorth_cli.platforms import Tell
from cloudnorth_cli.platforms.kubernetes import manifest, records
from cloudnorth_cli.platforms.kubernetes.evidence import evidence
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.migration_job import NOT_IN_A_JOB
from cloudnorth_cli.platforms.kubernetes.pod_log import PodLog
from cloudnorth_cli.platforms.kubernetes.preparing import services_of
from cloudnorth_cli.platforms.kubernetes.site import MANAGED, PREFIX, Site
from cloudnorth_cli.rollout import Observed, causes
from cloudnorth_cli.rollout.observed import dig, is_true, key, name
from cloudnorth_cli.rollout.revision import all_pods, is_leaving

LABEL = f"{PREFIX}/run"
INTERVAL = 0.3
"""Seconds between two looks at the pod."""
LOG_PATIENCE = 15.0
"""Seconds for the rest of the log when the command has ended."""
_OVER = ("Succeeded", "Failed")


def run_beside(site: Site, service: str, words: Sequence[str], tell: Tell) -> int:
    """Run a command in a pod made from the service's own template, which is deleted afterwards."""
    workload, container = _find(site, service)
    _know_secrets(site)
    _forget_ended(site)
    pod = site.api.create(path("Pod", site.namespace), _body(site, workload, container, words))
    try:
        return _await(site, name(pod), container, service, tell)
    finally:
        site.api.delete(path("Pod", site.namespace, name(pod)), {"gracePeriodSeconds": 5})


def run_within(site: Site, service: str, words: Sequence[str], tell: Tell | None, *, tty: bool) -> int:
    """Run a command in a ready pod of the service."""
    workload, container = _find(site, service)
    observed = Observed(
        at=0.0,
        workloads=(workload,),
        replica_sets=tuple(site.api.items(path("ReplicaSet", site.namespace))),
        pods=tuple(site.api.items(path("Pod", site.namespace))),
    )
    ready = [pod for pod in all_pods(workload, observed) if is_true(pod, "Ready") and not is_leaving(pod)]
    if not ready:
        raise Refused(f"no pod of {service} is ready in namespace {site.namespace}", code="nothing-runs")
    newest = max(ready, key=lambda pod: str(dig(pod, "metadata", "creationTimestamp", default="")))
    place = path("Pod", site.namespace, name(newest))
    if tell is None:
        return kube_exec.run(site.api, place, container, tuple(words), None, tty=kube_exec.here(tty))
    _know_secrets(site)
    lines = _Lines(site, tell)
    status = kube_exec.run(site.api, place, container, tuple(words), lines.add, tty=False)
    lines.end()
    return status


class _Lines:
    """Makes lines of what comes in pieces."""

    def __init__(self, site: Site, tell: Tell) -> None:
        self._site = site
        self._tell = tell
        self._rest: dict[Literal["stdout", "stderr"], bytes] = {"stdout": b"", "stderr": b""}

    def add(self, piece: bytes, stream: Literal["stdout", "stderr"]) -> None:
        *whole, self._rest[stream] = (self._rest[stream] + piece).split(b"\n")
        for line in whole:
            self._tell(self._site.mask(line.decode(errors="replace")), stream)

    def end(self) -> None:
        for stream, rest in self._rest.items():
            if rest:
                self._tell(self._site.mask(rest.decode(errors="replace")), stream)


def _find(site: Site, service: str) -> tuple[Json, str]:
    """The service's workload as it is in the cluster, and its container that runs the service. Raises Refused."""
    there = {key(thing): thing for thing in records.workloads(site)}
    named = services_of(site, {what: Document("", "", thing) for what, thing in there.items()})
    what = next((what for what, of in named.items() if of == service), None)
    if what is None:
        raise Refused(f"nothing of {service} runs in namespace {site.namespace}", code="nothing-runs")
    containers = dig(there[what], "spec", "template", "spec", "containers", default=[])
    wanted = records.repositories(site).get(service, "")
    for container in containers:
        if manifest.repository(str(container.get("image", ""))) == manifest.repository(wanted):
            return there[what], str(container["name"])
    return there[what], str(containers[0]["name"])


def _body(site: Site, workload: Json, container: str, words: Sequence[str]) -> Json:
    template = dig(workload, "spec", "template", default={})
    spec = copy.deepcopy(dict(template["spec"]))
    chosen = next(each for each in spec["containers"] if each["name"] == container)
    chosen = {field: value for field, value in chosen.items() if field not in NOT_IN_A_JOB}
    # `args` alone would go to the image's entrypoint, so both are replaced.
    chosen |= {"command": list(words), "args": []}
    metadata = template.get("metadata") or {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{name(workload)[:40].rstrip('-.')}-run-{uuid.uuid4().hex[:8]}",
            "namespace": site.namespace,
            "labels": _harmless(site, workload, metadata.get("labels") or {}) | MANAGED | {LABEL: site.release},
            "annotations": dict(metadata.get("annotations") or {}),
        },
        "spec": spec | {"containers": [chosen], "restartPolicy": "Never"},
    }


def _harmless(site: Site, workload: Json, labels: Mapping[str, str]) -> dict[str, str]:
    """Labels without those by which Services and the workload itself find their pods."""
    selecting = set(dig(workload, "spec", "selector", "matchLabels", default={}))
    for service in site.api.items(path("Service", site.namespace)):
        selecting |= set(dig(service, "spec", "selector", default={}))
    return {label: value for label, value in labels.items() if label not in selecting}


def _forget_ended(site: Site) -> None:
    """Delete pods that runs which were killed have left, once they have ended."""
    for pod in site.api.items(path("Pod", site.namespace), labelSelector=f"{LABEL}={site.release}"):
        if dig(pod, "status", "phase") in _OVER:
            site.api.delete(path("Pod", site.namespace, name(pod)))


def _await(site: Site, pod_name: str, container: str, service: str, tell: Tell) -> int:
    log: PodLog | None = None
    seen: dict[str, float] = {}
    place = path("Pod", site.namespace, pod_name)
    while True:
        signals.check()
        try:
            pod = site.api.get(place)
        except NotFound as error:
            raise Failed(f"pod {pod_name} was deleted while it ran", code="pod-deleted") from error
        if log is None and dig(pod, "status", "phase") != "Pending":
            log = PodLog(site, pod_name, lambda line: tell(line, "stdout"), container)
            log.start()
        if dig(pod, "status", "phase") in _OVER:
            if log:
                log.finish(LOG_PATIENCE)
            return _status(pod, container)
        _refuse_doomed(site, pod, service, seen)
        time.sleep(INTERVAL)


def _status(pod: Json, container: str) -> int:
    statuses = dig(pod, "status", "containerStatuses", default=[])
    ended = next((dig(one, "state", "terminated") for one in statuses if one["name"] == container), None)
    if ended is None:
        raise Failed(f"{name(pod)} did not run: {dig(pod, 'status', 'message', default='evicted')}", code="not-run")
    if ended.get("reason") in ("StartError", "ContainerCannotRun"):
        raise Refused(kube_exec.why_not_started(str(ended.get("message", ""))), code="program-missing")
    return int(ended["exitCode"])


def _refuse_doomed(site: Site, pod: Json, service: str, seen: dict[str, float]) -> None:
    """Raises Failed for a pod that will never run."""
    sign = causes.of_pod(pod, of_job=True) if dig(pod, "status", "phase") == "Pending" else None
    if sign is None or time.monotonic() - seen.setdefault(sign.cause, time.monotonic()) < sign.patience:
        return
    failed = evidence(site, PodFailure(cause=sign.cause, message=sign.message, pod=name(pod)))
    raise Failed(
        f"the command could not run: {service} {sign.message}",
        code=sign.cause,
        where=f"pod/{name(pod)} in namespace {site.namespace}",
        evidence=(*failed.lines, *failed.events),
    )


def _know_secrets(site: Site) -> None:
    """Read what serves has for secrets, so that its lines can be masked; without the right to, they are not."""
    served = records.serving(site)
    held = records.store(site).secret_of(served.release) if served else ""
    if held:
        site.know(kube_secrets.read(site.api, site.namespace, held))
