"""What Helm and kubectl say of the same faults, given the same healthy release and a time-out of their own."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.lab.fixture import lab
from tests.rollout.matrix.lane import Lane

PEERS = ("helm upgrade --wait (4)", "helm upgrade --wait (3)", "kubectl rollout status")


@dataclass(frozen=True)
class Told:
    """How one peer ended on one fault."""

    seconds: float
    status: int
    output: str

    def names(self, decisive: str) -> bool:
        return decisive in self.output


def ask(peer: str, lane: Lane, kind: str, timeout: int) -> Told:
    """Upgrade the lane to what its values say, and wait as this peer does."""
    helm = _helm(peer)
    began = time.monotonic()
    if peer.startswith("helm"):
        return _run(_upgrade(lane, helm, "--wait", "--timeout", f"{timeout}s"), began)
    upgrade = _run(_upgrade(lane, helm, "--timeout", f"{timeout}s"), began)
    if upgrade.status != 0:
        return upgrade
    watch = [f"{lab().bin}/kubectl", "--kubeconfig", str(lab().kubeconfig), "-n", lane.name, "rollout", "status"]
    return _run([*watch, f"{kind.lower()}/web", f"--timeout={timeout}s"], began)


def back(peer: str, lane: Lane, kind: str) -> None:
    """The healthy release again, whatever was left."""
    words = [f"{lab().bin}/{_helm(peer)}", *_place(lane), "rollback", lane.name, "1", "--no-hooks"]
    subprocess.run([*words, *([] if _helm(peer) == "helm3" else ["--force-conflicts"])], capture_output=True)
    lane.kubectl("delete", "jobs", "--all", "--wait=false")
    if kind == "StatefulSet":
        lane.kubectl("delete", "pods", "--all", "--wait=false")
    lane.kubectl("rollout", "status", f"{kind.lower()}/web", "--timeout=120s")


def _helm(peer: str) -> str:
    return "helm3" if peer.endswith("(3)") else "helm"


def install(peer: str, lane: Lane) -> None:
    """Revision 1, with the peer's own Helm."""
    done = _run(_upgrade(lane, _helm(peer), "--wait", "--timeout", "240s"), time.monotonic())
    assert done.status == 0, done.output


def _upgrade(lane: Lane, helm: str, *flags: str) -> list[str]:
    image = str(lane.config["services"]["web"]["image"])
    files = ["--values", str(lane.root / "values.yaml"), "--set-string", f"image={image}"]
    chart = str(Path(lane.root) / "chart")
    words = [f"{lab().bin}/{helm}", *_place(lane), "upgrade", "--install", lane.name, chart]
    # Helm keeps ten revisions by default, and the way back is always to the first.
    return [*words, "--create-namespace", "--history-max", "100", *files, *flags]


def _place(lane: Lane) -> list[str]:
    return ["--kubeconfig", str(lab().kubeconfig), "--namespace", lane.name]


def _run(words: list[str], began: float) -> Told:
    done = subprocess.run(words, capture_output=True, text=True)
    return Told(time.monotonic() - began, done.returncode, done.stdout + done.stderr)
