"""Open-loop load: requests leave at their times whether or not earlier ones were answered; nothing is tried twice.

The slow ones are POSTs, which nobody on the way (Caddy, Go's transport) sends a second time either.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

DEADLINE = 15.0
"""Seconds after which an answer counts as failed."""


@dataclass
class Load:
    """A steady stream of requests over kept-alive connections from a thread of its own.

    Every tenth is a POST whose answer takes `slow` seconds.
    """

    port: int
    rate: float
    slow: float = 1.0
    good: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    _idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    def __enter__(self) -> Load:
        self._end = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._send()))
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._end.set()
        self._thread.join()

    async def _send(self) -> None:
        began, sent = time.monotonic(), 0
        under_way: set[asyncio.Task[None]] = set()
        while not self._end.is_set():
            await asyncio.sleep(max(0.0, began + sent / self.rate - time.monotonic()))
            task = asyncio.create_task(self._one(f"POST /?wait={self.slow}" if sent % 10 == 0 else "GET /"))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            sent += 1
        await asyncio.gather(*under_way)
        for _, writer in self._idle:
            writer.close()

    async def _one(self, wanted: str) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                reader, writer = (
                    self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self.port)
                )
                writer.write(f"{wanted} HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n".encode())
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next(line for line in head.lower().splitlines() if line.startswith("content-length:"))
                body = await reader.readexactly(int(length.partition(":")[2]))
        except (OSError, EOFError, TimeoutError, StopIteration) as error:
            self.failed[type(error).__name__] += 1
            return
        if " 200 " not in head.splitlines()[0]:
            self.failed[head.splitlines()[0]] += 1
            return
        self.good += 1
        self.texts[json.loads(body)["text"]] += 1
        self._idle.append((reader, writer))
