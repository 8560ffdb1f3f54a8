"""Looking at a rollout again and again until it is judged, and taking the evidence before anything is taken back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from cloudnorth_cli import signals
from cloudnorth_cli.adapters.kube import Json, Unreachable
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import Broken, CloudnorthError
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import PodFailure, Verdict
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout import Observed, Seen, Tracked, judge
from cloudnorth_cli.rollout.observed import dig, name
from cloudnorth_cli.rollout.pods import container_statuses

INTERVAL = 0.5
"""Seconds between two looks."""
MOST_FAILURES = 3
"""Pods whose evidence is taken."""
LINES = 50


def observe(site: Site, kinds: frozenset[str], clock: Callable[[], float] = time.monotonic) -> Observed:
    """One look at the namespace, at the kinds that are tracked (`deployment` …)."""

    def items(kind: str, **query: Any) -> tuple[Json, ...]:
        return tuple(site.api.items(path(kind, site.namespace), **query))

    deployments = "deployment" in kinds
    sets = bool(kinds & {"statefulset", "daemonset"})
    return Observed(
        at=clock(),
        workloads=tuple(
            thing
            for kind in ("Deployment", "StatefulSet", "DaemonSet")
            if kind.lower() in kinds
            for thing in items(kind)
        ),
        replica_sets=items("ReplicaSet") if deployments else (),
        controller_revisions=items("ControllerRevision") if "daemonset" in kinds else (),
        pods=items("Pod"),
        events=items("Event", fieldSelector="type=Warning,reason=FailedCreate") if sets else (),
    )


def watch(
    site: Site,
    workloads: Mapping[str, str | None],
    step: Step,
    *,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Verdict:
    """Wait until the workloads (by key, to their services) are ready or will not be.

    While the API server is away nothing is judged. Raises Broken when it stays away until the time is up.
    """
    if not workloads:
        return Verdict(state="ready", workloads=(), pods=(), waiting_for="nothing rolls")
    tracked = Tracked(workloads, started=clock(), timeout=timeout)
    kinds = frozenset(what.partition("/")[0] for what in workloads)
    seen: Seen = {}
    told: object = None
    while True:
        signals.check()
        try:
            verdict, seen = judge(observe(site, kinds, clock), tracked, seen)
        except Unreachable as error:
            if clock() - tracked.started >= timeout:
                raise Broken(
                    f"the cluster went away while the release was rolling out: {error.message}", code=error.code
                ) from error
            step.waiting(f"the cluster: {error.message}")
            sleep(INTERVAL * 2)
            continue
        if told != (verdict.workloads, verdict.pods):
            told = (verdict.workloads, verdict.pods)
            step.rollout(verdict.workloads, verdict.pods)
            step.waiting(verdict.waiting_for)
        if verdict.state != "progressing":
            break
        sleep(INTERVAL)
    if verdict.state == "failed":
        return replace(verdict, failures=tuple(evidence(site, one) for one in verdict.failures[:MOST_FAILURES]))
    return verdict


def evidence(site: Site, failure: PodFailure) -> PodFailure:
    """The failure with the pod's last lines and its Warning events; what may not be read is left out."""
    return replace(failure, lines=_last_lines(site, failure.pod), events=warnings(site, failure.pod))


def _last_lines(site: Site, pod: str) -> tuple[str, ...]:
    if "/" in pod:
        return ()
    try:
        thing = site.api.find(path("Pod", site.namespace, pod))
        return () if thing is None else site.masked(_log(site, thing))
    except CloudnorthError:
        return ()


def _log(site: Site, pod: Json) -> tuple[str, ...]:
    """Of the container that did not do, of its run before when it was started again since."""
    statuses = [status for status in container_statuses(pod) if not status.get("ready")]
    for status in statuses:
        ended_init = dig(status, "state", "terminated", "exitCode") == 0
        if ended_init or (dig(status, "state", "waiting") and not dig(status, "lastState", "terminated")):
            continue
        previous = not dig(status, "state", "terminated") and bool(dig(status, "lastState", "terminated"))
        query = {"container": status.get("name"), "tailLines": LINES, "previous": str(previous).lower()}
        text = site.api.text(f"{path('Pod', site.namespace, name(pod))}/log", **query)
        return tuple(line.rstrip() for line in text.splitlines() if line.strip())
    return ()


def warnings(site: Site, thing: str) -> tuple[str, ...]:
    """Warning events of a pod (or `deployment/NAME`), each once, oldest first."""
    kind, slash, named = thing.partition("/")
    selector = f"type=Warning,involvedObject.name={named if slash else thing}"
    try:
        found = site.api.items(path("Event", site.namespace), fieldSelector=selector)
    except CloudnorthError:
        return ()
    found.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    return tuple(dict.fromkeys(site.mask(f"{event.get('reason')}: {event.get('message')}") for event in found))
