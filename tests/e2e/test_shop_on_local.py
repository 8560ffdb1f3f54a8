"""The road on one's own machine: deployed, bought in, restarted, and the order is still there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.e2e.shop import Shop, on_this_machine, remove
from tests.e2e.shopper import ADDRESS, Shopper

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = on_this_machine(tmp_path, port=8600)
    yield shop
    remove(shop)


def test_an_order_survives_a_restart(shop: Shop) -> None:
    deployed = shop.run("deploy")
    assert deployed.status == 0, deployed.out + deployed.err
    address = str(deployed.result["address"]).rstrip("/")
    shopper = Shopper(address)
    order = shopper.buy()
    assert ADDRESS["name"] in shopper.visit(order)
    before = requests.get(address + "/version", timeout=5).json()

    restarted = shop.run("restart")
    assert restarted.status == 0, restarted.out + restarted.err
    assert requests.get(address + "/version", timeout=5).json()["started"] != before["started"]
    assert ADDRESS["name"] in shopper.visit(order)
    assert order.rpartition("/")[2] in shopper.visit("/orders")
