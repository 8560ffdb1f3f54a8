"""What can go wrong with a release, one by one, and what must be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.lab.settings import load_settings
from tests.rollout.matrix.objects import Object, Release, hook, workload

REGISTRY = load_settings().registry


@dataclass(frozen=True)
class Fault:
    """One fault planted in a release."""

    name: str
    cause: str
    """Its code; more than one, with `|` between them, where the first to be seen is named first."""
    says: str
    """Must stand in the message or the evidence."""
    release: Callable[[str], Release]
    """Given the address of the test's own servers."""
    pod: str = "web-"
    """What the failed pod's name (or the workload's key) begins with."""
    kind: str = "Deployment"
    words: tuple[str, ...] = ()
    """More words for the line."""
    also: tuple[str, ...] = ()
    """Causes that must be named besides."""
    verify: list[dict[str, object]] = field(default_factory=list)
    serves: bool = True
    """Whether no request may fail: a pod that is ready and then dies takes its share of them with it."""
    slow: bool = False
    """Takes a minute by its own rule; these run in lanes of their own."""


def _secret(_: str) -> Release:
    return Release().change(envFrom=[{"secretRef": {"name": "not-there"}}])


def _two(_: str) -> Release:
    other = workload("Deployment", "other")
    other["spec"]["template"]["spec"]["containers"][0]["image"] = "INVALID/Name"
    return Release().env(CRASH="at once").also(other)


def _quota(_: str) -> Release:
    hard = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "pods"}, "spec": {"hard": {"pods": "2"}}}
    return Release().also(hard)


def _claim(storage: str) -> Object:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage,
        "resources": {"requests": {"storage": "1Mi"}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}


def _refused(_: str) -> Release:
    release = Release()
    release.spec["template"]["metadata"]["labels"]["refused"] = "yes"
    return release


SEEN_FIRST = {"minReadySeconds": 15}
"""What is ready at first and fails later replaces the old pods meanwhile, unless the chart has Kubernetes wait."""
BOTH = ("crash-at-start", "image-name-invalid")
OOM = {"resources": {"limits": {"memory": "48Mi"}}}
LIVENESS = {"httpGet": {"path": "/livez", "port": 8080}, "periodSeconds": 1, "failureThreshold": 2}
WRONG_PORT = {"httpGet": {"path": "/readyz", "port": 9999}, "periodSeconds": 1}
INIT = [{"name": "prepare", "image": "IMAGE", "command": ["python3", "-c", "import sys; sys.exit(7)"]}]

