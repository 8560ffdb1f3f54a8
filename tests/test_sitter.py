"""A patient program is interrupted once when we are killed, and not a second time when it was interrupted before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

OURS = """
import sys
from cloudnorth_cli import shell, signals
from cloudnorth_cli.shell import Command
with signals.interruptible() as watch:
    watch.on_signal = shell.stop_all
    shell.run(Command(("bash", "-c", sys.argv[1]), patience=600), on_line=lambda line: None)
"""
INTERRUPTED_EARLY = """
import os, signal, time
from cloudnorth_cli import shell

def late(group, begin=shell.Sitter):
    while not os.path.exists("told"):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
    return begin(group)

shell.Sitter = late
"""
PROGRAM = """
trap 'echo interrupted >> told' INT
echo begun >> told
until [ -e done ]; do sleep 0.05; done
echo ended >> told
"""


def until(path: Path, word: str) -> list[str]:
    """The lines of a file once one of them is there."""
    end = time.monotonic() + 30
    while word not in (lines := path.read_text().split() if path.exists() else []):
        assert time.monotonic() < end, lines
        time.sleep(0.02)
    return lines


@pytest.mark.parametrize("before", [None, signal.SIGTERM, signal.SIGINT])
def test_it_is_interrupted_once(tmp_path: Path, before: signal.Signals | None) -> None:
    ours = subprocess.Popen([sys.executable, "-c", OURS, PROGRAM], cwd=tmp_path, env=_environ())
    told = tmp_path / "told"
    until(told, "begun")
    if before:
        ours.send_signal(before)
        until(told, "interrupted")
    sitters = [one for one in psutil.Process(ours.pid).children() if "cloudnorth-sitter" in one.cmdline()]
    ours.kill()
    ours.wait()
    assert psutil.wait_procs(sitters, timeout=30)[1] == [], "whoever would interrupt has done so"
    until(told, "interrupted")
    (tmp_path / "done").touch()
    assert until(told, "ended") == ["begun", "interrupted", "ended"]


def test_a_signal_while_a_program_is_being_started_reaches_it(tmp_path: Path) -> None:
    """Its handler runs in the thread that is starting the program: whatever that one holds, the handler cannot get."""
    ours = subprocess.Popen([sys.executable, "-c", INTERRUPTED_EARLY + OURS, PROGRAM], cwd=tmp_path, env=_environ())
    told = tmp_path / "told"
    until(told, "interrupted")
    (tmp_path / "done").touch()
    assert until(told, "ended") == ["begun", "interrupted", "ended"]
    assert ours.wait(30) != 0


def test_who_ends_by_itself_is_not_interrupted(tmp_path: Path) -> None:
    (tmp_path / "done").touch()
    subprocess.run([sys.executable, "-c", OURS, PROGRAM], cwd=tmp_path, env=_environ(), check=True, timeout=30)
    assert until(tmp_path / "told", "ended") == ["begun", "ended"]


def _environ() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
