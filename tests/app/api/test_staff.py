"""The staff's side: what they change, what is written down of it, and that nobody else may."""

import httpx
import pytest

from tests.app.conftest import Serve, bearer, logged_in, new_user, sql
from tests.app.running import BUYER, until

NEW = {
    "slug": "dale-stool",
    "name": "Dale stool",
    "summary": "Three legs.",
    "description": "Beech.",
    "category": "home",
    "price_cents": 8900,
    "stock": 4,
    "picture": "chair",
    "hue": 30,
}


def _log(api: httpx.Client, staff: dict[str, str]) -> list[dict[str, object]]:
    return list(api.get("/api/staff/audit", headers=staff).json()["entries"])


def test_a_new_product_is_on_sale_and_the_log_says_who_brought_it(api: httpx.Client, staff: dict[str, str]) -> None:
    headers = {**staff, "X-Request-Id": "request-of-sam"}
    made = api.post("/api/staff/products", json=NEW, headers=headers)
    assert (made.status_code, made.json()) == (201, {**NEW, "active": True})
    assert api.get("/api/products/dale-stool").json() == NEW
    entry = _log(api, staff)[0]
    assert (entry["who"], entry["action"], entry["subject"]) == ("staff@shop.example", "product.create", "dale-stool")
    assert (entry["before"], entry["after"], entry["request_id"]) == ({}, NEW, "request-of-sam")
    again = api.post("/api/staff/products", json=NEW, headers=staff)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "exists")
    assert len(_log(api, staff)) == 1


def test_a_change_is_logged_with_what_was_and_what_became(api: httpx.Client, staff: dict[str, str]) -> None:
    path = "/api/staff/products/ridge-tent"
    changed = api.patch(path, json={"price_cents": 29900, "stock_change": 5, "hue": 12}, headers=staff).json()
    assert (changed["price_cents"], changed["stock"], changed["hue"]) == (29900, 14, 12)
    assert api.get("/api/products/ridge-tent").json()["price_cents"] == 29900
    entry = _log(api, staff)[0]
    assert set(entry["after"]) == {"price_cents", "stock", "hue"}  # type: ignore[call-overload]
    assert entry["before"]["stock"] == 9  # type: ignore[index]
    # What changes nothing is no change.
    assert api.patch(path, json={"price_cents": 29900}, headers=staff).status_code == 200
    assert api.patch(path, json={}, headers=staff).status_code == 200
    assert len(_log(api, staff)) == 1


def test_more_pieces_than_there_are_cannot_go(api: httpx.Client, staff: dict[str, str]) -> None:
    path = "/api/staff/products/ridge-tent"
    refused = api.patch(path, json={"stock_change": -10, "price_cents": 1}, headers=staff)
    assert (refused.status_code, refused.json()["error"]["available"]) == (409, 9)
    assert api.get("/api/products/ridge-tent").json()["price_cents"] == 32900
    assert _log(api, staff) == []
    assert api.patch(path, json={"stock_change": -9}, headers=staff).json()["stock"] == 0


@pytest.mark.parametrize(
    "wrong",
    [{"price_cents": -1}, {"category": "nowhere"}, {"hue": 360}, {"name": ""}, {"price": 5}, {"active": "yes"}],
)
def test_a_change_that_cannot_be_is_refused(api: httpx.Client, staff: dict[str, str], wrong: dict[str, object]) -> None:
    refused = api.patch("/api/staff/products/ridge-tent", json=wrong, headers=staff)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid")


def test_the_list_has_what_is_off_sale_and_finds_by_name(api: httpx.Client, staff: dict[str, str]) -> None:
    api.patch("/api/staff/products/ridge-tent", json={"active": False}, headers=staff)
    found = api.get("/api/staff/products", params={"q": "Ridge"}, headers=staff).json()["products"]
    assert [(product["slug"], product["active"]) for product in found] == [("ridge-tent", False)]
    assert api.get("/api/staff/products", params={"q": "%"}, headers=staff).json()["products"] == []
    page = api.get("/api/staff/products", params={"limit": 5}, headers=staff).json()
    assert (len(page["products"]), page["next"] is not None) == (5, True)


def test_an_order_goes_through_its_states_and_only_forward(
    api: httpx.Client, staff: dict[str, str], guest: dict[str, str]
) -> None:
    api.post("/api/cart/items", json={"product": "ridge-tent", "quantity": 2}, headers=guest)
    key = {"Idempotency-Key": "key-number-1"}
    number = api.post("/api/orders", json=BUYER, headers={**guest, **key}).json()["number"]

    def move(state: str) -> int:
        return api.post(f"/api/staff/orders/{number}/state", json={"state": state}, headers=staff).status_code

    assert [move(state) for state in ("delivered", "shipped", "shipped", "cancelled", "delivered")] == [
        *(409, 200, 409, 409, 200),
    ]
    assert api.get(f"/api/orders/{number}", headers=guest).json()["state"] == "delivered"
    assert api.post(f"/api/orders/{number}/cancel", headers=guest).status_code == 409
    assert [entry["after"] for entry in _log(api, staff)] == [{"state": "delivered"}, {"state": "shipped"}]
    listed = api.get("/api/staff/orders", params={"state": "delivered"}, headers=staff).json()["orders"]
    assert [(order["number"], order["email"]) for order in listed] == [(number, BUYER["email"])]
    assert api.get("/api/staff/orders", params={"state": "paid"}, headers=staff).json()["orders"] == []


def test_who_is_staff_is_asked_of_the_database_each_time(api: httpx.Client, database: str) -> None:
    login = new_user(api, "new@shop.example")
    assert api.get("/api/staff/audit", headers=bearer(login)).json()["error"]["code"] == "staff_only"
    sql(database, "UPDATE users SET role = 'staff' WHERE email = 'new@shop.example'")
    assert api.get("/api/staff/audit", headers=bearer(login)).status_code == 200
    sql(database, "UPDATE users SET role = 'customer' WHERE email = 'new@shop.example'")
    assert api.get("/api/staff/audit", headers=bearer(login)).status_code == 403


def test_a_change_shows_at_once_here_and_within_a_second_elsewhere(serve: Serve, database: str) -> None:
    here, there = (serve("api", database_url=database, cache_seconds=1) for _ in range(2))
    staff = bearer(logged_in(here, "staff@shop.example", "staff-shop").json())
    path = "/api/products/ridge-tent"
    first = there.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=1"
    assert there.get(path, headers={"If-None-Match": f'"x", W/{first.headers["ETag"]}'}).status_code == 304
    assert here.get(path).headers["ETag"] == first.headers["ETag"]
    here.patch("/api/staff/products/ridge-tent", json={"price_cents": 100}, headers=staff)
    assert here.get(path).json()["price_cents"] == 100
    assert until(lambda: there.get(path).json()["price_cents"] == 100, 5)
    assert there.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
