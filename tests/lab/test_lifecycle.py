"""The lab comes up fast, finds itself, survives being killed and leaves nothing."""

from __future__ import annotations

import ipaddress
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.lab import cgroups, facts, fixture, snapshot
from tests.lab.conftest import ROOT, Instance
from tests.lab.node import outer_processes
from tests.lab.settings import cache_dir, load_settings
from tests.lab.wait import until

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab-instance"), pytest.mark.timeout(600)]

WARM_SECONDS = 60
FOUND_SECONDS = 5
# A pod on each node that answers with its node's name.
ECHO = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: echo}}
spec:
  selector: {{matchLabels: {{app: echo}}}}
  template:
    metadata: {{labels: {{app: echo}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: echo
          image: {image}
          command: [sh, -c, 'mkdir /srv/w && cd /srv/w && echo "$NODE" > index.html && exec python3 -m http.server 80']
          env: [{{name: NODE, valueFrom: {{fieldRef: {{fieldPath: spec.nodeName}}}}}}]
          readinessProbe: {{httpGet: {{path: /, port: 80}}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {{name: echo}}
spec: {{selector: {{app: echo}}, ports: [{{port: 80}}]}}
"""


def test_found_used_and_taken_down_it_leaves_nothing_of_two_nodes(instance: Instance) -> None:
    """One story, because each start of a lab costs what ten other tests cost."""
    others = {load_settings().name} - {instance.settings.name}
    before, caches = snapshot.take(others), _client_caches(instance)
    lab, _ = instance.up("--nodes=2")
    pods = _pods(instance)
    again, seconds = instance.up("--nodes=2")
    assert again == lab
    assert seconds <= FOUND_SECONDS
    assert _pods(instance) == pods

    instance.kubectl("apply", "-f", "-", stdin=ECHO.format(image=lab.base_image))
    instance.kubectl("rollout", "status", "daemonset/echo", "--timeout=60s")
    address = instance.kubectl("get", "service", "echo", "-o", "jsonpath={.spec.clusterIP}")
    seen: set[str] = set()
    until(lambda: _ask(address, seen) == {"lab-1", "lab-2"}, f"both nodes behind the Service, seen {seen}", 30)
    _docker(lab.docker_host, lab.bin, "run", "--rm", lab.base_image, "true")
    assert _kinds_that_show_it(snapshot.differences(before, snapshot.take(others))) >= {
        "links", "routes", "firewall", "cgroups", "processes", "folders",
    }  # fmt: skip

    assert instance.run("down").returncode == 0

    assert snapshot.differences(before, snapshot.take(others)) == {}
    assert _client_caches(instance) == caches


def test_a_part_that_fails_is_named_with_the_end_of_its_log(instance: Instance, tmp_path: Path) -> None:
    broken = tmp_path / "cloudnorth-lab"
    broken.mkdir()
    for name in ("roots", "images", "debootstrap"):
        (broken / name).symlink_to(cache_dir() / name)
    shutil.copytree(cache_dir() / "go", broken / "go", copy_function=_link_or_copy)
    program = next((broken / "go").glob("kubernetes-*/kube-apiserver"))
    program.unlink()
    program.write_text("#!/bin/sh\necho no certificate today\nexit 1\n")
    program.chmod(0o755)
    instance.run("down")
    done = instance.run("up", XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "kube-apiserver is" in done.stderr
    assert "no certificate today" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_start_killed_at_any_point_is_cleaned_up_by_the_next(instance: Instance, tmp_path: Path) -> None:
    said = tmp_path / "said"
    instance.run("down")
    others = {load_settings().name} - {instance.settings.name}
    before = snapshot.take(others)
    settings = instance.settings
    points: list[tuple[str, Callable[[], bool]]] = [
        ("its folder", settings.state.exists),
        ("its cgroups", lambda: cgroups.exists(settings.name)),
        ("its link", Path(f"/sys/class/net/{settings.name}").exists),
        ("its engine", (settings.run / "docker.sock").exists),
        ("its first objects", (settings.state / "kubectl-cache").exists),
    ]
    for what, reached in points:
        start = instance.begin("up", log=said)
        until(lambda start=start, reached=reached: reached() or start.poll() is not None, what, 60)  # type: ignore[misc]
        start.kill()
        assert start.wait() == -signal.SIGKILL, f"it was over before {what} was there: {said.read_text()}"
        assert facts.read(settings) is None
    assert instance.run("down").returncode == 0
    assert snapshot.differences(before, snapshot.take(others)) == {}


def test_a_range_that_a_route_touches_is_refused_before_anything_is_made() -> None:
    fixture.lab()
    taken = str(load_settings().network)
    argv = [sys.executable, "-m", "tests.lab", "up", "--name=labtest-b", f"--range={taken}"]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 3
    assert f"range {taken} is touched by the route" in done.stderr
    offered = done.stderr.rpartition("CLOUDNORTH_LAB_RANGE=")[2].strip()
    assert ipaddress.ip_network(offered).prefixlen == 16
    assert offered != taken
    assert not Path("/var/lib/labtest-b").exists()


@pytest.mark.repeat  # of the last point above, where all programs run
def test_a_killed_lab_takes_everything_with_it_and_the_next_start_works(instance: Instance) -> None:
    first, _ = instance.up()
    os.kill(first.nodes[0].process, signal.SIGKILL)
    until(lambda: not _left(instance), f"the lab's processes to end: {_left(instance)}", 20)
    assert instance.settings.name not in Path("/proc/self/mountinfo").read_text()
    assert instance.run("status").returncode == 7
    second, _ = instance.up()
    assert second.nodes[0].process != first.nodes[0].process
    assert "lab-1" in instance.kubectl("get", "nodes")


@pytest.mark.repeat  # wants the machine to itself
def test_two_nodes_start_within_a_minute(instance: Instance) -> None:
    assert instance.up("--nodes=2")[1] <= WARM_SECONDS


@pytest.mark.repeat
def test_a_node_that_is_killed_leaves_the_other_serving(instance: Instance) -> None:
    lab, _ = instance.up("--nodes=2")
    os.kill(lab.nodes[1].process, signal.SIGKILL)
    status = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    until(lambda: instance.kubectl("get", "node", "lab-2", "-o", status) != "True", "lab-2 to be NotReady", 90)
    assert instance.kubectl("get", "node", "lab-1", "-o", status) == "True"
    assert "lab-2" in instance.run("status").stderr


def _ask(address: str, seen: set[str]) -> set[str]:
    seen.add(requests.get(f"http://{address}/", timeout=5, headers={"Connection": "close"}).text.strip())
    return seen


def _client_caches(instance: Instance) -> set[Path]:
    """What clients of the lab's API server have in the person's home; somebody else may have had a lab there."""
    return set((Path.home() / ".kube/cache").rglob(f"*{instance.settings.address()}*"))


def _docker(host: str, programs: Path, *words: str) -> None:
    subprocess.run([programs / "docker", *words], check=True, env={**os.environ, "DOCKER_HOST": host})


def _kinds_that_show_it(differences: dict[str, dict[str, list[str]]]) -> set[str]:
    return {kind for kind, change in differences.items() if change["came"]}


def _pods(instance: Instance) -> set[str]:
    path = "jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[0].restartCount}{'\\n'}{end}"
    return set(instance.kubectl("get", "pods", "-A", "-o", path).split("\n"))


def _left(instance: Instance) -> list[str]:
    """What runs in the lab's cgroups or holds its namespaces."""
    left = cgroups.pids(instance.settings.name) | set(outer_processes(instance.settings))
    return [str(pid) for pid in sorted(left)]


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
