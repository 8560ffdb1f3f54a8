"""supervisord: keeps processes running; its configuration is written whole from the programs wanted."""

from __future__ import annotations

import re
import sys
import time
import xmlrpc.client
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from cloudnorth_cli.adapters import launcher
from cloudnorth_cli.adapters.processes import end_marked, wait_end
from cloudnorth_cli.adapters.unix_http import UnixConnection
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.shell import Command, run

STOP_PATIENCE = 10
"""Seconds that a process has between SIGTERM and SIGKILL."""
_NOT_RUNNING = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")

_HEAD = """\
; Written by cloudnorth; changes are lost. No secret is in it: programs read theirs from files of mode 0600.
[unix_http_server]
file = {socket}
chmod = 0700
[supervisord]
logfile = {log}
logfile_maxbytes = 5MB
logfile_backups = 1
pidfile = {pid}
childlogdir = {childlogdir}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

# startretries: a service that keeps crashing is tried again, with longer and longer pauses, as a kubelet would.
_PROGRAM = """\
[program:{name}]
command = {command}
autorestart = true
startsecs = 1
startretries = 1000
stopwaitsecs = {patience}
stopasgroup = true
killasgroup = true
redirect_stderr = true
stdout_logfile = {log}
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 2
"""


@dataclass(frozen=True)
class Program:
    """One process to keep running."""

    name: str
    launch: Path
    """What the launcher reads: words, environment, folder."""
    log: Path


@dataclass(frozen=True)
class ProcessState:
    """How one process is, as supervisord sees it."""

    name: str
    state: str
    """`STARTING`, `RUNNING`, `BACKOFF`, `STOPPING`, `STOPPED`, `EXITED`, `FATAL`, `UNKNOWN` (supervisord.org,
    "Subprocesses")."""
    pid: int


class Supervisor:
    """One supervisord with its files."""

    def __init__(self, folder: Path, socket: Path, marker: Mapping[str, str]) -> None:
        """folder: of configuration, pid and log. marker: a variable in every process's environment that tells ours."""
        self.folder = folder
        self.socket = socket
        self._marker = dict(marker)
        self._proxy = xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=_Transport(str(socket)))

    @property
    def configuration(self) -> Path:
        return self.folder / "supervisord.conf"

    def running(self) -> bool:
        """Whether it answers."""
        try:
            self._call("getState")
        except (OSError, Failed):
            return False  # gone, or about to go
        return True

    def start(self, programs: Iterable[Program], environ: Mapping[str, str]) -> None:
        """Start it with these programs; `reap` was called before. Raises Failed, Refused."""
        self.socket.unlink(missing_ok=True)
        self._write(programs)
        # It turns itself into a daemon once its socket listens, so it outlives us and is ready when this returns.
        words = ("env", "-i", *(f"{name}={value}" for name, value in (dict(environ) | self._marker).items()))
        run(
            Command((*words, sys.executable, "-m", "supervisor.supervisord", "-c", str(self.configuration))), timeout=30
        )
        self.running()  # A question wakes its loop, which would start the programs a second later otherwise.

    def foreground(self, programs: Iterable[Program]) -> tuple[str, ...]:
        """Write what it starts with; the words that run it without turning into a daemon. Raises Refused."""
        self.socket.unlink(missing_ok=True)
        self._write(programs)
        return (sys.executable, "-m", "supervisor.supervisord", "-n", "-s", "-c", str(self.configuration))

    def keep(self, programs: Iterable[Program]) -> None:
        """Make these the programs that run: start the new ones, stop and forget the others. Raises Failed."""
        wanted = {program.name: program for program in programs}
        self._write(wanted.values())
        self._call("reloadConfig")
        known = {state.name for state in self.processes()}
        for name in wanted.keys() - known:
            self._call("addProcessGroup", name)
            self._call("startProcess", name, False, allowed=("ALREADY_STARTED", "SPAWN_ERROR"))
        self.drop(known - wanted.keys())

    def drop(self, names: Collection[str]) -> None:
        """Stop processes, wait for their end, forget them."""
        for name in names:
            self._call("stopProcessGroup", name, False, allowed=("BAD_NAME",))
        left = set(names)
        end = time.monotonic() + STOP_PATIENCE + 5
        while left and time.monotonic() < end:
            states = {state.name: state.state for state in self.processes()}
            for name in sorted(left):
                if states.get(name, "STOPPED") in _NOT_RUNNING:
                    self._call("removeProcessGroup", name, allowed=("BAD_NAME", "STILL_RUNNING"))
                    left.discard(name)
            time.sleep(0.02 if left else 0)
        if left:
            raise Failed(f"still running {STOP_PATIENCE + 5} s after they were stopped: {', '.join(sorted(left))}")

    def processes(self) -> tuple[ProcessState, ...]:
        """All that it keeps; empty when it does not run."""
        try:
            found = self._call("getAllProcessInfo")
        except OSError:
            return ()
        return tuple(ProcessState(each["name"], each["statename"], each["pid"]) for each in found)

    def last_exit(self, name: str) -> str:
        """How a process ended last, `exit status 1` or `terminated by SIGKILL`; "" when nothing is known.

        It stands in supervisord's log only: what it tells of a process that died young has no status.
        """
        try:
            log = (self.folder / "supervisord.log").read_text(errors="replace")
        except OSError:
            return ""
        ends = re.findall(rf"exited: {re.escape(name)} \((exit status \d+|terminated by \w+)", log)
        return ends[-1] if ends else ""

    def shut_down(self) -> None:
        """Stop every process and itself; nothing of it is left."""
        pid = 0
        try:
            pid = self._call("getPID")
            self.drop([each.name for each in self.processes()])  # all at once; `shutdown` stops one after the other
            self._call("shutdown")
            end = time.monotonic() + STOP_PATIENCE
            while time.monotonic() < end:
                # Every question wakes its loop, which looks once a second otherwise; the last one finds nobody.
                self._call("getState", allowed=("SHUTDOWN_STATE",))
                time.sleep(0.02)
        except (OSError, Failed):
            pass  # it is gone, or something does not end; the reaper ends the rest
        if pid:
            wait_end(pid, STOP_PATIENCE + 5)
        self.reap()

    def reap(self) -> None:
        """End every process that carries our marker, wherever it hangs in the tree."""
        for name, value in self._marker.items():
            end_marked(name, value)

    def _write(self, programs: Iterable[Program]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        text = _HEAD.format(
            socket=_plain(self.socket),
            log=_plain(self.folder / "supervisord.log"),
            pid=_plain(self.folder / "supervisord.pid"),
            childlogdir=_plain(self.folder),
        )
        for program in programs:
            words = (sys.executable, "-I", "-S", launcher.__file__, str(program.launch))
            command = " ".join(_quoted(word) for word in words)
            text += _PROGRAM.format(name=program.name, command=command, log=_plain(program.log), patience=STOP_PATIENCE)
        new = self.configuration.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(self.configuration)

    def _call(self, method: str, *arguments: Any, allowed: Collection[str] = ()) -> Any:
        try:
            return getattr(self._proxy.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            if any(fault.faultString.startswith(name) for name in allowed):
                return None
            raise Failed(f"supervisord: {method}: {fault.faultString}", code="supervisor") from fault
        except (HTTPException, xmlrpc.client.ProtocolError) as error:
            raise OSError(f"supervisord does not answer: {error}") from error


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> UnixConnection:
        return UnixConnection(self._path, timeout=30.0)


def _plain(path: Path) -> str:
    """A path as a value of supervisor's configuration: `%` is expanded there, ` ;` and ` #` end a value."""
    text = str(path)
    if any(part in text for part in ("%", " ;", " #", "\n")):
        raise Refused(
            f"supervisor's configuration cannot name the folder {text!r}",
            next=('export XDG_DATA_HOME="$HOME/.local/share"',),
        )
    return text


def _quoted(word: str) -> str:
    """A word of a `command`, which supervisor splits as a shell would."""
    return '"' + _plain(Path(word)).replace("\\", "\\\\").replace('"', '\\"') + '"' if word.startswith("/") else word
