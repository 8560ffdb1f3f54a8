"""How a build step runs: said before, timed, its output in a log, its result put in place in one move."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.settings import cache_dir

LOG_TAIL_LINES = 20
STILL_SECONDS = 30


def say(line: str) -> None:
    """Show one line at once; on stderr, so that `status` can keep stdout to itself."""
    print(f"lab: {line}", file=sys.stderr, flush=True)


def tail(log: Path, lines: int = LOG_TAIL_LINES) -> str:
    """The last lines of a log, indented; says so when there is none."""
    try:
        text = log.read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        text = []
    return "\n".join(f"    {line}" for line in text) or "    (no log)"


def run(argv: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    """Run a program with its output appended to `log`; LabError with the log's end when it fails.

    It ends with us, even if we are killed: two builds must not write to one place. Every half minute a line says
    that it still runs.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in argv]
    started = time.monotonic()
    with log.open("ab") as out:
        out.write(f"$ {' '.join(words)}\n".encode())
        out.flush()
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *words],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **(env or {})}, cwd=cwd,
        )  # fmt: skip
        while (code := _wait(process)) is None:
            say(f"... {time.monotonic() - started:.0f} s: {shlex.join(words)[:60]}, log: {log}")
    if code:
        raise LabError(f"{words[0]} failed with {code}; the end of {log}:\n{tail(log)}")


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(STILL_SECONDS)
    except subprocess.TimeoutExpired:
        return None


@contextmanager
def made_once(target: Path, what: str, expect: str = "") -> Iterator[Path | None]:
    """Yield a fresh folder to fill, which becomes `target` when the block ends well; None when `target` is there.

    Two builders of one target wait for each other by a lock that the kernel drops with its holder; a killed build
    leaves a `.part` folder that the next one deletes. `expect` says how long it takes, for whoever waits.
    """
    if target.exists():
        yield None
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.exists():
            yield None
            return
        part = target.with_name(target.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        say(f"building {what}{f' ({expect})' if expect else ''}")
        started = time.monotonic()
        yield part
        part.rename(target)
        say(f"built {what} in {time.monotonic() - started:.0f} s")


def log_dir() -> Path:
    """Where build logs go."""
    return cache_dir() / "log"
