"""The tool while it runs: its events as they come, signals sent at a chosen moment, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tests.tool import PROGRAM, Ran, environ

MARK = "CLOUDNORTH_TEST_MARK"
"""An environment variable that every process of one run inherits, so that what it left behind is found."""
JENKINS_PATIENCE = 5.0
"""Seconds between Jenkins' TERM and its KILL (its ProcessTree's softKillWaitSeconds)."""
Event = dict[str, Any]


class Runnable(Protocol):
    """A project: where the tool is started, and with what in its environment."""

    root: Path
    extra: dict[str, str]


class Running:
    """One call of the tool with JSON output, started and not awaited."""

    def __init__(
        self, project: Runnable, verb: str, *words: str, environment: str = "test", own_group: bool = False
    ) -> None:
        self.mark = uuid.uuid4().hex
        self._lines: list[str] = []
        self._errors: list[str] = []
        self._news = threading.Condition()
        root = str(Path(__file__).resolve().parents[2])
        self.process = subprocess.Popen(
            [*PROGRAM, verb, "--env", environment, "-o", "json", *words],
            cwd=project.root,
            env=environ(project.extra) | {"PYTHONPATH": root, MARK: self.mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=own_group,
        )
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self._lines), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self._errors), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: Any, lines: list[str]) -> None:
        for line in stream:
            with self._news:
                lines.append(line)
                self._news.notify_all()

    def wait_for(self, wanted: Callable[[Event], bool], seconds: float = 60) -> Event:
        """The first event that is wanted; an AssertionError when the tool ends or time is out before."""
        deadline = time.monotonic() + seconds
        seen = 0
        with self._news:
            while True:
                while seen < len(self._lines):
                    event: Event = json.loads(self._lines[seen])
                    if wanted(event):
                        return event
                    seen += 1
                over = self.process.poll() is not None and not self._readers[0].is_alive()
                said = "".join(self._lines + self._errors)
                assert not over, f"it ended without the event that was waited for: {said}"
                assert time.monotonic() < deadline, f"no such event within {seconds} s: {said}"
                self._news.wait(0.2)

    def step(self, name: str) -> None:
        """Wait until a step has started."""
        self.wait_for(lambda event: event["event"] == "step-started" and event["step"] == name)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def finish(self, seconds: float = 60) -> Ran:
        """How it ended."""
        self.process.wait(seconds)
        for reader in self._readers:
            reader.join(10)
        return Ran(self.process.returncode, "".join(self._lines), "".join(self._errors))

    def left_behind(self, seconds: float = 5) -> list[str]:
        """Command lines of this run's processes that are alive still when `seconds` are over.

        Without what the local platform means to keep: supervisord and everything that it runs.
        """
        deadline = time.monotonic() + seconds
        while (found := marked(self.mark)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found


def marked(mark: str) -> list[str]:
    """Command lines of the processes that carry a mark and do not belong to a supervisord."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() not in (folder / "environ").read_bytes():
                continue
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if line and not kept(int(folder.name)):
            found.append(line)
    return found


def kept(pid: int) -> bool:
    """Whether a process is supervisord, or below one."""
    while pid > 1:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if any(
                Path(os.fsdecode(word)).name == "supervisord" or word == b"supervisor.supervisord" for word in words
            ):
                return True
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return True  # it ended meanwhile
    return False
