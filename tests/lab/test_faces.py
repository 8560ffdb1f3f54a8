"""What the lab promises to whoever uses it: engine, registry, cluster, clients and database at their known places."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.lab.fixture import Lab, lab
from tests.lab.wait import until

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]
Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT_POD = """
apiVersion: v1
kind: Pod
metadata: {{name: as-root, namespace: {namespace}}}
spec: {{containers: [{{name: it, image: {image}}}]}}
"""


@pytest.fixture(scope="module")
def the_lab() -> Lab:
    return lab()


@pytest.fixture
def run(the_lab: Lab, tmp_path: Path) -> Run:
    """A program of the lab's own, as a test of the tool would call it."""
    environment = {
        **os.environ, "KUBECONFIG": str(the_lab.kubeconfig), "DOCKER_HOST": the_lab.docker_host,
        "KUBECACHEDIR": str(tmp_path / "kube"), "HELM_CACHE_HOME": str(tmp_path / "helm"),
    }  # fmt: skip

    def call(program: str, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        argv = [str(the_lab.bin / program), *words]
        return subprocess.run(argv, capture_output=True, text=True, input=stdin, env=environment, timeout=120)

    return call


def test_every_client_and_server_is_of_the_stated_version(the_lab: Lab, run: Run) -> None:
    shown = json.loads(run("kubectl", "version", "-o", "json").stdout)
    told = {
        "kubernetes": shown["serverVersion"]["gitVersion"],
        "helm": run("helm", "version", "--template={{.Version}}").stdout,
        "helm3": run("helm3", "version", "--template={{.Version}}").stdout,
    }
    assert told == {name: the_lab.versions[name] for name in told}
    assert shown["clientVersion"]["gitVersion"] == the_lab.versions["kubernetes"]


def test_an_image_is_built_with_buildkit_on_the_base_image_pushed_and_run_as_a_pod(
    the_lab: Lab, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(
        f"FROM {the_lab.base_image}\nRUN --mount=type=cache,target=/root/.cache python3 -m venv /venv\n"
        'CMD ["/venv/bin/python", "-c", "print(6 * 7)"]\n'
    )
    image = f"{the_lab.registry}/lab/probe:{tmp_path.name}"
    built = run("docker", "build", "--tag", image, str(tmp_path))
    assert built.returncode == 0, built.stderr
    pushed = run("docker", "push", image)
    assert pushed.returncode == 0, pushed.stderr
    log = the_lab.registry_access_log.read_text()
    assert f"PUT /v2/lab/probe/manifests/{tmp_path.name}" in log
    pod = f"probe-{os.getpid()}"
    run("kubectl", "run", pod, f"--image={image}", "--restart=Never")
    try:
        phase = ("get", "pod", pod, "-o", "jsonpath={.status.phase}")
        until(lambda: run("kubectl", *phase).stdout == "Succeeded", "the pod to succeed", 60)
        assert run("kubectl", "logs", pod).stdout == "42\n"
    finally:
        run("kubectl", "delete", "pod", pod, "--now")


@pytest.mark.parametrize(("namespace", "admitted"), [("shop", False), ("default", True)])
def test_the_shops_namespace_admits_restricted_pods_only(
    the_lab: Lab, run: Run, namespace: str, admitted: bool
) -> None:
    pod = ROOT_POD.format(namespace=namespace, image=the_lab.base_image)
    done = run("kubectl", "create", "--dry-run=server", "-f", "-", stdin=pod)
    assert (done.returncode == 0) is admitted
    assert ("violates PodSecurity" in done.stderr) is not admitted


def test_the_database_answers_its_user_from_a_pod(the_lab: Lab, run: Run) -> None:
    assert stat.S_IMODE(the_lab.database_url.stat().st_mode) == 0o600
    user, _, rest = the_lab.database_url.read_text().strip().removeprefix("mysql://").partition(":")
    password, _, place = rest.partition("@")
    assert (user, place) == ("shop", "mysql.lab-database.svc.cluster.local:3306/shop")
    query = f"mariadb -h mysql.lab-database.svc.cluster.local -u {user} -p{password} shop -Ne 'select 6 * 7'"
    done = run("kubectl", "exec", "-n", "lab-database", "mysql-0", "--", "sh", "-c", query)
    assert done.stdout == "42\n", done.stderr


def test_services_answer_the_machine_by_route(the_lab: Lab, run: Run) -> None:
    address = run("kubectl", "get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}").stdout
    authority = the_lab.logs.parent / "pki/ca.crt"
    assert requests.get(f"https://{address}/livez", verify=str(authority), timeout=5).text == "ok"


def test_metrics_come_within_a_minute(run: Run) -> None:
    until(lambda: "lab-1" in run("kubectl", "top", "nodes").stdout, "kubectl top nodes", 60)


def test_the_machines_own_files_name_nothing_of_the_lab(the_lab: Lab) -> None:
    for path in (Path("/etc/hosts"), Path.home() / ".kube/config", Path.home() / ".docker/config.json"):
        assert not path.exists() or the_lab.address not in path.read_text()
