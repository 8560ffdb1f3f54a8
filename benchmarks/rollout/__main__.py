"""The fault matrix side by side: cloudnorth, Helm 4 and 3 with --wait, kubectl rollout status.

`python -m benchmarks.rollout [--peer-timeout SECONDS] [--only WORD …]`. Peers get a time-out shorter than their own
(300 s and none), so that a run ends within the hour; a peer that needs all of it is shown as `≥`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.rollout import peers
from benchmarks.rollout.peers import PEERS, Told
from tests.rollout.matrix import lane as lanes
from tests.rollout.matrix.faults import FAULTS, Fault
from tests.rollout.matrix.objects import healthy
from tests.rollout.matrix.running import Outcome, all_of, surroundings

LANES = 4


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--peer-timeout", type=int, default=60)
    asked.add_argument("--only", nargs="*", default=[""], metavar="WORD")
    wanted = asked.parse_args()
    faults = [fault for fault in FAULTS if any(w in fault.name for w in wanted.only) and not fault.verify]
    with tempfile.TemporaryDirectory() as folder:
        ours = all_of(faults, Path(folder) / "ours", quick_lanes=LANES)
        theirs = _peers(faults, Path(folder) / "theirs", wanted.peer_timeout)
        # Times are read off the files of the runs, so while they are there.
        print("\n".join(table(faults, ours, theirs, wanted.peer_timeout)))


def _peers(faults: list[Fault], folder: Path, timeout: int) -> dict[tuple[str, str], Told]:
    """Each peer in a lane of its own, one fault after another."""
    found: dict[tuple[str, str], Told] = {}
    guard = threading.Lock()
    folder.mkdir()

    def one(peer: str, name: str, address: str, planted: list[Fault]) -> None:
        kind = planted[0].kind
        lane = lanes.make(folder, name)
        try:
            lane.write(healthy(kind))
            peers.install(peer, lane)
            for fault in planted:
                lane.write(fault.release(address).objects)
                told = peers.ask(peer, lane, kind, timeout)
                with guard:
                    found[peer, fault.name] = told
                peers.back(peer, lane, kind)
        except (AssertionError, subprocess.CalledProcessError) as error:
            print(f"{peer}: {error}", file=sys.stderr)  # its other faults are shown as not measured
        finally:
            lane.remove()

    with surroundings(folder) as address, ThreadPoolExecutor(30) as pool:
        jobs = [
            pool.submit(one, peer, f"peer{number}-{lane}", address, planted)
            for number, peer in enumerate(PEERS)
            for lane, planted in enumerate(_side_by_side(faults))
        ]
        for job in jobs:
            job.result()
    return found


def _side_by_side(faults: list[Fault]) -> list[list[Fault]]:
    """Faults of one kind after another, Deployments in several lanes."""
    kinds = [[fault for fault in faults if fault.kind == kind] for kind in ("StatefulSet", "DaemonSet")]
    deployments = [fault for fault in faults if fault.kind == "Deployment"]
    return [lane for lane in (*kinds, *(deployments[number::LANES] for number in range(LANES))) if lane]


def table(
    faults: list[Fault], ours: dict[str, Outcome | Exception], theirs: dict[tuple[str, str], Told], timeout: int
) -> list[str]:
    """Markdown: seconds from the beginning of the upgrade to the answer, and whether the reason was named."""
    lines = [
        f"Seconds from the upgrade to the answer; peers were given {timeout} s; {os.cpu_count()} cores.",
        "",
        "| fault | cloudnorth: verdict | and back, verified | " + " | ".join(PEERS) + " |",
        "|---|---|---|" + "---|" * len(PEERS),
    ]
    for fault in faults:
        cells = [_theirs(theirs.get((peer, fault.name)), fault, timeout) for peer in PEERS]
        lines.append(f"| {fault.name} | {_ours(ours.get(fault.name))} | " + " | ".join(cells) + " |")
    named = sum(isinstance(o, Outcome) and o.ran.status == 4 for o in ours.values())
    lines += ["", f"cloudnorth named and took back {named} of {len(faults)}."]
    return lines


def _ours(outcome: Outcome | Exception | None) -> str:
    if not isinstance(outcome, Outcome):
        return f"not measured: {outcome} | "
    if outcome.ran.status != 4 or not outcome.failures:
        return f"exit {outcome.ran.status} | "
    total = outcome.install_to_verdict + outcome.verdict_to_end
    return f"{outcome.install_to_verdict:.1f} s `{outcome.error['code']}` | {total:.1f} s"


def _theirs(told: Told | None, fault: Fault, timeout: int) -> str:
    if told is None:
        return "not measured"
    if told.status == 0:
        return f"{told.seconds:.1f} s, **success**"
    late = "≥ " if told.seconds >= timeout else ""
    return f"{late}{told.seconds:.1f} s, {'named' if told.names(fault.says) else 'not named'}"


if __name__ == "__main__":
    main()
