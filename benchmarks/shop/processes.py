"""Programs that run for as long as a block lasts, each on a core of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

READY_SECONDS = 30


def pinned(core: int, *words: str) -> list[str]:
    """The command, to be run on one core only."""
    return ["taskset", "--cpu-list", str(core), *words]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(
    words: list[str], environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program, ended at the end of the block; its output goes nowhere, as measuring the terminal is not meant."""
    environ = {"PATH": os.environ["PATH"], **(environ or {})}
    child = subprocess.Popen(words, env=environ, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_ready(url: str, child: subprocess.Popen[bytes], seconds: float = READY_SECONDS) -> float:
    """Waits until `url` answers 200; returns the seconds that it took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if child.poll() is not None:
            raise RuntimeError(f"{child.args!r} ended with status {child.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return time.monotonic() - began
        except OSError:
            pass
        time.sleep(0.01)
    raise RuntimeError(f"{url} was not ready within {seconds:g} s")


def resident(child: subprocess.Popen[bytes]) -> float:
    """Memory that the process holds, in MB (10^6 bytes)."""
    pages = int(Path(f"/proc/{child.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
