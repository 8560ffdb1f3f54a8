"""Open-loop load from a process of its own: requests leave at their times whether or not earlier ones were answered.

Nothing is tried twice. The slow ones are POSTs, which nobody on the way (Caddy, Go's transport) sends a second time
either. A request that could not be sent in time counts as failed, and so does an answer that comes late: both are
measured from when it should have left.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

LATE = 5.0
"""Seconds that an answer may take beyond what the service was asked to take. It is no latency bound: the tests run on
machines that do other work, and Caddy waits as long for a process that comes back."""
DROPPED = 1.0
"""Seconds after its time at which a request that has not left counts as failed."""


@dataclass
class Load:
    """A steady stream of requests over kept-alive connections, within `with`; the counts are there afterwards."""

    port: int
    rate: float
    """Requests a second."""
    slow: float = 1.0
    """Seconds that slow answers take."""
    every: int = 10
    """Each so many-th request is a slow one."""
    good: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    spans: list[tuple[float, float]] = field(default_factory=list)
    """When each left and was answered, by the machine's monotonic clock."""

    def __enter__(self) -> Load:
        words = [str(each) for each in (self.port, self.rate, self.slow, self.every)]
        self._process = subprocess.Popen(
            [sys.executable, __file__, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "begun\n"
        return self

    def __exit__(self, *_: Any) -> None:
        told, _ = self._process.communicate()
        found = json.loads(told)
        self.good, self.spans = found["good"], [tuple(each) for each in found["spans"]]
        self.failed, self.texts = Counter(found["failed"]), Counter(found["texts"])

    @property
    def sent(self) -> int:
        return self.good + sum(self.failed.values())

    def overlapping(self, moment: float) -> int:
        """Requests that were under way then."""
        return sum(began < moment < ended for began, ended in self.spans)


@dataclass
class _Sender:
    port: int
    rate: float
    slow: float
    every: int
    good: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    spans: list[tuple[float, float]] = field(default_factory=list)
    _idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def send(self) -> None:
        ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        began, number = time.monotonic(), 0
        under_way: set[asyncio.Task[None]] = set()
        while not ended.done():
            due = began + number / self.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.create_task(self._one(due, self.slow if number % self.every == 0 else 0.0))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            number += 1
        await asyncio.gather(*under_way)
        for _, writer in self._idle:
            writer.close()

    async def _one(self, due: float, takes: float) -> None:
        if time.monotonic() - due > DROPPED:
            self.failed["dropped"] += 1
            return
        wanted = f"POST /?wait={takes}" if takes else "GET /"
        try:
            async with asyncio.timeout_at(due + takes + LATE):
                reader, writer = (
                    self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self.port)
                )
                writer.write(f"{wanted} HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n".encode())
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next(line for line in head.lower().splitlines() if line.startswith("content-length:"))
                body = await reader.readexactly(int(length.partition(":")[2]))
        except TimeoutError:
            self.failed["late"] += 1
            return
        except (OSError, EOFError, StopIteration) as error:
            self.failed[type(error).__name__] += 1
            return
        if " 200 " not in head.splitlines()[0]:
            self.failed[head.splitlines()[0]] += 1
            return
        self.good += 1
        self.spans.append((due, time.monotonic()))
        self.texts[json.loads(body)["text"]] += 1
        self._idle.append((reader, writer))


def main(port: int, rate: float, slow: float, every: int) -> None:
    sender = _Sender(port, rate, slow, every)
    print("begun", flush=True)
    asyncio.run(sender.send())
    found = {"good": sender.good, "failed": sender.failed, "texts": sender.texts, "spans": sender.spans}
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
