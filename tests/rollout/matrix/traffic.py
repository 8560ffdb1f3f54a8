"""Requests at a fixed rate to every Service of the matrix, whether or not the last one was answered (open loop)."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field

PER_SECOND = 5
PATIENCE = 10.0
"""Seconds for one answer: the machine is busy, and slow is not lost."""


@dataclass
class Asked:
    """What became of the requests to one address."""

    answered: int = 0
    failed: list[str] = field(default_factory=list)
    open: int = 0


class Traffic:
    """One thread that asks all targets, each on new connections."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._targets: dict[str, tuple[str, Asked]] = {}
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._asking = asyncio.run_coroutine_threadsafe(self._ask_all(), self._loop)

    def begin(self, lane: str, address: str) -> Asked:
        asked = Asked()
        self._targets[lane] = (address, asked)
        return asked

    def end(self, lane: str) -> Asked:
        """Stop asking, and wait for what is on its way."""
        _, asked = self._targets.pop(lane)
        until = time.monotonic() + PATIENCE
        while asked.open and time.monotonic() < until:
            time.sleep(0.05)
        return asked

    def close(self) -> None:
        self._asking.cancel()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _ask_all(self) -> None:
        while True:
            began = self._loop.time()
            for address, asked in list(self._targets.values()):
                asked.open += 1
                self._loop.create_task(self._ask(address, asked))
            await asyncio.sleep(max(0.0, began + 1 / PER_SECOND - self._loop.time()))

    async def _ask(self, address: str, asked: Asked) -> None:
        try:
            answer = await asyncio.wait_for(_get(address), PATIENCE)
            if answer.startswith(b"HTTP/1.1 200"):
                asked.answered += 1
            else:
                asked.failed.append(answer[:60].decode(errors="replace") or "an empty answer")
        except (OSError, TimeoutError) as error:
            asked.failed.append(repr(error))
        finally:
            asked.open -= 1


async def _get(address: str) -> bytes:
    reader, writer = await asyncio.open_connection(address, 80)
    try:
        writer.write(f"GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        return await reader.read()
    finally:
        writer.close()
