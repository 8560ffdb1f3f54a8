"""From a cart to an order, once."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.app.conftest import Serve, new_guest, sql
from tests.app.running import BUYER


def _add(api: httpx.Client, who: dict[str, str], product: str, quantity: int = 1) -> None:
    answer = api.post("/api/cart/items", json={"product": product, "quantity": quantity}, headers=who)
    assert answer.status_code == 200, answer.text


def _buy(api: httpx.Client, who: dict[str, str], key: str = "first-try", **buyer: str) -> httpx.Response:
    return api.post("/api/orders", json={**BUYER, **buyer}, headers={**who, "Idempotency-Key": key})


def _stock(api: httpx.Client, product: str) -> int:
    return int(api.get(f"/api/products/{product}").json()["stock"])


def test_an_order_takes_the_stock_and_empties_the_cart(api: httpx.Client, guest: dict[str, str]) -> None:
    _add(api, guest, "ridge-tent", 2)
    _add(api, guest, "harbour-mug")
    made = _buy(api, guest, gift_note="Happy birthday")
    assert made.status_code == 201
    order = made.json()
    assert order["total_cents"] == 2 * 32900 + 1900
    assert order["gift_note"] == "Happy birthday"
    assert [(item["slug"], item["quantity"]) for item in order["items"]] == [("harbour-mug", 1), ("ridge-tent", 2)]
    assert api.get(f"/api/orders/{order['number']}", headers=guest).json() == order
    assert [one["number"] for one in api.get("/api/orders", headers=guest).json()["orders"]] == [order["number"]]
    assert api.get("/api/cart", headers=guest).json()["items"] == []
    assert (_stock(api, "ridge-tent"), _stock(api, "harbour-mug")) == (7, 119)


def test_the_same_key_gives_the_same_order_and_takes_nothing_twice(api: httpx.Client, guest: dict[str, str]) -> None:
    _add(api, guest, "ridge-tent", 2)
    first = _buy(api, guest)
    _add(api, guest, "ridge-tent", 3)
    again = _buy(api, guest)
    assert again.status_code == 201
    assert again.json() == first.json()
    assert (first.headers["Idempotency-Replayed"], again.headers["Idempotency-Replayed"]) == ("false", "true")
    assert _stock(api, "ridge-tent") == 7
    assert api.get("/api/cart", headers=guest).json()["count"] == 3


def test_the_same_key_for_another_buyer_is_refused(api: httpx.Client, guest: dict[str, str]) -> None:
    _add(api, guest, "ridge-tent")
    _buy(api, guest)
    refused = _buy(api, guest, name="Somebody Else")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "key_reused")


def test_a_click_that_came_twenty_times_at_once_is_one_order(api: httpx.Client, guest: dict[str, str]) -> None:
    _add(api, guest, "ridge-tent", 2)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: _buy(api, guest), range(20)))
    made = [answer for answer in answers if answer.status_code == 201]
    told = {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409}
    assert len(made) + sum(answer.status_code == 409 for answer in answers) == 20
    assert told <= {"in_flight"}
    assert {answer.text for answer in made} == {_buy(api, guest).text}
    assert sum(answer.headers["Idempotency-Replayed"] == "false" for answer in made) == 1
    assert _stock(api, "ridge-tent") == 7


def test_one_cart_checked_out_twice_at_once_is_sold_once(api: httpx.Client, guest: dict[str, str]) -> None:
    _add(api, guest, "ridge-tent", 2)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: _buy(api, guest, key=f"key-number-{number}"), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert _stock(api, "ridge-tent") == 7


def test_two_hundred_buyers_want_the_last_ten_pieces(serve: Serve, database: str) -> None:
    # Two processes' worth of API on one database: what holds is the database, not a lock in our memory.
    shops = [serve("api", database_url=database), serve("api", database_url=database)]
    sql(database, "UPDATE products SET stock = 10 WHERE slug = 'plain-camera'")
    buyers = [(shops[number % 2], new_guest(shops[0])) for number in range(200)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda buyer: _add(*buyer, "plain-camera"), buyers))
        answers = list(pool.map(lambda buyer: _buy(*buyer), buyers))
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409] * 190
    assert {a.json()["error"]["code"] for a in answers if a.status_code == 409} == {"out_of_stock"}
    assert _stock(shops[0], "plain-camera") == 0
    assert sql(database, "SELECT count(*), sum(quantity) FROM order_items") == [(10, 10)]


def test_an_order_that_cannot_be_whole_changes_nothing(api: httpx.Client, guest: dict[str, str], database: str) -> None:
    _add(api, guest, "harbour-mug", 3)
    _add(api, guest, "ridge-tent", 2)
    sql(database, "UPDATE products SET stock = 1 WHERE slug = 'ridge-tent'")
    refused = _buy(api, guest)
    assert refused.status_code == 409
    assert refused.json()["error"]["available"] == 1
    assert (_stock(api, "harbour-mug"), _stock(api, "ridge-tent")) == (120, 1)
    assert api.get("/api/cart", headers=guest).json()["count"] == 5
    assert api.get("/api/orders", headers=guest).json() == {"orders": [], "next": None}


def test_an_empty_cart_cannot_be_bought(api: httpx.Client, guest: dict[str, str]) -> None:
    refused = _buy(api, guest)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "empty_cart")


def test_a_later_price_changes_no_order(api: httpx.Client, guest: dict[str, str], database: str) -> None:
    _add(api, guest, "ridge-tent")
    number = _buy(api, guest).json()["number"]
    sql(database, "UPDATE products SET price_cents = 1, name = 'Cheap tent' WHERE slug = 'ridge-tent'")
    order = api.get(f"/api/orders/{number}", headers=guest).json()
    assert order["total_cents"] == 32900
    assert [(item["name"], item["price_cents"]) for item in order["items"]] == [("Ridge tent", 32900)]


def test_nobody_reads_somebody_elses_order(api: httpx.Client, guest: dict[str, str]) -> None:
    _add(api, guest, "ridge-tent")
    number = _buy(api, guest).json()["number"]
    stranger = new_guest(api)
    assert api.get(f"/api/orders/{number}", headers=stranger).status_code == 404
    assert api.get("/api/orders", headers=stranger).json() == {"orders": [], "next": None}
    assert api.get(f"/api/orders/{number}").status_code == 401


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"name": "  "}, "name"),
        ({"address": ""}, "address"),
        ({"email": "nobody"}, "email"),
        ({"address": "x" * 501}, "address"),
        ({"gift_note": "x" * 301}, "gift_note"),
    ],
)
def test_a_buyer_that_cannot_be_is_refused_by_name(
    api: httpx.Client, guest: dict[str, str], wrong: dict[str, str], named: str
) -> None:
    _add(api, guest, "ridge-tent")
    refused = _buy(api, guest, **wrong)
    assert refused.status_code == 422
    assert named in refused.json()["error"]["message"]


def test_a_checkout_without_a_key_is_refused(api: httpx.Client, guest: dict[str, str]) -> None:
    refused = api.post("/api/orders", json=BUYER, headers=guest)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "key_missing")


def test_text_in_any_script_comes_back_as_it_was_written(api: httpx.Client, guest: dict[str, str]) -> None:
    _add(api, guest, "ridge-tent")
    order = _buy(api, guest, name="Zoë 北 🏔", gift_note="Ünïcödé '; DROP TABLE orders; --").json()
    assert (order["name"], order["gift_note"]) == ("Zoë 北 🏔", "Ünïcödé '; DROP TABLE orders; --")


def test_a_paid_order_that_is_cancelled_gives_pieces_and_money_back_once(
    api: httpx.Client, guest: dict[str, str], database: str
) -> None:
    _add(api, guest, "ridge-tent", 2)
    order = _buy(api, guest).json()
    assert (order["state"], order["cancellable"]) == ("paid", True)
    cancelled = api.post(f"/api/orders/{order['number']}/cancel", headers=guest)
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert not cancelled.json()["cancellable"]
    again = api.post(f"/api/orders/{order['number']}/cancel", headers=guest)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "not_cancellable")
    assert _stock(api, "ridge-tent") == 9
    assert sql(database, "SELECT state FROM test_charges") == [("refunded",)]
    # The key still tells what was answered then.
    assert _buy(api, guest).json() == order


def test_an_order_cancelled_ten_times_at_once_gives_its_pieces_back_once(
    api: httpx.Client, guest: dict[str, str]
) -> None:
    _add(api, guest, "ridge-tent", 3)
    number = _buy(api, guest).json()["number"]
    with ThreadPoolExecutor(10) as pool:
        ended = list(pool.map(lambda _: api.post(f"/api/orders/{number}/cancel", headers=guest), range(10)))
    assert sorted(answer.status_code for answer in ended) == [200] + [409] * 9
    assert _stock(api, "ridge-tent") == 9


def test_orders_are_walked_by_pages_newest_first(api: httpx.Client, guest: dict[str, str]) -> None:
    made = []
    for number in range(5):
        _add(api, guest, "harbour-mug")
        made.append(_buy(api, guest, key=f"key-number-{number}").json()["number"])
    walked: list[str] = []
    query: dict[str, str | int] = {"limit": 2}
    while "after" not in query or query["after"]:
        page = api.get("/api/orders", params=query, headers=guest).json()
        walked += [order["number"] for order in page["orders"]]
        query["after"] = page["next"]
    assert walked == made[::-1]
    assert api.get("/api/orders?after=CN-00000-00000", headers=guest).json() == {"orders": [], "next": None}
    assert api.get("/api/orders?after=x", headers=guest).status_code == 422


def test_a_product_that_is_no_longer_on_sale_cannot_be_bought(
    api: httpx.Client, guest: dict[str, str], database: str
) -> None:
    _add(api, guest, "ridge-tent")
    sql(database, "UPDATE products SET active = 0 WHERE slug = 'ridge-tent'")
    refused = _buy(api, guest)
    assert (refused.status_code, refused.json()["error"]["available"]) == (409, 0)
    add = api.post("/api/cart/items", json={"product": "ridge-tent"}, headers=guest)
    assert add.status_code == 404


def test_a_body_that_is_too_long_is_refused(api: httpx.Client, guest: dict[str, str]) -> None:
    headers = {**guest, "Idempotency-Key": "key-number-1"}
    assert api.post("/api/orders", content=b"x" * 70_000, headers=headers).status_code == 413
