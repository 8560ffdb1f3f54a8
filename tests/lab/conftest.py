"""A second lab beside the one that other tests use: these tests start, kill and end it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab import facts, network
from tests.lab.facts import Lab
from tests.lab.settings import Settings, cache_dir, load_settings

ROOT = Path(__file__).parents[2]
NAME = "labtest"
UP_SECONDS = 180


@dataclass(frozen=True)
class Instance:
    """A lab of the tests' own, driven as a person drives one: through the command line."""

    settings: Settings

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One verb, to its end."""
        return subprocess.run(
            self.argv(*words), capture_output=True, text=True, timeout=UP_SECONDS, cwd=ROOT,
            env={**os.environ, **environment},
        )  # fmt: skip

    def begin(self, *words: str, log: Path) -> subprocess.Popen[bytes]:
        """One verb, to be killed on its way; what it says goes into a file."""
        with log.open("wb") as stderr:
            return subprocess.Popen(self.argv(*words), stderr=stderr, cwd=ROOT)

    def argv(self, *words: str) -> list[str]:
        """The command line of a verb."""
        return [sys.executable, "-m", "tests.lab", *words, f"--name={NAME}", f"--range={self.settings.network}"]

    def up(self, *words: str) -> tuple[Lab, float]:
        """Bring it up; the facts and the seconds it took."""
        started = time.monotonic()
        done = self.run("up", *words)
        seconds = time.monotonic() - started
        assert done.returncode == 0, done.stderr
        lab = facts.read(self.settings)
        assert lab
        return lab, seconds

    def kubectl(self, *words: str, check: bool = True, stdin: str | None = None) -> str:
        """The lab's kubectl with the lab's kubeconfig."""
        run = self.settings.run
        argv = [str(run / "bin/kubectl"), f"--kubeconfig={run / 'kubeconfig'}", f"--cache-dir={run}/cache", *words]
        done = subprocess.run(argv, capture_output=True, text=True, input=stdin, timeout=60)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """A second lab, not up yet; taken down afterwards, and before, should a killed run have left one."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with (cache_dir() / f"{NAME}.tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run of these tests, in another clone, has the same one
        made = Instance(load_settings(NAME, str(network.free_range())))
        made.run("down")
        yield made
        made.run("down")
