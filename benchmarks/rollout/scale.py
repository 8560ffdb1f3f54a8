"""A rollout of 1,000 pods on simulated nodes (kwok): how long the verdict takes, and what it costs.

`python -m benchmarks.rollout.scale [--pods N]`. The API server and the Deployment controller are the lab's real ones;
nodes and the kubelets' work are kwok's. What is watched is only what `deploy` watches, in one process of its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cloudnorth_cli.adapters import kube
from cloudnorth_cli.events import Journal, Step
from cloudnorth_cli.platforms.kubernetes import watching
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout import judge
from cloudnorth_cli.settings import Cluster, Environment, EnvironmentFile
from tests.lab.build import go
from tests.lab.fixture import lab
from tests.project import kubectl

PER_NODE = 100
LEASE_SECONDS = 40
"""As a kubelet's. Without leases kwok reports a node as it likes, the controller takes it for lost meanwhile, and its
pods for not ready, which kwok never mends: a rollout of 1,000 pods then stands still at some hundreds."""
TAINT = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--pods", type=int, default=1000)
    pods = asked.parse_args().pods
    namespace = f"scale-{uuid.uuid4().hex[:6]}"
    with simulated(pods), tempfile.TemporaryDirectory() as folder:
        kubectl("create", "namespace", namespace)
        try:
            _apply(namespace, pods, "one", Path(folder))
            kubectl("-n", namespace, "rollout", "status", "deployment/web", "--timeout=600s")
            results: multiprocessing.Queue[dict[str, Any]] = multiprocessing.get_context("spawn").Queue()
            watcher = multiprocessing.get_context("spawn").Process(target=_watch, args=(namespace, folder, results))
            watcher.start()
            assert results.get(timeout=120)["watching"]
            _apply(namespace, pods, "two", Path(folder))
            kubectl("-n", namespace, "rollout", "status", "deployment/web", "--timeout=900s")
            done = time.time()
            told = results.get(timeout=300)
            watcher.join(30)
        finally:
            kubectl("delete", "namespace", namespace, "--wait=false")
    settle = watching.SETTLE_AGAIN
    print(f"pods replaced                     {pods}")
    print(f"seconds of the rollout            {done - told['began']:.1f}")
    print(f"verdict after kubectl's           {told['at'] - done:.1f} s, of which {settle:.0f} s stability window")
    print(f"one judgement                     {told['judgement'] * 1000:.0f} ms (median of {told['judgements']})")
    print(f"memory of the watcher             {told['memory'] / 1024:.0f} MiB")
    print(
        f"its CPU                           {told['cpu']:.1f} s, {100 * told['cpu'] / told['lasted']:.0f} % of one core"
    )
    print(f"API requests                      {told['requests']}")


def _watch(namespace: str, folder: str, results: Any) -> None:
    """The watcher alone: what the tool does between Helm's beginning and the verdict."""
    here, count, took = lab(), [0], list[float]()
    send = kube.Api._send

    def counted(self: Any, *words: Any) -> Any:
        count[0] += 1
        return send(self, *words)

    def timed(*words: Any) -> Any:
        began = time.perf_counter()
        found = judge(*words)
        took.append(time.perf_counter() - began)
        return found

    setattr(kube.Api, "_send", counted)  # noqa: B010
    setattr(watching, "judge", timed)  # noqa: B010
    site = Site(_environment(namespace, here.context, str(here.kubeconfig), Path(folder)), Journal(run="scale"))
    step = Step("watch", site.journal)
    rollout = watching.Rollout(site, {"deployment/web": "web"}, step, settle=watching.SETTLE_AGAIN)
    rollout.begin()
    began, cpu = time.time(), time.process_time()
    results.put({"watching": True})
    while not rollout.has_begun():
        time.sleep(0.05)
    rollout.applied()
    verdict = rollout.judged(step)
    assert verdict.state == "ready", verdict.failures
    results.put(
        {
            "began": began,
            "at": time.time(),
            "lasted": time.time() - began,
            "cpu": time.process_time() - cpu,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            "judgement": sorted(took)[len(took) // 2],
            "judgements": len(took),
            "requests": count[0],
        }
    )


def _environment(namespace: str, context: str, kubeconfig: str, folder: Path) -> Environment:
    file = EnvironmentFile(
        platform="kubernetes", namespace=namespace, cluster=Cluster(context=context, kubeconfig=kubeconfig)
    )
    config = folder / "cloudnorth.yaml"
    return Environment(
        project="scale", name="scale", root=folder, config_path=config, services={}, migrate=None, verify=(), file=file
    )


@contextmanager
def simulated(pods: int) -> Iterator[None]:
    """Nodes for so many pods, looked after by kwok; tainted, so that nothing else lands there."""
    names = [f"kwok-{number}" for number in range(-(-pods // PER_NODE) * 2)]
    select = "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake"
    words = [str(go.build("kwok")), "--kubeconfig", str(lab().kubeconfig), select]
    words.append(f"--node-lease-duration-seconds={LEASE_SECONDS}")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"apiVersion": "v1", "kind": "List", "items": [_node(name) for name in names]}, file)
        file.flush()
        kubectl("apply", "-f", file.name)
    kwok = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        kwok.terminate()
        kwok.wait(20)
        kubectl("delete", "node", *names, "--wait=false")


def _node(name: str) -> dict[str, Any]:
    capacity = {"cpu": "1000", "memory": "1Ti", "pods": str(PER_NODE)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {"type": "kwok"}},
        "spec": {"taints": [TAINT]},
        "status": {"allocatable": capacity, "capacity": capacity},
    }


def _apply(namespace: str, pods: int, version: str, folder: Path) -> None:
    spec = {
        "nodeSelector": {"type": "kwok"},
        "tolerations": [{"key": TAINT["key"], "operator": "Exists"}],
        "containers": [{"name": "web", "image": "nothing", "env": [{"name": "VERSION", "value": version}]}],
    }
    template = {"metadata": {"labels": {"app": "web"}}, "spec": spec}
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": pods, "selector": {"matchLabels": {"app": "web"}}, "template": template},
    }
    path = folder / "web.json"
    path.write_text(json.dumps(body))
    kubectl("-n", namespace, "apply", "-f", str(path))


if __name__ == "__main__":
    main()
