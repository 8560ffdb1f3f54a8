"""What `scale`, `run` and `exec` owe to a cluster: autoscalers, a terminal, and nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
import yaml

from tests import project as samples
from tests.project import Project
from tests.tool import PROGRAM, environ

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("kubernetes verbs")]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One deployed sample for all of these: none of them changes what is deployed."""
    made = samples.make(tmp_path_factory.mktemp("verbs"), "kubernetes")
    try:
        deployed = made.run("deploy")
        assert deployed.status == 0, deployed.out + deployed.err
        yield made
    finally:
        made.remove()


def test_what_an_autoscaler_sets_is_refused_by_its_name(project: Project, tmp_path: Path) -> None:
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web-scaler"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": project.name},
            "minReplicas": 2,
            "maxReplicas": 5,
        },
    }
    (tmp_path / "scaler.yaml").write_text(yaml.safe_dump(scaler))
    project.kubectl("apply", "-f", str(tmp_path / "scaler.yaml"))
    try:
        refused = project.run("scale", "web=4")
        assert (refused.status, refused.result["error"]["code"]) == (3, "autoscaled")
        assert "horizontalpodautoscaler/web-scaler, from 2 to 5 pods" in refused.result["error"]["message"]
    finally:
        project.kubectl("delete", "hpa", "web-scaler")


def test_a_number_that_was_scaled_is_nobodys_in_the_cluster(project: Project) -> None:
    """Ours in `managedFields` would make the next deploy a conflict with ourselves."""
    scaled = project.run("scale", "web=1")
    assert scaled.status == 0, scaled.out + scaled.err
    told = json.loads(project.kubectl("get", "deployment", project.name, "-o", "json", "--show-managed-fields"))
    assert told["spec"]["replicas"] == 1
    owners = [
        entry["manager"]
        for entry in told["metadata"]["managedFields"]
        if "f:replicas" in entry["fieldsV1"].get("f:spec", {})
    ]
    assert owners == []


def runs(project: Project) -> list[dict[str, Any]]:
    return list(json.loads(project.kubectl("get", "pods", "-l", "cloudnorth.io/run", "-o", "json"))["items"])


def test_a_run_gets_no_requests_and_leaves_no_pod(project: Project) -> None:
    running = subprocess.Popen(
        [*PROGRAM, "run", "-e", "test", "sleep", "4"],
        cwd=project.root,
        env=environ(project.extra) | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    end = time.monotonic() + 60
    while not any(pod["status"]["phase"] == "Running" for pod in runs(project)):
        assert time.monotonic() < end
        time.sleep(0.2)
    asked = project.kubectl(
        "get", "endpoints", project.name, "-o", "jsonpath={.subsets[*].addresses[*].targetRef.name}"
    )
    assert asked
    assert "-run-" not in asked
    assert running.wait(60) == 0
    assert all(pod["metadata"].get("deletionTimestamp") for pod in runs(project))


def test_at_a_terminal_it_has_one_of_the_same_size(project: Project) -> None:
    child = pexpect.spawn(
        PROGRAM[0],
        [*PROGRAM[1:], "exec", "-e", "test", "sh"],
        cwd=str(project.root),
        env=environ(project.extra) | {"PYTHONPATH": os.pathsep.join(sys.path)},
        dimensions=(31, 117),
        timeout=60,
        encoding="utf-8",
    )
    child.sendline("until test -t 0 && test \"$(stty size)\" = '31 117'; do sleep 0.1; done; echo it fi''ts")
    child.expect("it fits")
    child.sendline("sleep 60")
    child.sendintr()
    child.sendline("echo still th''ere; exit 5")
    child.expect("still there")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 5


def test_input_from_a_pipe_arrives_whole_and_ends(project: Project) -> None:
    sent = os.urandom(300_000)
    done = subprocess.run(
        [*PROGRAM, "exec", "-e", "test", "cat"],
        cwd=project.root,
        env=environ(project.extra) | {"PYTHONPATH": os.pathsep.join(sys.path)},
        input=sent,
        capture_output=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout == sent) == (0, True), done.stderr
