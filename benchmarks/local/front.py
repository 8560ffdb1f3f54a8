"""What Caddy in front costs: the same requests at the same rate, straight to a process and through the front."""

from __future__ import annotations

import asyncio
import re
import statistics
import time

from tests.e2e.shop import Shop

RATE = 200.0
"""Requests a second, open loop: each leaves at its time."""
SECONDS = 8.0
ROUNDS = 3
REQUESTS = round(RATE * SECONDS * ROUNDS)
"""Through the front."""
PATH = "/livez"


def measure(shop: Shop) -> None:
    """Print latencies of the storefront's process and of the front, taken in turn."""
    status = shop.run("status").result["status"][0]
    detail = next(pod["detail"] for pod in status["pods"] if pod["service"] == "storefront")
    port = int(re.findall(r"port (\d+)", detail)[0])
    front = int(status["address"].rpartition(":")[2])
    times: dict[str, list[float]] = {"the process itself": [], "through the front": []}
    for _ in range(ROUNDS):
        for name, asked in zip(times, (port, front), strict=True):
            times[name] += asyncio.run(_load(asked))
    print(f"\nWhat the front costs: GET {PATH} at {RATE:.0f} a second, kept-alive connections")
    base = statistics.median(times["the process itself"])
    for name, found in times.items():
        ordered = sorted(found)
        median, late = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
        more = f"  {(median - base) * 1000:+.2f} ms" if median != base else ""
        print(f"  {name:44} median {median * 1000:6.2f} ms  p99 {late * 1000:7.2f} ms  n={len(found)}{more}")


async def _load(port: int) -> list[float]:
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    times: list[float] = []

    async def one() -> None:
        reader, writer = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
        began = time.monotonic()
        writer.write(f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b" 200 " in head.splitlines()[0], head
        await reader.readexactly(int(re.findall(rb"content-length: (\d+)", head)[0]))
        times.append(time.monotonic() - began)
        idle.append((reader, writer))

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(round(RATE * SECONDS)):
            await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
            group.create_task(one())
    for _, writer in idle:
        writer.close()
    return times
