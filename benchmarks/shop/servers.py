"""The two sides: the shop's API with all that it does for a request, and the Express reference."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shop.processes import free_port, pinned, running, wait_ready

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
KEY = "a key of a benchmark, no secret at all"  # both sides read the same tokens
CORE = 0
"""Of the server that is measured; the load, and the database if it is a server, have the other one."""


@dataclass(frozen=True)
class Server:
    """A side that runs, and how long it took to be ready."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    ready_seconds: float


def shop_environ(database: str) -> dict[str, str]:
    """What every command of the shop is told here."""
    return {"PYTHONPATH": str(APP), "DATABASE_URL": database, "JWT_KEY": KEY}


def run_shop(*words: str, database: str) -> None:
    """One command of the shop, to its end."""
    environ = {"PATH": os.environ["PATH"], **shop_environ(database)}
    subprocess.run([sys.executable, "-m", "shop", *words], env=environ, check=True, capture_output=True)


@contextmanager
def shop(database: str, cache_seconds: int = 0) -> Iterator[Server]:
    """The shop's API: access lines and metrics on, nothing turned off."""
    port = free_port()
    words = pinned(CORE, sys.executable, "-m", "shop", "serve", "api", "--port", str(port))
    settings = {"CACHE_SECONDS": str(cache_seconds), "METRICS_PORT": str(free_port()), "DRAIN_SECONDS": "0"}
    with running(words, {**shop_environ(database), **settings}, cwd=APP) as child:
        url = f"http://127.0.0.1:{port}"
        yield Server("shop", url, child, wait_ready(f"{url}/readyz", child))


@contextmanager
def servers_of(folder: Path, database: str, cache_seconds: int) -> Iterator[list[Server]]:
    """Both sides at once; the one that is not asked has next to nothing to do."""
    with shop(database, cache_seconds) as ours, express(folder, database, cache_seconds) as theirs:
        yield [ours, theirs]


@contextmanager
def express(folder: Path, database: str, cache_seconds: int = 0) -> Iterator[Server]:
    """The reference."""
    port = free_port()
    settings = {"NODE_ENV": "production", "PORT": str(port), "CACHE_SECONDS": str(cache_seconds)}
    environ = {**settings, "DATABASE_URL": database, "JWT_KEY": KEY}
    with running(pinned(CORE, "node", "server.js"), environ, cwd=folder) as child:
        url = f"http://127.0.0.1:{port}"
        yield Server("express", url, child, wait_ready(f"{url}/readyz", child))
