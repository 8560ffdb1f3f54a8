"""Cart, checkout, payment, cancelling and ending as a state machine.

Whatever two shoppers do in whatever order, no piece is sold twice or lost, and each sees what a small model says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from shop.api import reservations
from shop.api.app import Api, create
from shop.api.payments import Outcome, TestProvider
from shop.common.lifecycle import Lifecycle
from shop.common.settings import Settings
from tests.app.conftest import new_guest, sql
from tests.app.running import BUYER, serving

STOCK = {"ridge-tent": 9, "plain-camera": 6}
"""What the demonstration has of the two products that the machine deals in."""

SHOPPERS = st.sampled_from([0, 1])
PRODUCTS = st.sampled_from(sorted(STOCK))
PAYMENTS = st.sampled_from(["test-ok", "test-ok", "test-twice", "test-decline", "test-timeout"])


class Machine(RuleBasedStateMachine):
    """Two guests over one API; `cart`, `orders` and `stock` are what should be."""

    url: str
    api: httpx.Client

    def __init__(self) -> None:
        super().__init__()
        for table in ("order_items", "orders", "checkouts", "test_charges", "cart_items"):
            sql(self.url, f"DELETE FROM {table}")
        for product, stock in STOCK.items():
            sql(self.url, f"UPDATE products SET stock = {stock} WHERE slug = '{product}'")
        self.who = [new_guest(self.api), new_guest(self.api)]
        self.cart: list[dict[str, int]] = [{}, {}]
        self.orders: dict[str, dict[str, Any]] = {}
        self.stock = dict(STOCK)
        self.keys: list[tuple[int, str, str, httpx.Response]] = []

    @rule(shopper=SHOPPERS, product=PRODUCTS, quantity=st.integers(1, 5))
    def add(self, shopper: int, product: str, quantity: int) -> None:
        body = {"product": product, "quantity": quantity}
        answer = self.api.post("/api/cart/items", json=body, headers=self.who[shopper])
        wanted = self.cart[shopper].get(product, 0) + quantity
        if wanted <= self.stock[product]:
            self.cart[shopper][product] = wanted
            assert answer.status_code == 200
        else:
            assert (answer.status_code, answer.json()["error"]["available"]) == (409, self.stock[product])

    @rule(shopper=SHOPPERS, product=PRODUCTS, quantity=st.integers(0, 3))
    def put(self, shopper: int, product: str, quantity: int) -> None:
        path = f"/api/cart/items/{product}"
        answer = self.api.put(path, json={"quantity": quantity}, headers=self.who[shopper])
        if quantity and quantity > self.stock[product]:
            # A line that already is so stays as it is; any other is refused.
            assert answer.status_code == (200 if self.cart[shopper].get(product) == quantity else 409)
            return
        assert answer.status_code == 200
        self.cart[shopper].pop(product, None)
        if quantity:
            self.cart[shopper][product] = quantity

    @rule(shopper=SHOPPERS, payment=PAYMENTS)
    def buy(self, shopper: int, payment: str) -> None:
        key = f"key-number-{len(self.keys)}"
        answer = self._buy(shopper, key, payment)
        cart = self.cart[shopper]
        if not cart or any(quantity > self.stock[product] for product, quantity in cart.items()):
            assert answer.status_code == 409
            assert answer.json()["error"]["code"] == ("out_of_stock" if cart else "empty_cart")
            return
        self.keys.append((shopper, key, payment, answer))
        if payment == "test-decline":
            assert answer.status_code == 402
            return
        assert answer.status_code == (202 if payment == "test-timeout" else 201)
        for product, quantity in cart.items():
            self.stock[product] -= quantity
        state = answer.json()["state"]
        self.orders[answer.json()["number"]] = {"shopper": shopper, "items": dict(cart), "state": state}
        cart.clear()

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def buy_again_with_an_old_key(self, data: st.DataObject) -> None:
        shopper, key, payment, answer = data.draw(st.sampled_from(self.keys))
        again = self._buy(shopper, key, payment)
        assert (again.status_code, again.content) == (answer.status_code, answer.content)
        assert self._buy(shopper, key, "test-other").status_code == 422

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.orders)))
        order = self.orders[number]
        answer = self.api.post(f"/api/orders/{number}/cancel", headers=self.who[order["shopper"]])
        assert self.api.post(f"/api/orders/{number}/cancel", headers=self.who[1 - order["shopper"]]).status_code == 404
        if order["state"] in ("pending", "paid"):
            assert answer.status_code == 200
            self._over(order, "cancelled")
        else:
            assert answer.status_code == 409

    @rule()
    def time_goes_by(self) -> None:
        sql(self.url, "UPDATE orders SET reserved_until = 1 WHERE reserved_until IS NOT NULL")
        asyncio.run(_expire(self.url))
        for order in self.orders.values():
            if order["state"] == "pending":
                self._over(order, "expired")

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        for product, stock in self.stock.items():
            assert self.api.get(f"/api/products/{product}").json()["stock"] == stock
        for shopper, who in enumerate(self.who):
            cart = self.api.get("/api/cart", headers=who).json()
            assert {item["slug"]: item["quantity"] for item in cart["items"]} == self.cart[shopper]
            told = self.api.get("/api/orders", headers=who).json()["orders"]
            mine = {number: order["state"] for number, order in self.orders.items() if order["shopper"] == shopper}
            assert {one["number"]: one["state"] for one in told if one["state"] != "payment_failed"} == mine

    def _buy(self, shopper: int, key: str, payment: str) -> httpx.Response:
        headers = {**self.who[shopper], "Idempotency-Key": key}
        return self.api.post("/api/orders", json={**BUYER, "payment": payment}, headers=headers)

    def _over(self, order: dict[str, Any], state: str) -> None:
        order["state"] = state
        for product, quantity in order["items"].items():
            self.stock[product] += quantity


async def _expire(url: str) -> None:
    api = Api(Settings(database_url=url))
    try:
        await reservations.expire(api.database, api.provider)
    finally:
        await api.database.close()


@pytest.fixture
def machine(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Machine]]:
    """The machine over a running API; a provider that does not answer is given up at once."""
    charge = TestProvider.charge

    async def quick(provider: TestProvider, reference: str, cents: int, means: str) -> Outcome:
        if means == "test-timeout":
            raise TimeoutError
        return await charge(provider, reference, cents, means)

    monkeypatch.setattr(TestProvider, "charge", quick)
    with ExitStack() as stack:
        chosen = Settings(service="api", database_url=database, cache_seconds=0, rate_limits=False)
        client = stack.enter_context(serving(create(chosen, Lifecycle())))
        yield type("Machine", (Machine,), {"url": database, "api": client})


def _run(machine: type[Machine], examples: int, steps: int) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)


def test_whatever_two_shoppers_do_no_piece_is_lost_or_sold_twice(machine: type[Machine]) -> None:
    _run(machine, 5, 15)


@pytest.mark.repeat
def test_whatever_two_shoppers_do_for_long_no_piece_is_lost_or_sold_twice(machine: type[Machine]) -> None:
    _run(machine, 100, 40)
