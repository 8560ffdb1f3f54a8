"""A provision that is stopped again and again, or killed after it was stopped: Terraform writes down what it knows.

A real Terraform, in whose apply something is in flight that only the test ends: another state, read over HTTP.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from cloudnorth_cli.signals import TOGETHER
from tests.commands.test_provision import running
from tests.servers import Answering, served
from tests.terraform.project import Ground, make, needs_terraform

pytestmark = [pytest.mark.terraform, needs_terraform]
OTHER = {"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "x", "outputs": {}, "resources": []}
MODULE = """
resource "terraform_data" "quick" {}
data "terraform_remote_state" "slow" {
  backend    = "http"
  config     = { address = "URL" }
  depends_on = [terraform_data.quick]
}
resource "terraform_data" "after" { input = data.terraform_remote_state.slow.outputs }
"""


class Slow(ThreadingHTTPServer):
    """came: somebody asks; go: and is answered."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Held)
        self.came, self.go = threading.Event(), threading.Event()


class Held(Answering):
    server: Slow

    def do_GET(self) -> None:
        self.server.came.set()
        self.server.go.wait(60)
        with contextlib.suppress(BrokenPipeError):
            self.answer(200, OTHER)


@pytest.fixture
def slow() -> Iterator[Slow]:
    with served(Slow()) as server:
        yield server
        server.go.set()


@pytest.fixture
def ground(tmp_path: Path, slow: Slow) -> Ground:
    made = make(tmp_path / "a project")
    made.write(MODULE.replace("URL", f"http://127.0.0.1:{slow.server_port}/state"))
    return made


@pytest.fixture
def process(ground: Ground, slow: Slow) -> Iterator[subprocess.Popen[str]]:
    """A provision in the middle of its apply."""
    started = ground.start()
    with started:
        assert slow.came.wait(60)
        yield started
        started.kill()


def line(process: subprocess.Popen[str], word: str) -> str:
    """The next line with a word in it."""
    return next((each for each in process.stdout or () if word in each), "")


def again(process: subprocess.Popen[str]) -> None:
    """Another Ctrl-C, later than what counts as the same one."""
    time.sleep(TOGETHER + 0.1)
    process.send_signal(signal.SIGINT)


def test_a_second_ctrl_c_is_refused_with_the_reason(ground: Ground, slow: Slow, process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    assert "Terraform finishes what is in flight" in line(process, "stopping:")
    again(process)
    assert "terraform is finishing what is in flight" in line(process, "not ended:")
    slow.go.set()
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130, said
    assert "1 of 2 resources done, the state is written" in said
    after = ground.run("provision")
    assert after.result["summary"] == "dev stands: 1 added · 0 changed · 0 replaced · 0 destroyed.", (
        "and no lock is left"
    )


def test_a_third_one_ends_it_all_the_same(ground: Ground, process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    assert line(process, "stopping:")
    again(process)
    assert line(process, "not ended:")
    again(process)
    said = " ".join(process.communicate(timeout=10)[0].split())
    assert process.returncode == 130, said
    assert "terraform was killed: the next run tells what it may have left" in said
    assert said.endswith("provision --env dev")
    assert psutil.wait_procs(running(ground.root), timeout=10)[1] == [], (
        "a kill takes its time where much is to be freed"
    )


def test_killed_after_it_was_stopped_terraform_writes_its_state(
    ground: Ground, slow: Slow, process: subprocess.Popen[str]
) -> None:
    """As Jenkins does it: SIGTERM, and five seconds later SIGKILL."""
    process.send_signal(signal.SIGTERM)
    assert line(process, "stopping:")
    (terraform,) = [one for one in running(ground.root) if one.status() != psutil.STATUS_ZOMBIE]
    process.kill()
    process.wait()
    slow.go.set()
    terraform.wait(30)
    assert not (ground.root / "tf" / ".terraform.tfstate.lock.info").exists()
    after = ground.run("provision")
    assert after.result["summary"] == "dev stands: 1 added · 0 changed · 0 replaced · 0 destroyed."
