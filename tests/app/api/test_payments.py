"""What a payment provider may do to a checkout, and a process that dies in the middle of one."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import msgspec
import pytest

from shop.api import checkout, reservations
from shop.api.app import Api
from shop.api.payments import sign
from shop.common.settings import Settings
from tests.app.conftest import Serve, new_guest, sql
from tests.app.running import BUYER, process, until

QUICK = {"payment_seconds": 0.3}


def _buy(api: httpx.Client, who: dict[str, str], payment: str, key: str = "the-only-key") -> httpx.Response:
    headers = {**who, "Idempotency-Key": key}
    return api.post("/api/orders", json={**BUYER, "payment": payment}, headers=headers)


def _tents(api: httpx.Client, who: dict[str, str], pieces: int = 2) -> None:
    assert api.post("/api/cart/items", json={"product": "ridge-tent", "quantity": pieces}, headers=who).is_success


def _stock(api: httpx.Client) -> int:
    return int(api.get("/api/products/ridge-tent").json()["stock"])


def _expire(database: str) -> int:
    """One look at the reservations, as every process has every few seconds."""
    api = Api(Settings(database_url=database))

    async def look() -> int:
        try:
            return await reservations.expire(api.database, api.provider)
        finally:
            await api.database.close()

    return asyncio.run(look())


def _state(api: httpx.Client, who: dict[str, str], number: str) -> str:
    return str(api.get(f"/api/orders/{number}", headers=who).json()["state"])


def test_a_declined_payment_sells_nothing_and_leaves_the_cart(api: httpx.Client, guest: dict[str, str]) -> None:
    _tents(api, guest)
    refused = _buy(api, guest, "test-decline")
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (402, "payment_declined")
    assert _state(api, guest, error["order"]) == "payment_failed"
    assert _stock(api) == 9
    assert api.get("/api/cart", headers=guest).json()["count"] == 2
    again = _buy(api, guest, "test-decline")
    assert (again.status_code, again.content) == (402, refused.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert _buy(api, guest, "test-ok", key="another-card").status_code == 201


def test_a_provider_that_never_answers_leaves_it_pending_until_the_reservation_ends(
    serve: Serve, database: str
) -> None:
    api = serve("api", database_url=database, **QUICK)
    guest = new_guest(api)
    _tents(api, guest)
    waiting = _buy(api, guest, "test-timeout")
    order = waiting.json()
    assert (waiting.status_code, order["state"]) == (202, "pending")
    assert order["reserved_until"] > order["created_at"]
    assert _buy(api, guest, "test-timeout").content == waiting.content
    assert (_stock(api), _expire(database)) == (7, 0)
    sql(database, "UPDATE orders SET reserved_until = 1")
    assert (_expire(database), _expire(database)) == (1, 0)
    assert (_state(api, guest, order["number"]), _stock(api)) == ("expired", 9)


def test_two_processes_that_end_one_reservation_give_its_pieces_back_once(serve: Serve, database: str) -> None:
    api = serve("api", database_url=database, **QUICK)
    guest = new_guest(api)
    _tents(api, guest)
    _buy(api, guest, "test-timeout")
    sql(database, "UPDATE orders SET reserved_until = 1")
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: _expire(database), range(4))) == 1
    assert _stock(api) == 9


def test_a_provider_that_calls_back_late_has_the_order_paid(serve: Serve, database: str) -> None:
    api = serve("api", database_url=database, **QUICK)
    guest = new_guest(api)
    _tents(api, guest)
    number = _buy(api, guest, "test-late").json()["number"]
    assert until(lambda: _state(api, guest, number) == "paid")
    assert _stock(api) == 7


def test_a_provider_that_calls_back_twice_sells_once(api: httpx.Client, guest: dict[str, str], database: str) -> None:
    _tents(api, guest)
    order = _buy(api, guest, "test-twice").json()
    for _ in range(2):
        assert _call_back(api, database, order["number"], "paid").status_code == 204
    assert (_state(api, guest, order["number"]), _stock(api)) == ("paid", 7)
    # Nor does a "declined" that comes after it undo what was paid.
    assert _call_back(api, database, order["number"], "declined").status_code == 204
    assert (_state(api, guest, order["number"]), _stock(api)) == ("paid", 7)


def test_money_that_comes_for_an_order_that_is_over_goes_back(serve: Serve, database: str) -> None:
    api = serve("api", database_url=database, **QUICK)
    guest = new_guest(api)
    _tents(api, guest)
    number = _buy(api, guest, "test-late").json()["number"]
    assert api.post(f"/api/orders/{number}/cancel", headers=guest).status_code == 200
    assert until(lambda: sql(database, "SELECT state FROM test_charges") == [("refunded",)])
    assert (_state(api, guest, number), _stock(api)) == ("cancelled", 9)


def _call_back(api: httpx.Client, database: str, number: str, outcome: str, signature: str = "") -> httpx.Response:
    body = msgspec.json.encode({"reference": number, "outcome": outcome})
    ours = Api(Settings(database_url=database))

    async def signed() -> str:
        try:
            return await sign(ours.tokens, body)
        finally:
            await ours.database.close()

    headers = {"X-Payment-Signature": signature or asyncio.run(signed())}
    return api.post("/api/payments/callback", content=body, headers=headers)


def test_only_the_provider_can_say_that_something_was_paid(serve: Serve, database: str) -> None:
    api = serve("api", database_url=database, **QUICK)
    guest = new_guest(api)
    _tents(api, guest)
    number = _buy(api, guest, "test-timeout").json()["number"]
    for forged in ("0" * 64, "x"):
        assert _call_back(api, database, number, "paid", forged).status_code == 403
    assert _state(api, guest, number) == "pending"


def test_the_same_key_while_it_is_worked_on_is_told_to_wait(serve: Serve, database: str) -> None:
    shops = [serve("api", database_url=database, payment_seconds=1.5) for _ in range(2)]
    guest = new_guest(shops[0])
    _tents(shops[0], guest)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(_buy, shops[0], guest, "test-timeout")
        until(lambda: sql(database, "SELECT 1 FROM checkouts"))
        second = _buy(shops[1], guest, "test-timeout")
        assert (second.status_code, second.json()["error"]["code"]) == (409, "in_flight")
        other = _buy(shops[1], guest, "test-ok")
        assert (other.status_code, other.json()["error"]["code"]) == (422, "key_reused")
        assert first.result().status_code == 202
    assert _buy(shops[1], guest, "test-timeout").content == first.result().content


def _killed_in_the_middle(database: str) -> tuple[dict[str, str], str]:
    """A guest whose checkout a process did not survive, and the order's number."""
    environ = {"DATABASE_URL": database, "PAYMENT_SECONDS": "25", "RATE_LIMITS": "off"}
    with process("serve", "api", environ=environ) as (child, address), httpx.Client(base_url=address) as dying:
        guest = new_guest(dying)
        _tents(dying, guest)
        with ThreadPoolExecutor(1) as pool:
            lost: Any = pool.submit(_buy, dying, guest, "test-timeout")
            number = until(lambda: sql(database, "SELECT number FROM orders"))[0][0]
            os.kill(child.pid, signal.SIGKILL)
            with pytest.raises(httpx.TransportError):
                lost.result()
    return guest, str(number)


def test_a_process_killed_in_the_middle_of_a_checkout_leaves_one_that_the_same_key_finishes(
    serve: Serve, database: str
) -> None:
    guest, number = _killed_in_the_middle(database)
    api = serve("api", database_url=database, **QUICK)
    assert (_state(api, guest, number), _stock(api)) == ("pending", 7)
    assert _buy(api, guest, "test-timeout").json()["error"]["code"] == "in_flight"
    sql(database, f"UPDATE checkouts SET locked_until = {int(time.time()) - checkout.LEASE_SECONDS}")
    finished = _buy(api, guest, "test-timeout")
    assert (finished.status_code, finished.json()["number"]) == (202, number)
    assert (sql(database, "SELECT count(*) FROM orders"), _stock(api)) == ([(1,)], 7)
    # Had the charge gone through before the kill, the end of the reservation would find it paid.
    sql(database, f"INSERT INTO test_charges VALUES ('{number}', 1, 'charged')")
    sql(database, "UPDATE orders SET reserved_until = 1")
    assert (_expire(database), _state(api, guest, number)) == (0, "paid")
