"""What a pod's probes say about time: how long a start may take, and how long it takes to see that it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cloudnorth_cli.rollout.observed import Object, condition, dig

SHORTEST_WINDOW = 5.0
"""Seconds: a container that ends right after its start does so within these."""
AFTER_KILL = 2.0
"""Seconds between the last failed probe and the new status in the API."""
DEADLINE = 600
"""progressDeadlineSeconds by default (k8s.io/api apps/v1)."""
SHORTEST_READINESS = 60.0
UNKNOWN_READINESS = 180.0
"""Seconds given to pods of a workload of which none has ever been ready: nothing tells how long it takes."""
MOST = 3600.0


def template(workload: Object) -> Object:
    """The pod's spec in a workload's template."""
    return dig(workload, "spec", "template", "spec", default={})  # type: ignore[no-any-return]


def window(pod_spec: Object, most: float) -> tuple[float, str]:
    """Seconds for which a ready pod is watched, and why: until its liveness probe could have killed it."""
    longest, why = SHORTEST_WINDOW, "no restart"
    for container in dig(pod_spec, "containers", default=()):
        probe = container.get("livenessProbe")
        if probe is not None and (needed := _initial(probe) + _failing(probe) + AFTER_KILL) > longest:
            longest, why = needed, "liveness"
    return (longest, why) if longest <= most else (most, why)


def readiness_patience(pod_spec: Object, earlier: tuple[Object, ...]) -> float:
    """Seconds that started containers may take to be ready.

    Twice what the probe needs to say no, and twice what the pods of the revision before took: an application that has
    always started slowly is not given up for it.
    """
    probes = [
        c["readinessProbe"] for c in dig(pod_spec, "containers", default=()) if c.get("readinessProbe") is not None
    ]
    grace = max((_initial(probe) + _failing(probe) for probe in probes), default=0.0)
    took = [seconds for pod in earlier if (seconds := _took(pod)) is not None]
    return max(SHORTEST_READINESS, 2 * grace, 2 * max(took) if took else UNKNOWN_READINESS)


def limit(workload: Object) -> float:
    """Seconds that a workload's rollout may take: the controller's own deadline for one step, for each step."""
    spec = template(workload)
    containers = [*dig(spec, "initContainers", default=()), *dig(spec, "containers", default=())]
    start = max((_initial(p) + _failing(p) for c in containers if (p := c.get("startupProbe"))), default=0.0)
    one = max(start, *(_initial(p) + _failing(p) for c in containers if (p := c.get("readinessProbe"))), 0.0)
    deadline = float(dig(workload, "spec", "progressDeadlineSeconds", default=DEADLINE))
    steps = _steps(workload)
    return min(deadline + (steps - 1) * one + window(spec, 60.0)[0], MOST)


def describe(kind: str, probe: Object) -> str:
    """`readiness probe GET /readyz on port 8080, every 10 s, 3 failures, time-out 1 s`."""
    if http := probe.get("httpGet"):
        by = " by HTTPS" if http.get("scheme") == "HTTPS" else ""
        asked = f"GET {http.get('path', '/')} on port {http.get('port')}{by}"
    elif tcp := probe.get("tcpSocket"):
        asked = f"connects to :{tcp.get('port')}"
    elif grpc := probe.get("grpc"):
        asked = f"gRPC :{grpc.get('port')}"
    else:
        asked = "runs " + " ".join(map(str, dig(probe, "exec", "command", default=("?",))))
    initial = f"after {_initial(probe):.0f} s, " if _initial(probe) else ""
    return (
        f"{kind} probe {asked}, {initial}every {probe.get('periodSeconds', 10)} s, "
        f"{probe.get('failureThreshold', 3)} failures, time-out {probe.get('timeoutSeconds', 1)} s"
    )


def _steps(workload: Object) -> int:
    """Pods that are replaced one after another."""
    replicas = int(dig(workload, "spec", "replicas", default=1))
    if workload.get("kind") == "DaemonSet":
        replicas = int(dig(workload, "status", "desiredNumberScheduled", default=1))
    at_once = max(1, round(replicas * 0.25)) if workload.get("kind") == "Deployment" else 1
    if workload.get("kind") == "StatefulSet" and dig(workload, "spec", "podManagementPolicy") == "Parallel":
        return 1
    return max(1, -(-replicas // at_once))


def _initial(probe: Object) -> float:
    return float(probe.get("initialDelaySeconds") or 0)


def _failing(probe: Object) -> float:
    return float(probe.get("periodSeconds") or 10) * float(probe.get("failureThreshold") or 3)


def _took(pod: Object) -> float | None:
    """Seconds from a ready pod's start to its readiness; both times are its own kubelet's."""
    ready = condition(pod, "Ready")
    if dig(ready, "status") != "True":
        return None
    started = list(_times(pod))
    at = dig(ready, "lastTransitionTime")
    if not at or not started:
        return None
    return (datetime.fromisoformat(at) - min(started)).total_seconds()


def _times(pod: Object) -> Iterator[datetime]:
    for status in dig(pod, "status", "containerStatuses", default=()):
        # After a restart, readiness is of the run before as much as of this one.
        if not status.get("restartCount") and (at := dig(status, "state", "running", "startedAt")):
            yield datetime.fromisoformat(at)
