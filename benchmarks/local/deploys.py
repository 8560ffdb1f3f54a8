"""Seconds from `cloudnorth deploy` to the new release answering, and to the tool's end."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks.timing import table
from tests.e2e.shop import Shop
from tests.tool import PROGRAM, environ

ROOT = Path(__file__).resolve().parents[2]
STOREFRONT = "app/shop/storefront/view.py"
BOTH = "app/shop/common/health.py"
LOCK = "app/requirements.lock"
RUNS = 5


@dataclass(frozen=True)
class Took:
    """Seconds of one change."""

    answering: float
    """Until a request at the front was answered by the new release."""
    ended: float
    """Until the tool had ended: the old processes are drained and gone."""


def measure(shop: Shop) -> None:
    """Print the tables."""
    first = shop.run("deploy")
    assert first.status == 0, first.out + first.err
    address = str(first.result["address"])
    unchanged = [_unchanged(shop) for _ in range(RUNS)]
    storefront = [_changed(shop, STOREFRONT, f"{address}/version") for _ in range(RUNS)]
    both = [_changed(shop, BOTH, f"{address}/api/version") for _ in range(RUNS)]
    cached = [_changed(shop, LOCK, f"{address}/api/version") for _ in range(2)]
    with tempfile.TemporaryDirectory() as empty:
        fetched = [_changed(shop, LOCK, f"{address}/api/version", UV_CACHE_DIR=empty)]
    told = {
        "a line of the storefront": storefront,
        "a line of both services": both,
        "a dependency, packages cached": cached,
        "a dependency, nothing cached": fetched,
    }
    table(
        "From `cloudnorth deploy` to the new release answering",
        {"nothing changed": unchanged} | {name: [each.answering for each in took] for name, took in told.items()},
    )
    table(
        "… and to the end of the tool, the old release drained and gone",
        {name: [each.ended for each in took] for name, took in told.items()},
    )
    table("Back and anew", {"rollback": _verb(shop, "rollback", 3), "restart": _verb(shop, "restart", 3)})
    _watched(shop, f"{address}/version")


def _unchanged(shop: Shop) -> float:
    began = time.monotonic()
    ran = shop.run("deploy")
    assert ran.result["outcome"] == "unchanged", ran.out
    return time.monotonic() - began


def _verb(shop: Shop, verb: str, runs: int) -> list[float]:
    times = []
    for _ in range(runs):
        began = time.monotonic()
        ran = shop.run(verb)
        assert ran.status == 0, ran.out + ran.err
        times.append(time.monotonic() - began)
        if verb == "rollback":
            shop.run("deploy", "--no-hold")  # so that there is something to go back from
    return times


def _changed(shop: Shop, file: str, address: str, **extra: str) -> Took:
    """Change a line, deploy, and look all the while who answers."""
    change(shop.root / file)
    shop.extra.update(extra)
    with Answering(address) as answering:
        began = time.monotonic()
        ran = shop.run("deploy")
        ended = time.monotonic()
    for name in extra:
        shop.extra.pop(name)
    assert ran.status == 0, ran.out + ran.err
    return Took(answering.moment - began, ended - began)


def change(path: Path) -> None:
    path.write_text(f"{path.read_text()}# {time.monotonic_ns()}\n")


class Answering:
    """Asks until another release answers than at first; `moment` is when.

    patient: where it stops answering in between (what is replaced in place), it is asked on.
    """

    def __init__(self, address: str, *, patient: bool = False) -> None:
        self.address, self.patient, self.moment = address, patient, 0.0

    def __enter__(self) -> Answering:
        self._before = self._release()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _release(self) -> str:
        try:
            return str(requests.get(self.address, timeout=10).json()["release"])
        except requests.RequestException:
            if not self.patient:
                raise
            return self._before

    def _look(self) -> None:
        end = time.monotonic() + 300
        while self._release() == self._before:
            assert time.monotonic() < end, f"{self.address} goes on answering {self._before}"
            time.sleep(0.02)
        self.moment = time.monotonic()


def _watched(shop: Shop, address: str) -> None:
    """From a saved file to the new release answering, with `deploy --watch`."""
    words = [*PROGRAM, "deploy", "--watch", "--env", shop.environment, "-o", "json"]
    with subprocess.Popen(
        words, cwd=shop.root, env=environ(shop.extra) | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    ) as tool:
        assert tool.stdout is not None
        released: Callable[[], bool] = lambda: any(json.loads(line)["event"] == "watched" for line in tool.stdout or ())  # noqa: E731
        try:
            assert released()
            times: dict[str, list[float]] = {}
            for name, file, where in (
                ("a line of the storefront", STOREFRONT, address),
                ("a line of both services", BOTH, address.replace("/version", "/api/version")),
            ):
                for _ in range(RUNS):
                    with Answering(where) as answering:
                        began = time.monotonic()
                        change(shop.root / file)
                    times.setdefault(name, []).append(answering.moment - began)
                    assert released()
        finally:
            os.kill(tool.pid, 2)
    table("`deploy --watch`: from a saved file to the new release answering", times, bounds="bound: 2 s")
