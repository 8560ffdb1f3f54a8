"""A cluster that is away, is another one, or does not let us: refused before anything is built."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.fault import refused
from tests.e2e.running import JENKINS_PATIENCE, Running
from tests.e2e.witness import witness
from tests.lab.fixture import lab
from tests.project import Project, kubectl

pytestmark = pytest.mark.lab
PATIENCE = 30
"""Seconds in which a person wants to know that the cluster does not answer."""


def test_an_unreachable_cluster_is_refused_soon(on_kubernetes: Project, tmp_path: Path) -> None:
    on_kubernetes.change("unreachable")
    use(on_kubernetes, tmp_path, server=f"https://{lab().machine}:1")
    started = time.monotonic()
    refused(on_kubernetes, status=3, says=(f"{lab().machine}:1",), serves="what test serves could not be read")
    assert time.monotonic() - started < PATIENCE


@pytest.fixture
def silent() -> Iterator[str]:
    """An address that takes connections and never says a word, as an API server behind a firewall gone wrong."""
    with socket.create_server((lab().machine, 0)) as server:
        yield f"https://{lab().machine}:{server.getsockname()[1]}"


def test_a_cluster_that_says_nothing_is_refused_too(on_kubernetes: Project, tmp_path: Path, silent: str) -> None:
    use(on_kubernetes, tmp_path, server=silent)
    started = time.monotonic()
    refused(on_kubernetes, status=3, says=(silent.removeprefix("https://"),), serves="could not be read")
    assert time.monotonic() - started < PATIENCE


def test_a_run_that_waits_for_a_silent_cluster_can_be_stopped(
    on_kubernetes: Project, tmp_path: Path, silent: str
) -> None:
    use(on_kubernetes, tmp_path, server=silent)
    running = Running(on_kubernetes, "deploy")
    running.step("check")
    started = time.monotonic()
    running.send(signal.SIGTERM)
    stopped = running.finish()
    assert time.monotonic() - started < JENKINS_PATIENCE
    assert stopped.status == 130, stopped.out + stopped.err
    assert "nothing was changed" in stopped.result["summary"]
    assert "could not be read" in stopped.result["summary"]


def test_a_context_that_is_not_there_is_refused_with_those_that_are(on_kubernetes: Project) -> None:
    on_kubernetes.change("wrong context")
    on_kubernetes.environment["cluster"]["context"] = "prod"
    on_kubernetes.save()
    refused(on_kubernetes, status=3, says=("prod", "lab"), serves="could not be read")


def test_a_kubeconfig_that_is_not_there_is_refused(on_kubernetes: Project) -> None:
    on_kubernetes.environment["cluster"]["kubeconfig"] = "/nowhere/kubeconfig"
    on_kubernetes.save()
    refused(on_kubernetes, status=3, says=("/nowhere/kubeconfig",), serves="could not be read")


def test_missing_permission_is_refused_by_name(on_kubernetes: Project, tmp_path: Path) -> None:
    before = witness(on_kubernetes)
    on_kubernetes.change("not allowed")
    use(on_kubernetes, tmp_path, token=reader(on_kubernetes))
    refused(on_kubernetes, status=3, says=(on_kubernetes.name, "secrets"))
    assert witness(on_kubernetes) == before


def test_a_read_only_role_is_enough_to_look(on_kubernetes: Project, tmp_path: Path) -> None:
    use(on_kubernetes, tmp_path, token=reader(on_kubernetes))
    for verb in ("status", "history", "logs"):
        ran = on_kubernetes.run(verb)
        assert ran.status == 0, ran.out + ran.err


def test_a_missing_namespace_is_made_and_said(on_kubernetes_unmade: Project) -> None:
    project = on_kubernetes_unmade
    deployed = project.run("deploy")
    assert deployed.status == 0, deployed.out + deployed.err
    told = [event.get("message", "") + event.get("summary", "") for event in deployed.events]
    assert any("namespace" in text and project.name in text for text in told), deployed.out


def use(project: Project, folder: Path, *, server: str | None = None, token: str | None = None) -> None:
    """Reach the cluster through a kubeconfig of the project's own, changed as named."""
    kubeconfig = yaml.safe_load(lab().kubeconfig.read_text())
    if server:
        kubeconfig["clusters"][0]["cluster"]["server"] = server
    if token:
        kubeconfig["users"][0]["user"] = {"token": token}
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig))
    project.environment["cluster"]["kubeconfig"] = str(path)
    project.save()


def reader(project: Project) -> str:
    """The token of somebody who may look at the namespace (the cluster's own role `view`) and change nothing."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader", "namespace": project.name}}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "reader", "namespace": project.name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": project.name}],
    }
    objects = project.root.parent / "reader.json"
    objects.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [account, binding]}))
    kubectl("apply", "-f", str(objects))
    return project.kubectl("create", "token", "reader").strip()
