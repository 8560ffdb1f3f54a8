"""Running many faults side by side, each lane one after another, under traffic."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.lab.fixture import lab
from tests.project import kubectl
from tests.rollout.matrix import lane as lanes
from tests.rollout.matrix import servers
from tests.rollout.matrix.faults import Fault
from tests.rollout.matrix.lane import Lane
from tests.rollout.matrix.traffic import Asked, Traffic
from tests.tool import Ran

AT_ONCE = 8
"""Lanes side by side: with more, two cores are busy with starting pods and what is timed is the wait for them."""
KEEP = "CLOUDNORTH_RECORDINGS"
"""A folder that the recordings of a run are kept in, to become fixtures."""


@dataclass
class Outcome:
    """How the deploy of one fault went."""

    fault: Fault
    ran: Ran
    asked: Asked
    folder: Path
    """Of the run."""
    ended: float

    @property
    def error(self) -> dict[str, Any]:
        return dict(self.ran.result["error"])

    @property
    def failures(self) -> list[dict[str, Any]]:
        return list(self.error.get("failures", []))

    @property
    def verdict_to_end(self) -> float:
        """Seconds from the verdict, when its evidence was written, to the end of the run."""
        return self.ended - (self.folder / "evidence.json").stat().st_mtime

    @property
    def install_to_verdict(self) -> float:
        """Seconds from the end of the step before the release to the verdict."""
        before = next(
            event for event in self.ran.events if event["event"] == "step-started" and event["step"] == "release"
        )
        began = datetime.fromisoformat(before["at"]).timestamp()
        return (self.folder / "evidence.json").stat().st_mtime - began


@contextmanager
def surroundings(folder: Path) -> Iterator[str]:
    """The servers that faults need; gives the address of the registry that misbehaves, as `HOST:PORT`."""
    here = lab()
    with servers.machine(here.machine, here.registry) as machine, servers.webhook(here.machine, folder) as hook:
        hosts = _plain_http(machine.address)
        name = f"matrix-{machine.address.rpartition(':')[2]}"
        _refuse_marked_pods(name, *hook, folder)
        try:
            yield machine.address
        finally:
            kubectl("delete", "validatingwebhookconfiguration", name, "--ignore-not-found")
            for each in hosts:
                each.unlink(missing_ok=True)
                each.parent.rmdir()


def _plain_http(address: str) -> list[Path]:
    """Tell every node's containerd that this registry speaks plain HTTP."""
    made = []
    for node in lab().nodes:
        folder = Path(f"/proc/{_inside(node.process)}/root/etc/containerd/certs.d/{address}")
        folder.mkdir(parents=True)
        (folder / "hosts.toml").write_text(f'[host."http://{address}"]\n  capabilities = ["pull", "resolve"]\n')
        made.append(folder / "hosts.toml")
    return made


def _inside(process: int) -> int:
    """The node's containerd, which sees the node's own files."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if status.read_text().split()[1] == "containerd" and _below(int(status.parent.name), process):
                return int(status.parent.name)
        except OSError:
            continue
    raise AssertionError("the node has no containerd")


def _below(process: int, above: int) -> bool:
    while process > 1:
        if process == above:
            return True
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return False


def _refuse_marked_pods(name: str, url: str, certificate: bytes, folder: Path) -> None:
    hook = {
        "name": "friday.example.test",
        "clientConfig": {"url": url, "caBundle": base64.b64encode(certificate).decode()},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "objectSelector": {"matchLabels": {"refused": "yes"}},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "timeoutSeconds": 5,
    }
    body = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [hook],
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(body))
    kubectl("apply", "-f", str(path))


def plant(lane: Lane, fault: Fault, address: str, traffic: Traffic) -> Outcome:
    """Deploy one fault over what serves."""
    traffic.begin(lane.name, lane.address())
    lane.verify(fault.verify)
    lane.write(fault.release(address).objects)
    ran = lane.deploy("--no-hold", *fault.words)
    ended = time.time()
    outcome = Outcome(fault, ran, traffic.end(lane.name), lane.runs / str(ran.events[0]["run"]), ended)
    keep(fault.name, outcome.folder / "rollout.ndjson")
    return outcome


def all_of(
    faults: Sequence[Fault], folder: Path, quick_lanes: int = 4, told: Callable[[Outcome], None] = lambda o: None
) -> dict[str, Outcome | Exception]:
    """Every fault once, side by side."""
    folder.mkdir(exist_ok=True)
    found: dict[str, Outcome | Exception] = {}
    traffic = Traffic()
    made: list[Lane] = []

    def one_lane(name: str, kind: str, planted: Sequence[Fault], address: str) -> None:
        try:
            lane = lanes.served(folder, name, kind)
            made.append(lane)
        except Exception as error:
            found.update({fault.name: error for fault in planted})
            return
        for fault in planted:
            try:
                found[fault.name] = outcome = plant(lane, fault, address, traffic)
                told(outcome)
            except Exception as error:
                found[fault.name] = error
        lane.remove()

    try:
        with surroundings(folder) as address, ThreadPoolExecutor(AT_ONCE) as pool:
            for name, kind, planted in _lanes(faults, quick_lanes):
                pool.submit(one_lane, name, kind, planted, address)
            pool.shutdown()
    finally:
        traffic.close()
        for lane in made:
            lane.remove()
    return found


def _lanes(faults: Sequence[Fault], quick: int) -> Iterator[tuple[str, str, list[Fault]]]:
    slow = [fault for fault in faults if fault.slow]
    others = [fault for fault in faults if not fault.slow]
    yield from ((f"slow{number}", fault.kind, [fault]) for number, fault in enumerate(slow))
    for kind in ("StatefulSet", "DaemonSet"):
        if of_kind := [fault for fault in others if fault.kind == kind]:
            yield kind.lower(), kind, of_kind
    deployments = [fault for fault in others if fault.kind == "Deployment"]
    yield from (
        (f"lane{number}", "Deployment", deployments[number::quick])
        for number in range(quick)
        if deployments[number::quick]
    )


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def keep(name: str, recording: Path) -> None:
    """Keep a recording up to its first verdict, where somebody asked for that."""
    if not (folder := os.environ.get(KEEP)) or not recording.exists():
        return
    lines = recording.read_bytes().splitlines(keepends=True)
    first = next((number for number, line in enumerate(lines) if b'"verdict":' in line[:60]), len(lines) - 1)
    target = Path(folder) / f"{slug(name)}.ndjson.gz"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(b"".join(lines[: first + 1]), 9, mtime=0))


def in_background(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def quietly(work: Callable[[], object]) -> None:
    """For what may fail because it is over already."""
    try:
        work()
    except (subprocess.CalledProcessError, OSError):
        return
