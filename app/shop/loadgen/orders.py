"""After the run: every order that was acknowledged is there, once, and no checkout became two."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

from shop.loadgen.shop import Target
from shop.loadgen.shoppers import Shopper

AT_ONCE = 8


@dataclass
class Orders:
    """Orders that a 201 acknowledged; of those the ones found afterwards and the ones lost; orders beyond one for each
    checkout that was sent; shoppers whose orders could not be read."""

    acknowledged: int = 0
    found: int = 0
    lost: int = 0
    twice: int = 0
    unread: int = 0


async def check(http: aiohttp.ClientSession, shoppers: list[Shopper]) -> Orders:
    """Asks the shop for the orders of everybody who tried to check out."""
    orders = Orders()
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(shopper: Shopper) -> None:
        orders.acknowledged += len(shopper.orders)
        async with gate:
            listed = await _listed(http, shopper)
        if listed is None:
            orders.unread += 1
            return
        found = sum(listed.count(number) > 0 for number in shopper.orders)
        orders.found += found
        orders.lost += len(shopper.orders) - found
        orders.twice += max(0, len(listed) - shopper.keys)

    await asyncio.gather(*(ask(shopper) for shopper in shoppers if shopper.keys))
    return orders


async def _listed(http: aiohttp.ClientSession, shopper: Shopper) -> list[Any] | None:
    try:
        async with http.get("/api/orders", headers={"Authorization": f"Bearer {shopper.token}"}) as answer:
            if answer.status != 200:
                return None
            return [order.get("number") for order in Target.read(await answer.read()).get("orders", [])]
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None
