"""The proof of a failure, taken from the cluster while the failed pod is there."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cloudnorth_cli.adapters.kube import Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import CloudnorthError
from cloudnorth_cli.model import PodFailure
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout import containers, probes
from cloudnorth_cli.rollout.observed import dig, event_time, name
from cloudnorth_cli.rollout.pods import container_statuses, signal_of

LINES = 50
"""Of each log."""
NOT_THERE = ("waiting to start", "not found", "is not valid for pod")
"""The kubelet's words for a log that does not exist; nothing is missing then."""


def evidence(site: Site, failure: PodFailure) -> PodFailure:
    """The failure with logs, events, image and node; what may not be read is named."""
    unseen: list[str] = []
    events = _events(site, failure.pod, unseen)
    if "/" in failure.pod:
        return replace(failure, events=events, unseen=tuple(unseen))
    pod = _pod(site, failure.pod, unseen)
    if pod is None:
        return replace(failure, events=events, unseen=tuple(unseen))
    status = _status(pod, failure.container)
    container = str(status.get("name", failure.container))
    before = _log(site, pod, container, unseen, previous=True) if dig(status, "lastState", "terminated") else ()
    now = _log(site, pod, container, unseen) if _has_run(status) else ()
    ended = dig(status, "state", "terminated") or dig(status, "lastState", "terminated") or {}
    died = bool(dig(status, "state", "terminated"))
    lines = now if died and now else before or now
    spec = _spec(pod, container)
    exit_code = failure.exit_code if failure.exit_code is not None else ended.get("exitCode")
    return replace(
        failure,
        cause=containers.told_by_log(failure.cause, lines),
        lines=lines,
        log=now if lines != now else (),
        events=events,
        container=container,
        reason=failure.reason or str(ended.get("reason", "")),
        exit_code=exit_code,
        signal=failure.signal or signal_of(exit_code),
        restarts=int(status.get("restartCount", failure.restarts)),
        probe=failure.probe or _probe(spec, failure.cause),
        image=str(spec.get("image", status.get("image", ""))),
        digest=str(status.get("imageID", "")).rpartition("@")[2],
        node=str(dig(pod, "spec", "nodeName", default="")),
        unseen=tuple(unseen),
    )


def warnings(site: Site, thing: str) -> tuple[str, ...]:
    """Warning events of a pod (or `deployment/NAME`), each once, oldest first; none where they may not be read."""
    return _events(site, thing, [])


def _pod(site: Site, named: str, unseen: list[str]) -> Json | None:
    try:
        return site.api.find(path("Pod", site.namespace, named))
    except CloudnorthError as error:
        unseen.append(f"the pod: {error.message}")
        return None


def _events(site: Site, thing: str, unseen: list[str]) -> tuple[str, ...]:
    kind, slash, named = thing.partition("/")
    selector = f"type=Warning,involvedObject.name={named if slash else thing}"
    try:
        found = site.api.items(path("Event", site.namespace), fieldSelector=selector)
    except CloudnorthError as error:
        unseen.append(f"events: {error.message}")
        return ()
    found.sort(key=event_time)
    return tuple(dict.fromkeys(site.mask(f"{event.get('reason')}: {event.get('message')}") for event in found))


def _log(site: Site, pod: Json, container: str, unseen: list[str], *, previous: bool = False) -> tuple[str, ...]:
    query: dict[str, Any] = {"container": container, "tailLines": LINES, "previous": str(previous).lower()}
    try:
        text = site.api.text(f"{path('Pod', site.namespace, name(pod))}/log", **query)
    except CloudnorthError as error:
        if not any(word in error.message for word in NOT_THERE):
            unseen.append(f"its log: {error.message}")
        return ()
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    # The kubelet says so in the log's place when the container is removed meanwhile.
    return site.masked(tuple(line for line in lines if not line.startswith("unable to retrieve container logs")))


def _status(pod: Json, container: str) -> Json:
    """Of the container that the failure names, else of the first that does not do."""
    statuses = list(container_statuses(pod))
    named = [status for status in statuses if status.get("name") == container]
    failing = [status for status in statuses if not status.get("ready") and _not_well(status)]
    return dict(next(iter([*named, *failing, *statuses]), {}))


def _not_well(status: Any) -> bool:
    return bool(dig(status, "state", "terminated", "exitCode") != 0)


def _has_run(status: Json) -> bool:
    return bool(dig(status, "state", "running") or dig(status, "state", "terminated"))


def _spec(pod: Json, container: str) -> Json:
    for kind in ("containers", "initContainers"):
        for spec in dig(pod, "spec", kind, default=()):
            if spec.get("name") == container:
                return dict(spec)
    return {}


def _probe(spec: Json, cause: str) -> str:
    kind = cause.partition("-")[0]
    if probe := spec.get(f"{kind}Probe"):
        return probes.describe(kind, probe)
    return ""
