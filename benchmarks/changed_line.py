"""From a changed line in `app/` to the new release answering, on `local` and in the lab."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests

from benchmarks.timing import table
from tests.e2e import shop as shops

RUNS = 3
LINE = "app/shop/common/health.py"


def changed(shop: shops.Shop, address: str) -> float:
    """Seconds from a changed line until /version tells another release; the deploy has to succeed."""
    before = release(address)
    path = shop.root / LINE
    path.write_text(path.read_text() + f"# {time.monotonic_ns()}\n")
    started = time.monotonic()
    ran = shop.run("deploy")
    assert ran.status == 0, ran.out + ran.err
    took = time.monotonic() - started
    assert release(address) != before
    return took


def release(address: str) -> str:
    return str(requests.get(f"{address}/version", timeout=10).json()["release"])


def measure(shop: shops.Shop, address: Callable[[], str]) -> list[float]:
    try:
        first = shop.run("deploy")
        assert first.status == 0, first.out + first.err
        where = address()
        return [changed(shop, where) for _ in range(RUNS)]
    finally:
        shops.remove(shop)


def main() -> None:
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        local = shops.on_this_machine(Path(folder), 18765)
        times["local"] = measure(local, lambda: str(local.run("status").result["status"][0]["address"]))
    with tempfile.TemporaryDirectory() as folder:
        lab = shops.in_the_lab(Path(folder))
        times["lab (2 pods of each service)"] = measure(lab, lambda: lab.service("api", 8080))
    table("From a changed line in app/ to the new release verified (both services change)", times)


if __name__ == "__main__":
    main()
