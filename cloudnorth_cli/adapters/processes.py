"""Ending what an outright kill left behind: processes told by a variable of their environment."""

from __future__ import annotations

import psutil

PATIENCE = 3.0
"""Seconds between SIGTERM and SIGKILL."""


def end_marked(name: str, value: str) -> int:
    """End every process of ours whose environment holds NAME=VALUE, wherever it hangs in the tree; how many were."""
    left: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(name) == value:
                process.terminate()
                left.append(process)
        except (psutil.Error, OSError):
            continue  # somebody else's, or gone
    for process in psutil.wait_procs(left, timeout=PATIENCE)[1]:
        try:
            process.kill()
        except psutil.Error:
            continue
    psutil.wait_procs(left, timeout=PATIENCE)
    return len(left)


def wait_end(pid: int, seconds: float) -> None:
    """Wait until a process is gone, at most so long."""
    try:
        psutil.Process(pid).wait(seconds)
    except psutil.Error:
        return
