"""One at a time, and no lock outlives its holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cloudnorth_cli.errors import Locked
from cloudnorth_cli.model import Actor
from cloudnorth_cli.platforms.local import lock

ME = Actor(who="me@here", run="run-2")
HOLD = """
import sys
from pathlib import Path
from cloudnorth_cli.model import Actor
from cloudnorth_cli.platforms.local import lock
with lock.hold(Path(sys.argv[1]), Actor(who="other@there", run="run-1"), "deploy", "prod"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_holder_is_named_and_then_gone(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with lock.hold(file, ME, "deploy", "prod"):
        held = lock.status(file)
        with pytest.raises(Locked, match=r"prod is held by me@here since .*\(deploy, run run-2\)"):
            lock.hold(file, ME, "restart", "prod").__enter__()
    assert held is not None
    assert (held.holder, held.run) == ("me@here", "run-2")
    assert lock.status(file) is None


def test_a_lock_that_was_never_taken_is_free(tmp_path: Path) -> None:
    assert lock.status(tmp_path / "lock") is None


def test_a_holder_that_was_killed_holds_nothing_and_is_known_to_have_been(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    words = [sys.executable, "-c", HOLD, str(file)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Locked, match="other@there"):
            lock.hold(file, ME, "deploy", "prod").__enter__()
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    assert lock.status(file) is None
    with lock.hold(file, ME, "deploy", "prod") as killed:
        assert killed
    with lock.hold(file, ME, "deploy", "prod") as killed:
        assert not killed
