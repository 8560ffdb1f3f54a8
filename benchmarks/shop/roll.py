"""Both processes of a service replaced under load, behind a balancer that learns of an end only 3 s later."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks.shop.processes import free_port, running, wait_ready
from benchmarks.shop.servers import APP, shop_environ

LATE_SECONDS = 3.0
"""From a process's signal to end until the balancer stops choosing it."""

RATE = 250
SECONDS = 18
REPLICAS = 2


@dataclass
class Balancer:
    """Gives each new connection to the next of `backends` (ports of this machine); what is open stays where it is."""

    backends: list[int] = field(default_factory=list)
    port: int = 0
    _turn: int = 0

    async def serve(self, stop: asyncio.Event) -> None:
        """Balances until `stop`."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            await stop.wait()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._turn += 1
        try:
            behind = await asyncio.open_connection("127.0.0.1", self.backends[self._turn % len(self.backends)])
        except OSError:
            # As a balancer without retries: whoever came is sent away.
            writer.close()
            return
        await asyncio.gather(_pass(reader, behind[1]), _pass(behind[0], writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()


@contextmanager
def balancing() -> Iterator[Balancer]:
    """A balancer in a thread of its own."""
    balancer, loop, stop = Balancer(), asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(balancer.serve(stop),))
    thread.start()
    _until(lambda: balancer.port)
    try:
        yield balancer
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@dataclass(frozen=True)
class Rolled:
    """Requests that were sent, those that failed or were dropped or answered later than in 5 s, and by release."""

    requests: int
    failed: int
    releases: dict[str, int]
    told: dict[str, Any]


def roll(database: str, drain_seconds: int, rate: float = RATE, seconds: float = SECONDS) -> Rolled:
    """Replaces two processes of release `old` by two of release `new`, one after the other, under `shop loadgen`."""
    with ExitStack() as stack:
        balancer = stack.enter_context(balancing())
        old = [stack.enter_context(_api(database, "old", drain_seconds)) for _ in range(REPLICAS)]
        balancer.backends = [port for _, port in old]
        load = stack.enter_context(_load(balancer.port, rate, seconds))
        for child, port in old:
            _, new = stack.enter_context(_api(database, "new", drain_seconds))
            balancer.backends = [*balancer.backends, new]
            child.send_signal(signal.SIGTERM)
            time.sleep(LATE_SECONDS)
            balancer.backends = [other for other in balancer.backends if other != port]
            child.wait(60)
        said, _ = load.communicate(timeout=seconds + 60)
    told = json.loads(said)
    counted = told["requests"]
    releases = {one["release"]: one["requests"] for one in told["releases"]}
    return Rolled(counted["due"], counted["failed"] + counted["dropped"], releases, told)


@contextmanager
def _api(database: str, release: str, drain_seconds: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    environ = {**shop_environ(database), "RELEASE": release, "DRAIN_SECONDS": str(drain_seconds)}
    words = [sys.executable, "-m", "shop", "serve", "api", "--port", str(port)]
    with running(words, environ, cwd=APP) as child:
        wait_ready(f"http://127.0.0.1:{port}/readyz", child)
        yield child, port


@contextmanager
def _load(port: int, rate: float, seconds: float) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-m", "shop", "loadgen", "--url", f"http://127.0.0.1:{port}", "--json"]
    words += ["--rate", f"{rate:g}", "--seconds", f"{seconds:g}", "--timeout", "5"]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(APP)}
    child = subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        time.sleep(2)
        yield child
    finally:
        child.kill()
        child.wait()


def _until(look: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not look():
        if time.monotonic() > end:
            raise RuntimeError("the balancer did not start")
        time.sleep(0.01)
