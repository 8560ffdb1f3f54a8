"""One at a time, and no lock outlives its holder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cloudnorth_cli.errors import Locked
from cloudnorth_cli.events import Journal, Step, StepWaiting
from cloudnorth_cli.model import Actor, Request, Source
from cloudnorth_cli.platforms.local import lock

STEP = Step("lock", Journal())
HOLD = """
import sys
from pathlib import Path
from tests.platforms.test_local_lock import STEP, request
from cloudnorth_cli.platforms.local import lock
with lock.hold(Path(sys.argv[1]), request("other@there", "run-1"), "deploy", "prod", STEP):
    print("held", flush=True)
    sys.stdin.read()
"""


def request(who: str = "me@here", run: str = "run-2", wait_lock: float = 0.0) -> Request:
    return Request(source=Source(commit=""), actor=Actor(who=who, run=run), wait_lock=wait_lock)


def test_the_holder_is_named_and_then_gone(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with lock.hold(file, request(), "deploy", "prod", STEP):
        held = lock.status(file)
        with pytest.raises(Locked, match=r"prod is held by me@here since .*\(deploy, run run-2\)"):
            lock.hold(file, request(), "restart", "prod", STEP).__enter__()
    assert held is not None
    assert (held.holder, held.run) == ("me@here", "run-2")
    assert lock.status(file) is None


def test_whoever_waits_is_told_for_whom_and_has_it_next(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    told: list[str] = []
    step = Step(
        "lock", Journal(lambda event: told.append(event.waiting_for) if isinstance(event, StepWaiting) else None)
    )
    first = lock.hold(file, request("first@here"), "deploy", "prod", STEP)
    first.__enter__()
    ending = threading.Timer(0.5, first.__exit__, (None, None, None))
    ending.start()
    with lock.hold(file, request(wait_lock=30.0), "deploy", "prod", step) as killed:
        assert not killed
        assert "first@here since" in told[0]
    ending.join()


def test_waiting_ends_and_the_holder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with lock.hold(file, request(), "deploy", "prod", STEP):
        started = time.monotonic()
        with pytest.raises(Locked, match="me@here") as locked:
            lock.hold(file, request(wait_lock=0.4), "deploy", "prod", STEP).__enter__()
    assert time.monotonic() - started >= 0.4
    assert locked.value.next[1] == f"kill {os.getpid()}"


def test_a_lock_whose_file_was_deleted_meanwhile_is_none(tmp_path: Path) -> None:
    file = tmp_path / "an environment" / "lock"
    file.parent.mkdir()
    first = lock.hold(file, request(), "down", "prod", STEP)
    first.__enter__()
    waiting = threading.Timer(0.3, lambda: (shutil.rmtree(file.parent), first.__exit__(None, None, None)))
    waiting.start()
    with lock.hold(file, request(wait_lock=30.0), "deploy", "prod", STEP):
        assert lock.status(file) is not None
    waiting.join()


def test_a_lock_that_was_never_taken_is_free(tmp_path: Path) -> None:
    assert lock.status(tmp_path / "lock") is None


def test_a_holder_that_was_killed_holds_nothing_and_is_known_to_have_been(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    words = [sys.executable, "-c", HOLD, str(file)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Locked, match="other@there"):
            lock.hold(file, request(), "deploy", "prod", STEP).__enter__()
        assert lock.left(file) is None
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    assert lock.status(file) is None
    left = lock.left(file)
    assert left is not None
    assert left.who == "other@there"
    with lock.hold(file, request(), "deploy", "prod", STEP) as killed:
        assert killed
    with lock.hold(file, request(), "deploy", "prod", STEP) as killed:
        assert not killed
    assert lock.left(file) is None
