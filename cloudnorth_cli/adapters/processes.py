"""Ending what an outright kill left behind: processes told by a variable of their environment."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil

PATIENCE = 3.0
"""Seconds between SIGTERM and SIGKILL."""


def end_marked(name: str, value: str) -> int:
    """End every process of ours whose environment holds NAME=VALUE, wherever it hangs in the tree; how many were."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(name) == value:
                process.terminate()
                found.append(process)
        except (psutil.Error, OSError):
            continue  # somebody else's, or gone
    for process in _still_there(found, PATIENCE):
        try:
            process.kill()
        except psutil.Error:
            continue
    _still_there(found, PATIENCE)
    return len(found)


def wait_end(pid: int, seconds: float) -> None:
    """Wait until a process has ended, at most so long."""
    try:
        _still_there([psutil.Process(pid)], seconds)
    except psutil.Error:
        return


def _still_there(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for the end of processes that are not our children; those that have not ended then."""
    end = time.monotonic() + seconds
    left = [process for process in processes if not _ended(process)]
    while left and time.monotonic() < end:
        time.sleep(0.02)
        left = [process for process in left if not _ended(process)]
    return left


def _ended(process: psutil.Process) -> bool:
    try:
        # One whose parent has not asked yet has ended too; the first process of some containers takes seconds.
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True
