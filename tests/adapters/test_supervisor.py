"""A real supervisord, in a folder whose name needs care."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cloudnorth_cli.adapters.supervisor import Program, Supervisor
from cloudnorth_cli.errors import Refused


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    folder = tmp_path / "a folder, \"quoted\" and 'so'"
    made = Supervisor(folder, tmp_path / "s", {"SUPERVISOR_TEST": str(folder)})
    yield made
    made.shut_down()


def program(supervisor: Supervisor, name: str, *words: str) -> Program:
    supervisor.folder.mkdir(exist_ok=True)
    launch = supervisor.folder / f"{name}.json"
    environ = {"PATH": os.environ["PATH"], "SUPERVISOR_TEST": str(supervisor.folder)}
    launch.write_text(json.dumps({"words": words, "environ": environ, "cwd": str(supervisor.folder), "starts": None}))
    return Program(name, launch, supervisor.folder / f"{name}.log")


def states(supervisor: Supervisor) -> dict[str, str]:
    return {each.name: each.state for each in supervisor.processes()}


def eventually(supervisor: Supervisor, name: str, *wanted: str) -> None:
    end = time.monotonic() + 20
    while states(supervisor).get(name) not in wanted:
        assert time.monotonic() < end, states(supervisor)
        time.sleep(0.05)


def test_programs_come_and_go_while_the_others_stay(supervisor: Supervisor) -> None:
    one, two = (program(supervisor, name, "sleep", "300") for name in ("one", "two"))
    supervisor.start([one], {"PATH": os.environ["PATH"]})
    assert supervisor.running()
    eventually(supervisor, "one", "RUNNING")
    pid = next(each.pid for each in supervisor.processes() if each.name == "one")
    supervisor.keep([one, two])
    eventually(supervisor, "two", "STARTING", "RUNNING")
    supervisor.drop(["two"])
    assert set(states(supervisor)) == {"one"}
    assert psutil.pid_exists(pid)
    supervisor.keep([])
    assert states(supervisor) == {}
    assert not psutil.pid_exists(pid)


def test_how_a_process_ended_is_known(supervisor: Supervisor) -> None:
    supervisor.start([program(supervisor, "short", "sh", "-c", "exit 7")], {"PATH": os.environ["PATH"]})
    eventually(supervisor, "short", "BACKOFF")
    assert supervisor.last_exit("short") == "exit status 7"
    assert supervisor.last_exit("other") == ""


@pytest.mark.skipif(sys.platform != "linux", reason="setsid(1) is util-linux's")
def test_what_was_left_behind_is_ended(supervisor: Supervisor) -> None:
    # A process that leaves its group and its session is found by its environment.
    supervisor.start([program(supervisor, "far", "setsid", "--fork", "sleep", "301")], {"PATH": os.environ["PATH"]})
    end = time.monotonic() + 20
    while not (far := [each for each in psutil.process_iter(["cmdline"]) if each.info["cmdline"] == ["sleep", "301"]]):
        assert time.monotonic() < end
        time.sleep(0.05)
    supervisor.shut_down()
    assert not psutil.wait_procs(far, timeout=5)[1]
    assert not supervisor.running()


@pytest.mark.parametrize("name", ["a ;b", "a #b", "100%"])
def test_a_folder_that_its_files_cannot_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="cannot name"):
        Supervisor(tmp_path / name, tmp_path / "s", {"SUPERVISOR_TEST": "x"}).start([], {})