FAULTS = (
    # The 17 on which Helm was measured.
    Fault(
        "image tag missing", "image-not-found", "not in the registry", lambda at: Release().beside(f"{REGISTRY}/no:1")
    ),
    Fault(
        "registry unreachable",
        "image-unreachable",
        "registry.invalid",
        lambda at: Release().beside("registry.invalid/x:1"),
        slow=True,
    ),
    Fault("image name invalid", "image-name-invalid", "UPPER", lambda at: Release().beside("registry/UPPER:1")),
    Fault("crash at start", "crash-at-start", "PAYMENT_URL_", lambda at: Release().env(CRASH="at once")),
    Fault(
        "crash after 6 s, never ready",
        "crash-at-start",
        "lost the connection to the queue",
        lambda at: Release().env(CRASH="later", READY="never"),
    ),
    Fault(
        "command not in the image", "program-missing", "shop", lambda at: Release().change(command=["shop", "serve"])
    ),
    Fault("OOMKilled", "oom", "48Mi", lambda at: Release().env(MEMORY="at once").change(**OOM)),
    Fault("init container fails", "init-failed", "exit 7", lambda at: Release().change_pod(initContainers=INIT)),
    Fault("Secret missing", "config-missing", 'secret "not-there" not found', _secret),
    Fault(
        "ConfigMap of a volume missing",
        "config-missing",
        'configmap "not-there" not found',
        lambda at: Release().volume({"configMap": {"name": "not-there"}}),
    ),
    Fault(
        "PVC of an unknown class",
        "volume-pending",
        'storageclass.storage.k8s.io "fast" not found',
        lambda at: Release().volume({"persistentVolumeClaim": {"claimName": "data"}}).also(_claim("fast")),
    ),
    Fault(
        "unschedulable",
        "unschedulable",
        "Insufficient cpu",
        lambda at: Release().change(resources={"requests": {"cpu": "64"}}),
        slow=True,
    ),
    Fault("quota exceeded", "quota-exceeded", "exceeded quota: pods", _quota, pod="deployment/web"),
    Fault(
        "readiness never true",
        "readiness-failed",
        "statuscode: 503",
        lambda at: Release().env(READY="never"),
        slow=True,
    ),
    Fault(
        "liveness kills after 4 s",
        "liveness-failed",
        "statuscode: 500",
        lambda at: Release().env(ALIVE="4").change(livenessProbe=LIVENESS).change_spec(**SEEN_FIRST),
        serves=False,
    ),
    Fault(
        "hook's image missing",
        "image-not-found",
        "not in the registry",
        lambda at: Release().also(hook(image=f"{REGISTRY}/no:1", command=["x"])),
        pod="warm-up-",
    ),
    Fault(
        "hook fails",
        "hook-failed",
        "no such column: colour",
        lambda at: Release().also(
            hook(command=["python3", "-c", "print('no such column: colour'); raise SystemExit(3)"])
        ),
        pod="warm-up-",
    ),
    # And those of which nobody had asked.
    Fault("registry denies", "image-denied", "401", lambda at: Release().beside(f"{at}/denied:1")),
    Fault("admission webhook refuses", "pods-refused", "not on a Friday", _refused, pod="deployment/web"),
    Fault(
        "hook hangs",
        "hook-timeout",
        "has not ended after 12 s",
        lambda at: Release().also(hook(command=["python3", "-c", "import time; time.sleep(900)"])),
        pod="warm-up-",
        words=("--timeout", "12s"),
    ),
    Fault(
        "probe's port is wrong",
        "readiness-failed",
        "connection refused",
        lambda at: Release().change(readinessProbe=WRONG_PORT),
        slow=True,
    ),
    Fault(
        "volume mount refused",
        "volume-not-mounted",
        "hostPath type check failed",
        lambda at: Release().volume({"hostPath": {"path": "/etc/hostname", "type": "Directory"}}),
        slow=True,
    ),
    Fault(
        "another processor's program",
        "wrong-architecture",
        "Exec format error",
        lambda at: Release().env(OTHER_PROCESSOR="1"),
    ),
    Fault(
        "another processor's image",
        "wrong-architecture",
        "not built for this node",
        lambda at: Release().beside(f"{at}/arm:1"),
    ),
    Fault(
        "slow database", "readiness-failed", "deadline exceeded", lambda at: Release().env(SLOW_DATABASE="1"), slow=True
    ),
    Fault(
        "slow leak",
        "oom",
        "48Mi",
        lambda at: (
            Release()
            .env(MEMORY="slowly")
            .change(**OOM, livenessProbe={"httpGet": {"path": "/livez", "port": 8080}})
            .change_spec(**SEEN_FIRST)
        ),
        serves=False,
    ),
    Fault("two faults at once", "crash-at-start|image-name-invalid", "PAYMENT_URL_", _two, "", also=BOTH),
    Fault(
        "one of ten replicas",
        "crash-at-start",
        "this one of many cannot start",
        lambda at: Release().env(ONE_OF_MANY=f"http://{at}/one").change_spec(replicas=10),
    ),
    Fault(
        "StatefulSet: crash at start",
        "crash-at-start",
        "PAYMENT_URL_",
        lambda at: Release("StatefulSet").env(CRASH="at once"),
        kind="StatefulSet",
    ),
    Fault(
        "StatefulSet: image missing",
        "image-not-found",
        "not in the registry",
        lambda at: Release("StatefulSet").beside(f"{REGISTRY}/no:1"),
        kind="StatefulSet",
    ),
    Fault(
        "DaemonSet: crash at start",
        "crash-at-start",
        "PAYMENT_URL_",
        lambda at: Release("DaemonSet").env(CRASH="at once"),
        kind="DaemonSet",
    ),
    Fault(
        "DaemonSet: OOMKilled",
        "oom",
        "48Mi",
        lambda at: Release("DaemonSet").env(MEMORY="at once").change(**OOM),
        kind="DaemonSet",
    ),
    Fault(
        "ready and then 5xx",
        "verify-failed",
        "500",
        lambda at: Release().env(BREAKS="9"),
        verify=[{"http": "/", "for": "15s", "max_error_ratio": 0}],
        pod="",
        serves=False,
    ),
)
