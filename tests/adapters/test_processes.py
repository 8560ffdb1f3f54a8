"""Processes are found by their environment, whatever became of their parents."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from pathlib import Path

import psutil

from cloudnorth_cli.adapters.processes import end_marked, wait_end

ENVIRON = {"PATH": os.environ["PATH"]}


def test_only_what_carries_the_mark_is_ended(tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    ours = subprocess.Popen(["sleep", "60"], env=ENVIRON | {"MARK": mark})
    other = subprocess.Popen(["sleep", "60"], env=ENVIRON | {"MARK": f"{mark}0"})
    assert end_marked("MARK", mark) == 1
    assert ours.wait(5) != 0
    assert other.poll() is None
    other.kill()
    other.wait()


def test_what_does_not_end_is_killed(tmp_path: Path) -> None:
    mark, ready = uuid.uuid4().hex, tmp_path / "ready"
    words = ["sh", "-c", f"trap '' TERM; touch {ready}; while true; do sleep 0.1; done"]
    stubborn = subprocess.Popen(words, env=ENVIRON | {"MARK": mark})
    while not ready.exists():
        time.sleep(0.02)
    end_marked("MARK", mark)
    assert stubborn.wait(5) == -9


def test_a_process_that_nobody_has_asked_about_has_ended() -> None:
    zombie = subprocess.Popen(["true"])
    while psutil.Process(zombie.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.02)
    started = time.monotonic()
    wait_end(zombie.pid, 10)
    assert time.monotonic() - started < 5
    zombie.wait()
