"""Whether a process that is named still runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cloudnorth_cli.adapters import this_process

SAY = "from cloudnorth_cli.adapters import this_process; print(this_process.name())"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process was started")


def ended() -> str:
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, "-c", SAY], capture_output=True, text=True, check=True, cwd=root
    ).stdout.strip()


def test_one_that_runs_is_not_gone_and_one_that_ended_is() -> None:
    assert not this_process.is_gone(this_process.name())
    assert this_process.is_gone(ended())


def test_a_number_that_another_process_got_since_is_not_the_same() -> None:
    host, boot, pid, started = this_process.name().split("/")
    assert this_process.is_gone(f"{host}/{boot}/{pid}/{int(started) - 1}")


@pytest.mark.parametrize("part", [0, 1])
def test_of_another_machine_or_another_start_of_it_nothing_is_known(part: int) -> None:
    parts = ended().split("/")
    parts[part] = "another"
    assert not this_process.is_gone("/".join(parts))


@pytest.mark.parametrize("name", ["", "host", "host//1/2", "a/b/c/d", "a/b/1/"])
def test_what_is_no_name_is_not_gone(name: str) -> None:
    assert not this_process.is_gone(name)
