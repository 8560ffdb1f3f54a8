"""How fast it is to type: `cloudnorth --version` and `--help` against `kubectl version --client`, in turns."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

RUNS = 21
LAB_KUBECTL = Path("/run/cloudnorth-lab/bin/kubectl")


@dataclass(frozen=True)
class Measured:
    """One command line: milliseconds (median) and the most it may take, as a multiple of kubectl's."""

    name: str
    milliseconds: float
    allowed: float | None = None


def measure(runs: int = RUNS) -> list[Measured]:
    """Run the command lines in turns, so that whatever else the machine does hits all alike."""
    ours = str(Path(sys.executable).with_name("cloudnorth"))
    lines: list[tuple[str, tuple[str, ...], float | None]] = [
        ("python -c pass", (sys.executable, "-c", "pass"), None),
        ("cloudnorth --version", (ours, "--version"), 1.0),
        ("cloudnorth --help", (ours, "--help"), 2.0),
    ]
    if kubectl := _kubectl():
        lines.append(("kubectl version --client", (kubectl, "version", "--client"), None))
    taken: dict[str, list[float]] = {name: [] for name, _, _ in lines}
    for turn in range(runs + 1):
        for name, words, _ in lines:
            seconds = _time(words)
            if turn:  # the first one warms the disk's cache
                taken[name].append(seconds * 1000)
    return [Measured(name, statistics.median(taken[name]), allowed) for name, _, allowed in lines]


def table(measured: Sequence[Measured]) -> Iterable[str]:
    """Rows for people, with the ratio to kubectl where it is there."""
    base = next((one.milliseconds for one in measured if one.name.startswith("kubectl")), None)
    yield f"{'start-up, median of ' + str(RUNS):<28} {'ms':>6} {'x kubectl':>10} {'allowed':>8}"
    for one in measured:
        ratio = f"{one.milliseconds / base:.2f}" if base else "-"
        allowed = f"{one.allowed:.1f}" if one.allowed else ""
        yield f"{one.name:<28} {one.milliseconds:>6.0f} {ratio:>10} {allowed:>8}".rstrip()
    if base is None:
        yield "kubectl is not here: start the lab (make lab) or put it on PATH"


def _time(words: tuple[str, ...]) -> float:
    started = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def _kubectl() -> str | None:
    return str(LAB_KUBECTL) if os.access(LAB_KUBECTL, os.X_OK) else shutil.which("kubectl")


if __name__ == "__main__":
    print("\n".join(table(measure())))
