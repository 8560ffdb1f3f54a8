"""The lab's own part of the cgroup tree: made before its first container, removed after its last.

cgroup v1 (a folder in each controller's tree) was used throughout; v2 (one tree, controllers switched on downwards)
is written by the kernel's documentation, Documentation/admin-guide/cgroup-v2.rst, and has not been run.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.lab.wait import until

TREE = Path("/sys/fs/cgroup")


def version() -> int:
    """2 for the unified hierarchy, 1 for one tree a controller (or the hybrid of both)."""
    return 2 if (TREE / "cgroup.controllers").exists() else 1


def make(name: str, parts: list[str]) -> None:
    """Make `name` and its `parts` under every controller."""
    for top in _tops(name):
        for folder in (top, *(top / part for part in parts)):
            folder.mkdir(exist_ok=True)
            if version() == 2:
                _switch_on(folder.parent)
            elif (folder / "cpuset.cpus").exists():
                # A new cpuset is empty and admits nobody.
                for file in ("cpuset.cpus", "cpuset.mems"):
                    (folder / file).write_text((folder.parent / file).read_text())


def remove(name: str) -> None:
    """End whatever still runs there and remove the folders; fine when there are none."""
    for top in _tops(name):
        if top.exists():
            for pid in _pids(top):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            until(partial(_is_empty, top), f"the last processes of cgroup {top} to end", 20)
            for folder, _, _ in os.walk(top, topdown=False):
                os.rmdir(folder)


def exists(name: str) -> bool:
    """Whether anything of `name` is there."""
    return any(top.exists() for top in _tops(name))


def _tops(name: str) -> list[Path]:
    if version() == 2:
        return [TREE / name]
    return [controller / name for controller in sorted(TREE.iterdir()) if controller.is_dir()]


def pids(name: str) -> set[int]:
    """Every process in the cgroups of `name`."""
    return {pid for top in _tops(name) for pid in _pids(top)}


def _pids(top: Path) -> Iterator[int]:
    for folder, _, _ in os.walk(top):  # which passes over a folder that goes meanwhile
        try:
            yield from map(int, (Path(folder) / "cgroup.procs").read_text().split())
        except OSError:
            continue  # the folder went meanwhile


def _is_empty(top: Path) -> bool:
    return not any(True for _ in _pids(top))


def _switch_on(folder: Path) -> None:
    controllers = (folder / "cgroup.controllers").read_text().split()
    (folder / "cgroup.subtree_control").write_text(" ".join(f"+{controller}" for controller in controllers))
