"""Up, down and status: the lab's three verbs."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.lab import cgroups, cluster, facts, machine, network, registry
from tests.lab.aws import files as aws
from tests.lab.aws import health
from tests.lab.build import build_all
from tests.lab.build.debian import root
from tests.lab.build.go import program
from tests.lab.build.images import recipes
from tests.lab.build.steps import say
from tests.lab.errors import LabError
from tests.lab.facts import Lab, LabNode
from tests.lab.files import log_dir
from tests.lab.node import Node, kill, outer_processes, start_node
from tests.lab.settings import VERSIONS, Settings, cache_dir
from tests.lab.sockets import answers
from tests.lab.wait import until

WORKER = ("containerd", "kubelet", "kube-proxy")
DOUBLE = ("aws-names", "aws-front", "aws", "aws-iam-authenticator")


def up(settings: Settings, nodes: int = 1) -> Lab:
    """The lab, with at least so many nodes: found if it is up, else built and started from nothing.

    Raises LabUnavailable when this machine cannot run it, LabError when a part fails; the next `up` cleans up.
    """
    machine.require()
    with _alone(settings):
        if (lab := find(settings)) and len(lab.nodes) >= nodes:
            say(f"{settings.name} is up")
            return lab
        build_all()
        started = time.monotonic()
        lab = _widen(settings, lab, nodes) if lab else _start(settings, nodes)
        say(f"{settings.name} is up after {time.monotonic() - started:.0f} s")
        return lab


def down(settings: Settings) -> None:
    """End the lab and everything that it put on this machine, but for the cache; fine when there is none."""
    with _alone(settings):
        _clear(settings)


def find(settings: Settings) -> Lab | None:
    """The lab if it is up and its faces answer; None otherwise."""
    lab = facts.read(settings)
    return lab if lab and not ailing(settings, lab) else None


def ailing(settings: Settings, lab: Lab) -> list[str]:
    """What of a lab does not answer, none when all is well."""
    alive = outer_processes(settings)
    ill = [node.name for node in lab.nodes if node.process not in alive]
    if ill:
        return ill
    checks = {
        "registry": registry.answers(lab.registry),
        "double of AWS": _double_answers(settings),
        "docker engine": answers(lab.docker_socket, "/_ping"),
        "API server": cluster.succeeds(settings, "get", "--raw", "/readyz"),
    }
    return [name for name, fine in checks.items() if not fine]


def _start(settings: Settings, nodes: int) -> Lab:
    _clear(settings)
    network.check_range(settings)
    settings.state.mkdir(mode=0o700, parents=True)
    settings.run.mkdir(mode=0o755)
    log_dir(settings).mkdir(parents=True)
    say("starting: certificates, registry, etcd, API server")
    cluster.make_certificates(settings)
    cluster.make_database_url(settings)
    aws.prepare(settings, log_dir(settings) / "aws-iam-authenticator.log")
    _link_programs(settings)
    cgroups.make(settings.name, ["docker", settings.node_name(1)])
    first = start_node(settings, 1)
    network.connect(settings, first.init)
    first.start("registry", "containerd", "etcd", *DOUBLE, "kube-apiserver")
    with ThreadPoolExecutor() as side:
        images = side.submit(_send_images, first)
        engine = side.submit(_start_engine, first)
        first.wait(lambda: cluster.is_ready(settings), "the API server to serve", "kube-apiserver")
        first.start("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
        cluster.apply_objects(settings)
        engine.result()
        images.result()
        first.wait(lambda: _double_answers(settings), "the double of AWS to answer", "aws")
    others = [_join(settings, number, first.init) for number in range(2, nodes + 1)]
    return _finish(settings, [first, *others])


def _widen(settings: Settings, lab: Lab, nodes: int) -> Lab:
    """Add nodes to a lab that is up."""
    known = {number: pid for pid, number in outer_processes(settings).items()}
    members = [Node.of(settings, number, known[number]) for number in range(1, len(lab.nodes) + 1)]
    members += [_join(settings, number, members[0].init) for number in range(len(lab.nodes) + 1, nodes + 1)]
    return _finish(settings, members)


def _join(settings: Settings, number: int, first_init: int) -> Node:
    say(f"starting: {settings.node_name(number)}")
    cluster.make_kubelet_certificate(settings, number)
    cgroups.make(settings.name, [settings.node_name(number)])
    node = start_node(settings, number)
    network.connect_node(settings, number, node.init, first_init)
    node.start(*WORKER)
    return node


def _double_answers(settings: Settings) -> bool:
    """Whether the double answers under one of AWS's names, with the certificate that its shell trusts."""
    return health.answers(settings.address(), aws.shown(settings) / "bundle.crt")


