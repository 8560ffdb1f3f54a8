"""What looks like a failure for a while and is none: each must end as a release that serves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.lab.fixture import lab
from tests.project import kubectl
from tests.rollout.matrix.lane import Lane, eventually
from tests.rollout.matrix.objects import Release
from tests.rollout.matrix.running import in_background, quietly
from tests.tool import Ran

STARTUP = {"httpGet": {"path": "/livez", "port": 8080}, "periodSeconds": 2, "failureThreshold": 60}


@dataclass(frozen=True)
class Calm:
    """One scenario; `play` deploys, and does meanwhile what there is to do."""

    name: str
    play: Callable[[Lane, str], Ran]


def _deploy(lane: Lane, release: Release, *words: str) -> Ran:
    lane.write(release.objects)
    return lane.deploy(*words)


def _new_pod(lane: Lane, version: str = "two") -> str:
    """The name of a pod of the new release, as soon as there is one."""

    def look() -> str:
        for name, pod in lane.pods().items():
            told = {"name": "VERSION", "value": version}
            if any(told in (c.get("env") or []) for c in pod["spec"]["containers"]):
                return name
        return ""

    name = str(eventually(look, 300))
    assert name, "there is no new pod"
    return name


def crash_once(lane: Lane, at: str) -> Ran:
    return _deploy(lane, Release().env(CRASH_ONCE="1"))


def slow_start(lane: Lane, at: str) -> Ran:
    return _deploy(lane, Release().env(SLOW_START="60").change(startupProbe=STARTUP))


def late_secret(lane: Lane, at: str) -> Ran:
    def later() -> None:
        _new_pod(lane)
        time.sleep(8)
        lane.kubectl("create", "secret", "generic", "late", "--from-literal=A=b")

    in_background(lambda: quietly(later))
    return _deploy(lane, Release().change(envFrom=[{"secretRef": {"name": "late"}}]))


def fix_forward(lane: Lane, at: str) -> Ran:
    broken = _deploy(lane, Release().env(CRASH="at once"), "--no-rollback", "--no-hold")
    assert broken.status == 5, broken.out
    return _deploy(lane, Release().env(VERSION="three"))


def evicted(lane: Lane, at: str) -> Ran:
    def later() -> None:
        name = _new_pod(lane)
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": lane.name}}
        file = lane.root / "eviction.json"
        file.write_text(json.dumps(body))
        kubectl("create", "--raw", f"/api/v1/namespaces/{lane.name}/pods/{name}/eviction", "-f", str(file))

    in_background(lambda: quietly(later))
    return _deploy(lane, Release())


def autoscaled(lane: Lane, at: str) -> Ran:
    """Somebody else counts the replicas, in the middle of the rollout."""

    def later() -> None:
        _new_pod(lane)
        for replicas in ("3", "5", "4"):
            lane.kubectl("scale", "deployment/web", f"--replicas={replicas}")
            time.sleep(1.5)

    in_background(lambda: quietly(later))
    release = Release()
    del release.spec["replicas"]
    return _deploy(lane, release, "--force-conflicts")


def no_replicas(lane: Lane, at: str) -> Ran:
    return _deploy(lane, Release().change_spec(replicas=0))


def broken_registry(lane: Lane, at: str) -> Ran:
    tag = lab().base_image.rpartition(":")[2]
    sleep = {"name": "sidecar", "image": f"{at}/broken:{tag}", "command": ["sleep", "900"], "imagePullPolicy": "Always"}
    release = Release()
    release.pod["containers"].append(sleep)
    return _deploy(lane, release)


def slow_pull(lane: Lane, at: str) -> Ran:
    """The answer to the pull takes 40 seconds."""
    tag = lab().base_image.rpartition(":")[2]
    sleep = {"name": "sidecar", "image": f"{at}/slow:{tag}", "command": ["sleep", "900"], "imagePullPolicy": "Always"}
    release = Release()
    release.pod["containers"].append(sleep)
    return _deploy(lane, release)


def node_on_its_way(lane: Lane, at: str) -> Ran:
    """No node fits for 75 seconds, and an autoscaler says that one is coming."""
    label = f"matrix-{lane.name}"

    def later() -> None:
        name = _new_pod(lane)
        pod = json.loads(lane.kubectl("get", "pod", name, "-o", "json"))
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{name}.scale-up", "namespace": lane.name},
            "type": "Normal",
            "reason": "TriggeredScaleUp",
            "message": "pod triggered scale-up: [{workers 1->2 (max: 3)}]",
            "involvedObject": {"kind": "Pod", "name": name, "namespace": lane.name, "uid": pod["metadata"]["uid"]},
            "source": {"component": "cluster-autoscaler"},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        file = lane.root / "event.json"
        file.write_text(json.dumps(event))
        lane.kubectl("create", "-f", str(file))
        time.sleep(75)
        kubectl("label", "node", lab().nodes[0].name, f"{label}=here")

    in_background(lambda: quietly(later))
    try:
        release = Release().change_spec(replicas=1).change_pod(nodeSelector={label: "here"})
        return _deploy(lane, release)
    finally:
        quietly(lambda: kubectl("label", "node", lab().nodes[0].name, f"{label}-"))


CALM = (
    Calm("one crash and then fine", crash_once),
    Calm("slow start with a startup probe", slow_start),
    Calm("Secret after 8 s", late_secret),
    Calm("fix-forward out of a crash loop", fix_forward),
    Calm("eviction in the middle", evicted),
    Calm("autoscaler at work", autoscaled),
    Calm("replicas 0", no_replicas),
    Calm("registry that answers 503 for 15 s", broken_registry),
    Calm("image pull of 40 s", slow_pull),
    Calm("a node on its way", node_on_its_way),
)
