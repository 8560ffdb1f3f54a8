"""A node: one outer process that holds its namespaces, and supervisord in them with the node's programs."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import xmlrpc.client
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.lab.build.debian import root
from tests.lab.build.python import libraries
from tests.lab.build.steps import tail
from tests.lab.errors import LabError
from tests.lab.files import log_dir, node_dir, write_node_files
from tests.lab.settings import HERE, Settings, cache_dir, search_path
from tests.lab.sockets import supervisor
from tests.lab.wait import until

ENTER = HERE / "config/enter.sh"
ENDED = {"BACKOFF", "EXITED", "FATAL"}


@dataclass(frozen=True)
class Node:
    """A node that was started; `outer` is the process whose end ends the node, `init` its first process inside."""

    settings: Settings
    number: int
    outer: int
    init: int

    @classmethod
    def of(cls, settings: Settings, number: int, outer: int) -> Node:
        """The node that an outer process holds."""
        return cls(settings, number, outer, _children(outer)[0])

    @property
    def socket(self) -> Path:
        """supervisord's socket file."""
        return self.settings.run / f"supervisor-{self.number}.sock"

    def start(self, *programs: str) -> None:
        """Have supervisord start the programs, without waiting for them."""
        for program in programs:
            supervisor(self.socket).supervisor.startProcess(program, False)

    def states(self) -> dict[str, str]:
        """Every program's state in supervisord's words, such as RUNNING."""
        found: Any = supervisor(self.socket).supervisor.getAllProcessInfo()
        return {info["name"]: info["statename"] for info in found}

    def wait(self, condition: Callable[[], bool], what: str, program: str, seconds: float = 60) -> None:
        """Wait for a condition that a program brings about; LabError with its log's end when it ends or time does."""
        log = log_dir(self.settings, self.number) / f"{program}.log"

        def held() -> bool:
            if condition():
                return True
            if (state := self.states().get(program, "")) in ENDED:
                raise LabError(f"{program} is {state}; the end of {log}:\n{tail(log)}")
            return False

        until(held, f"{what} ({program})", seconds, lambda: f"the end of {log}:\n{tail(log)}")


def start_node(settings: Settings, number: int) -> Node:
    """Start a node's namespaces and supervisord in them, with no network and no program yet."""
    write_node_files(settings, number)
    log = log_dir(settings, number) / "enter.log"
    argv = [
        "unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--propagation", "private",
        "sh", ENTER, root("lab"), node_dir(settings, number), settings.state, settings.run, cache_dir() / "go",
        settings.node_name(number), libraries(),
    ]  # fmt: skip
    with log.open("wb") as out:
        outer = subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={"PATH": search_path(), "HOME": "/root", "LANG": "C.UTF-8"},
        )

    def ready() -> bool:
        if outer.poll() is not None:
            raise LabError(f"the namespaces of {settings.node_name(number)} ended; {log}:\n{tail(log)}")
        try:
            return bool(_children(outer.pid) and Node.of(settings, number, outer.pid).states())
        except (OSError, xmlrpc.client.Error):
            return False

    until(ready, f"supervisord of {settings.node_name(number)}", 20, lambda: tail(log))
    return Node.of(settings, number, outer.pid)


def descendants(names: Iterable[str]) -> set[int]:
    """Every process of the labs with these names: their outer processes and what descends from them."""
    wanted = {str(Path("/var/lib") / name) for name in names}
    found = {pid for pid, argv in _command_lines() if argv[:2] == ["unshare", "--net"] and wanted & set(argv)}
    todo = list(found)
    while todo:
        children = _children(todo.pop())
        found.update(children)
        todo += children
    return found


def outer_processes(settings: Settings) -> dict[int, int]:
    """The outer processes of this lab that are alive: node number by process id.

    Found by their command line, which names the lab's own folder: a note of process ids could be lost or stale.
    """
    found = {}
    for pid, argv in _command_lines():
        if argv[:2] == ["unshare", "--net"] and str(ENTER.name) in {Path(word).name for word in argv}:
            for number in range(1, 10):
                if str(node_dir(settings, number)) in argv:
                    found[pid] = number
    return found


def kill(pids: Iterable[int], seconds: float = 20) -> None:
    """End outer processes, and with them everything in their namespaces; returns when they are gone."""
    pids = list(pids)
    deadline = time.monotonic() + seconds
    families = {pid: [pid, *_children(pid)] for pid in pids}
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for family in families.values():
        for pid in family:
            until(partial(ended, pid), f"process {pid} to end", max(1.0, deadline - time.monotonic()))


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # each has children of its own
            found += [int(child) for child in Path(f"/proc/{pid}/task/{thread}/children").read_text().split()]
    except OSError:
        pass  # ended meanwhile
    return found


def ended(pid: int) -> bool:
    """Whether a process is gone, or only waits to be reaped."""
    try:
        os.waitpid(pid, os.WNOHANG)  # ours, if this process started it
    except ChildProcessError:
        pass
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _command_lines() -> Iterable[tuple[int, list[str]]]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield int(path.parent.name), path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