def _send_images(first: Node) -> None:
    first.wait(lambda: registry.answers(first.settings.registry), "the registry to answer", "registry")
    for recipe in recipes():
        registry.push(first.settings.registry, recipe)


def _start_engine(first: Node) -> None:
    socket = Path(f"/proc/{first.init}/root/run/containerd/containerd.sock")
    first.wait(socket.exists, "containerd's socket", "containerd")
    first.start("dockerd")
    first.wait(lambda: answers(first.settings.run / "docker.sock", "/_ping"), "the Docker engine to answer", "dockerd")


def _finish(settings: Settings, members: list[Node]) -> Lab:
    say("waiting for the nodes, DNS, metrics and the database")
    until(
        lambda: not cluster.unready(settings, len(members)),
        "the nodes and the lab's own workloads to be ready", 90, lambda: cluster.why_unready(settings),
    )  # fmt: skip
    if broken := [f"{m.number}: {name}" for m in members for name, state in m.states().items() if state != "RUNNING"]:
        raise LabError(f"not running, though the cluster is ready: {', '.join(broken)}")
    lab = _lab(settings, members)
    facts.write(settings, lab)
    return lab


def _lab(settings: Settings, members: list[Node]) -> Lab:
    nodes = tuple(
        LabNode(settings.node_name(n.number), settings.address(n.number), settings.node_pods(n.number), n.outer)
        for n in members
    )
    return Lab(
        name=settings.name, network=str(settings.network), machine=settings.gateway(), address=settings.address(),
        registry=settings.registry, api=settings.api, services=settings.services, pods=settings.pods,
        kubeconfig=settings.run / "kubeconfig", context="lab", docker_socket=settings.run / "docker.sock",
        bin=settings.run / "bin", database_url=settings.run / "database-url",
        base_image=f"{settings.registry}/{VERSIONS.image('base/python')}", logs=settings.state / "log",
        registry_access_log=log_dir(settings) / "registry-access.log", cgroup=cgroups.version(),
        versions=cluster.versions(), nodes=nodes,
    )  # fmt: skip


def _link_programs(settings: Settings) -> None:
    """The clients that belong to the lab, under one folder."""
    folder = settings.run / "bin"
    folder.mkdir()
    for name in ("helm", "helm3", "kubectl"):
        (folder / name).symlink_to(program(name))
    # Debian's client, not the machine's: it reaches the engine's own BuildKit without a plug-in.
    (folder / "docker").symlink_to(root("lab") / "usr/bin/docker")


def _clear(settings: Settings) -> None:
    facts.path(settings).unlink(missing_ok=True)  # from here on nobody takes it for a lab
    kill(outer_processes(settings))
    cgroups.remove(settings.name)
    network.disconnect(settings)
    for folder in (settings.state, settings.run):
        # What a killed start had begun (kubectl, with its cache) may write there for a moment yet.
        until(lambda folder=folder: _removed(folder), f"{folder} to be removed", 10)  # type: ignore[misc]


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One `up` or `down` of a lab at a time; the kernel drops the lock with its holder."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with (cache_dir() / f"{settings.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
