"""A node is emptied or dies in the middle of a rollout: that is no fault of the release."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import Running
from tests.lab.conftest import Instance, instance
from tests.lab.facts import Lab
from tests.project import kubectl
from tests.rollout.matrix import lane as lanes
from tests.rollout.matrix.calm import STARTUP
from tests.rollout.matrix.lane import Lane, eventually
from tests.rollout.matrix.objects import Object, Release

__all__ = ["instance"]
pytestmark = [
    pytest.mark.lab, pytest.mark.repeat, pytest.mark.xdist_group("lab-instance"), pytest.mark.timeout(900),
]  # fmt: skip

SHORT = [
    {"key": f"node.kubernetes.io/{reason}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
    for reason in ("not-ready", "unreachable")
]
SPREAD: list[Object] = [
    {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
]


@pytest.fixture
def here(instance: Instance) -> Lab:
    instance.run("down")  # a node that a test before this one killed does not come back
    return instance.up("--nodes=2")[0]


@pytest.fixture
def lane(here: Lab, tmp_path: Path) -> Iterator[Lane]:
    made = lanes.make(tmp_path, "nodes", here=here)
    made.write(release("one").objects)
    ran = made.deploy()
    assert ran.status == 0, ran.out + ran.err
    yield made
    made.remove()


def release(version: str) -> Release:
    """Four pods over both nodes, each of which takes 20 s to start."""
    made = Release().env(VERSION=version, SLOW_START="20").change(startupProbe=STARTUP).change_spec(replicas=4)
    return made.change_pod(tolerations=SHORT, topologySpreadConstraints=SPREAD)


def new_pod_on(lane: Lane, node: str) -> bool:
    told = {"name": "VERSION", "value": "two"}
    return any(
        pod["spec"].get("nodeName") == node and told in pod["spec"]["containers"][0]["env"]
        for pod in lane.pods().values()
    )


def begun(lane: Lane) -> Running:
    """A deploy whose new pods start on both nodes."""
    lane.write(release("two").objects)
    running = Running(lane, "deploy", "--timeout", "240s")
    assert eventually(lambda: new_pod_on(lane, "lab-2")), "no new pod was put on the second node"
    return running


def all_on(lane: Lane, node: str) -> bool:
    return {pod["spec"].get("nodeName") for pod in lane.pods().values()} == {node}


def test_a_node_is_drained(lane: Lane, here: Lab) -> None:
    running = begun(lane)
    kubectl("drain", "lab-2", "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=120s", here=here)
    ran = running.finish(400)
    assert ran.status == 0, ran.out + ran.err
    assert all_on(lane, "lab-1")


def test_a_node_is_killed(lane: Lane, here: Lab) -> None:
    running = begun(lane)
    os.kill(here.nodes[1].process, signal.SIGKILL)
    ran = running.finish(400)
    assert ran.status == 0, ran.out + ran.err
    assert all_on(lane, "lab-1")
