"""The first two commands of the README, as whoever cloned the repository types them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests import reaper
from tests.e2e.shop import clone
from tests.e2e.shopper import ADDRESS, Shopper
from tests.tool import environ

pytestmark = pytest.mark.slow


class Clone:
    """A fresh clone, a shell in it, and a place for the shop's data."""

    def __init__(self, folder: Path) -> None:
        self.root = clone(folder)
        self.data = folder / "data"
        reaper.watch(self.data)

    def type(self, line: str) -> str:
        """A line in a shell there; what it printed."""
        left_out = {name: "" for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "VIRTUAL_ENV")}
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.root,
            env=environ(left_out | {"XDG_DATA_HOME": str(self.data)}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Clone]:
    made = Clone(tmp_path)
    yield made
    made.type("make down")


def test_one_command_and_the_shop_sells_also_after_a_restart(fresh: Clone) -> None:
    lines = fresh.type("make up").splitlines()
    assert re.fullmatch(r"installed in \d+ s, \d+ MB in \.venv", lines[2]), lines
    address, login, *commands = lines[-5:]
    assert login == "log in as demo@shop.example with the password demo-shop"
    status, logs, down = (command.removeprefix("next: ").strip() for command in commands)
    assert "healthy" in fresh.type(status)
    assert "api" in fresh.type(logs.replace("--follow", ""))

    shopper = Shopper(address.rstrip("/"))
    order = shopper.buy()
    assert ADDRESS["name"] in shopper.visit(order)
    before = requests.get(f"{address}/version", timeout=5).json()
    fresh.type(".venv/bin/cloudnorth restart")
    assert requests.get(f"{address}/version", timeout=5).json()["started"] != before["started"]
    assert ADDRESS["name"] in shopper.visit(order)
    assert order.rpartition("/")[2] in shopper.visit("/orders")

    assert f"The data stays in {fresh.data}" in " ".join(fresh.type(down).split())
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=5)
    again = fresh.type("make up").splitlines()
    assert not any(line.startswith("installed") for line in again)
    assert ADDRESS["name"] in shopper.visit(order)
