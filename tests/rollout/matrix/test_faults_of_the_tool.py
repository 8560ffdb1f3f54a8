"""The cluster, or our way to it, gets worse in the middle of a rollout."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.running import Running
from tests.lab.fixture import lab
from tests.project import kubectl
from tests.rollout.matrix import lane as lanes
from tests.rollout.matrix.lane import Lane
from tests.rollout.matrix.objects import Release, healthy, workload
from tests.rollout.matrix.proxy import Proxy, proxy

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[Lane]:
    made = lanes.served(tmp_path, "tool")
    yield made
    made.remove()


@pytest.fixture
def way(lane: Lane, tmp_path: Path) -> Iterator[Proxy]:
    """Between the tool (Helm too) and the API server: a way that can be closed."""
    with proxy(lab().machine, lab().api) as made:
        kubeconfig = yaml.safe_load(lab().kubeconfig.read_text())
        cluster = kubeconfig["clusters"][0]["cluster"]
        cluster |= {"server": made.url, "tls-server-name": "kubernetes"}
        use(lane, kubeconfig, tmp_path)
        yield made


def use(lane: Lane, kubeconfig: dict[str, Any], folder: Path) -> None:
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig))
    lane.config["environments"]["test"]["cluster"]["kubeconfig"] = str(path)
    lane.verify([])


@pytest.mark.repeat  # daily: test_nothing_is_taken_back_while_nothing_is_seen
def test_an_api_server_that_is_away_for_a_minute_is_waited_for(lane: Lane, way: Proxy) -> None:
    lane.write(Release().env(SLOW_START="20").objects)
    running = Running(lane, "deploy")
    running.wait_for(lambda event: event["event"] == "step-limited")
    way.close()
    time.sleep(60)  # what is tested is just this minute
    way.open()
    ran = running.finish(200)
    assert ran.status == 0, ran.out + ran.err
    waited = [event["waiting_for"] for event in ran.events if event["event"] == "step-waiting"]
    assert any(text.startswith("the cluster: ") for text in waited)


def test_nothing_is_taken_back_while_nothing_is_seen(lane: Lane, way: Proxy) -> None:
    lane.write(Release().env(READY="never").objects)
    running = Running(lane, "deploy", "--timeout", "25s")
    running.wait_for(lambda event: event["event"] == "step-limited")
    way.close()
    ran = running.finish(200)
    assert ran.status == 5, ran.out + ran.err
    assert ran.result["error"]["code"] == "cluster-unreachable"
    assert "rollback" not in ran.steps


def test_rights_without_logs_and_events_do_with_less_and_say_so(lane: Lane, tmp_path: Path) -> None:
    use(lane, restricted(lane, tmp_path), tmp_path)
    lane.write(Release().env(CRASH="at once").objects)
    ran = lane.deploy("--no-hold")
    assert ran.status in (3, 4), ran.out + ran.err
    if ran.status == 3:  # `check` may ask for pods/log beforehand; then it says so
        assert "pods/log" in ran.out or "log" in ran.result["error"]["message"]
        return
    failure = ran.result["error"]["failures"][0]
    assert failure["cause"] == "crash-at-start"
    assert any("events" in text for text in failure["unseen"])


def restricted(lane: Lane, folder: Path) -> dict[str, Any]:
    """The kubeconfig of somebody who may do everything in the namespace but read logs and events."""
    everything = ["get", "list", "watch", "create", "update", "patch", "delete"]
    rules = [
        {"apiGroups": [""], "resources": resources, "verbs": everything}
        for resources in (["secrets", "configmaps", "services", "pods", "persistentvolumeclaims", "services/proxy"],)
    ]
    rules += [
        {"apiGroups": ["apps"], "resources": ["*"], "verbs": everything},
        {"apiGroups": ["batch"], "resources": ["*"], "verbs": everything},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": everything},
    ]
    objects = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "half-blind"}},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "half-blind"},
            "rules": rules,
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "half-blind"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "half-blind"},
            "subjects": [{"kind": "ServiceAccount", "name": "half-blind", "namespace": lane.name}],
        },
    ]
    path = folder / "rights.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    lane.kubectl("apply", "-f", str(path))
    kubeconfig: dict[str, Any] = yaml.safe_load(lab().kubeconfig.read_text())
    kubeconfig["users"][0]["user"] = {"token": lane.kubectl("create", "token", "half-blind").strip()}
    return kubeconfig


def test_a_namespace_that_is_deleted_meanwhile_needs_a_person(lane: Lane) -> None:
    lane.write(Release().env(SLOW_START="60").objects)
    running = Running(lane, "deploy", "--timeout", "60s")
    running.wait_for(lambda event: event["event"] == "step-limited")
    kubectl("delete", "namespace", lane.name, "--wait=false")
    ran = running.finish(200)
    assert ran.status == 5, ran.out + ran.err
    assert ran.result["error"]["code"] != "unforeseen"
    assert "Traceback" not in ran.err


def test_of_forty_objects_the_three_that_fail_are_named(lane: Lane) -> None:
    settings = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"settings-{number}"}, "data": {"a": "b"}}
        for number in range(33)
    ]
    crash = workload("Deployment", "crashes", CRASH="at once")
    image = workload("Deployment", "names")
    image["spec"]["template"]["spec"]["containers"][0]["image"] = "INVALID/Name"
    program = workload("StatefulSet", "lacks")
    program["spec"]["template"]["spec"]["containers"][0]["command"] = ["shop"]
    others = [crash, image, program, workload("Deployment", "well")]
    for one in others:
        one["spec"]["replicas"] = 1
    lane.write([*healthy(), *settings, *others])
    ran = lane.deploy("--no-hold")
    assert ran.status == 4, ran.out + ran.err
    named = {(failure["cause"], failure["pod"].partition("-")[0]) for failure in ran.result["error"]["failures"]}
    assert named == {
        ("crash-at-start", "crashes"),
        ("image-name-invalid", "names"),
        ("program-missing", "lacks"),
    }
