"""Who may ask what: one table over all routes, and every route that takes an id refuses the id of somebody else."""

import re
from dataclasses import dataclass

import httpx
import pytest

from shop.api.app import Api
from shop.api.operations import Operation, Who
from shop.common.settings import Settings
from tests.app.conftest import Serve, bearer, logged_in, new_guest, new_user, sql
from tests.app.running import BUYER

EVERY = Api(Settings(version=3)).operations()
"""What version 3, which can do most, can be asked."""

WITH_AN_ID = [operation for operation in EVERY if "{" in operation.path]

BODIES: dict[str, object] = {
    "/api/cart/items": {"product": "harbour-mug"},
    "/api/cart/items/{slug}": {"quantity": 1},
    "/api/orders": BUYER,
    "/api/register": {"email": "x@y.example", "name": "X", "password": "long enough"},
    "/api/login": {"email": "x@y.example", "password": "wrong"},
    "/api/refresh": {"refresh_token": "none"},
    "/api/password": {"current": "wrong", "new": "long enough"},
    "/api/payments/callback": {"reference": "CN-00000-00000", "outcome": "paid"},
    "/api/staff/products": {"slug": "x"},
    "/api/staff/products/{slug}": {"hue": 1},
    "/api/staff/orders/{number}/state": {"state": "shipped"},
}


@dataclass
class Shop:
    """A running shop with an order of Ada's, and the headers of everybody who may come."""

    api: httpx.Client
    number: str
    visitors: dict[str, dict[str, str]]

    def ask(self, operation: Operation, visitor: str) -> httpx.Response:
        path = operation.path.replace("{slug}", "ridge-tent").replace("{number}", self.number)
        headers = {**self.visitors[visitor], "Idempotency-Key": "key-of-a-test"}
        body = BODIES.get(operation.path)
        return self.api.request(operation.method, path, json=body, headers=headers)


@pytest.fixture
def shop(serve: Serve, database: str) -> Shop:
    api = serve("api", database_url=database, version=3)
    guest = new_guest(api)
    api.post("/api/cart/items", json={"product": "ridge-tent"}, headers=guest)
    number = api.post("/api/orders", json=BUYER, headers={**guest, "Idempotency-Key": "key-number-1"}).json()["number"]
    account = {"email": "ada@shop.example", "name": "Ada", "password": "correct horse"}
    api.post("/api/register", json=account)
    owner = logged_in(api, account["email"], account["password"], guest).json()
    ended = new_user(api, "gone@shop.example")
    api.post("/api/logout", headers=bearer(ended))
    visitors = {
        "nobody": {},
        "a guest": new_guest(api),
        "the guest that the owner was": guest,
        "another user": bearer(new_user(api, "bob@shop.example")),
        "a user who logged out": bearer(ended),
        "the owner": bearer(owner),
        "staff": bearer(logged_in(api, "staff@shop.example", "staff-shop").json()),
    }
    return Shop(api, str(number), visitors)


def test_every_route_refuses_who_may_not_ask(shop: Shop) -> None:
    """Who nobody knows is 401 before anything else is looked at; who is known but not staff is 403."""
    for operation in EVERY:
        for visitor in ("nobody", "a user who logged out"):
            refused = shop.ask(operation, visitor).status_code == 401
            known = operation.path in ("/api/login", "/api/refresh")  # These say 401 of what was typed.
            assert known or refused is (operation.who is not Who.ANYONE), (operation.path, visitor)
        for visitor in ("a guest", "another user"):
            answer = shop.ask(operation, visitor)
            if operation.who is Who.STAFF:
                assert answer.status_code == (401 if visitor == "a guest" else 403), operation.path
            if operation.who is Who.USER and visitor == "a guest":
                assert answer.status_code == 401, operation.path
        if operation.path.startswith("/api/logout") or operation.path == "/api/password":
            shop.visitors["another user"] = bearer(logged_in(shop.api, "bob@shop.example", "correct horse").json())


def test_every_route_with_an_orders_number_gives_it_to_its_owner_alone(shop: Shop, database: str) -> None:
    for operation in WITH_AN_ID:
        if "{number}" not in operation.path or operation.who is Who.STAFF:
            continue
        for visitor in ("a guest", "the guest that the owner was", "another user", "staff"):
            refused = shop.ask(operation, visitor)
            there_is_none = shop.api.request(
                operation.method, operation.path.replace("{number}", "CN-00000-00000"), headers=shop.visitors[visitor]
            )
            assert refused.status_code == there_is_none.status_code == 404, (operation.path, visitor)
            assert _said(refused) == _said(there_is_none)
    assert sql(database, "SELECT state FROM orders") == [("paid",)]
    assert shop.api.get("/api/orders", headers=shop.visitors["staff"]).json()["orders"] == []
    for path in ("/api/orders/{number}", "/api/orders/{number}/cancel"):
        operation = next(one for one in EVERY if one.path == path)
        assert shop.ask(operation, "the owner").status_code == 200


def _said(answer: httpx.Response) -> dict[str, str]:
    return {name: text for name, text in answer.json()["error"].items() if name != "request_id"}


def test_every_route_with_an_id_is_of_a_kind_that_is_tested_here() -> None:
    """A new kind of id would need its own line above."""
    names = {name for operation in WITH_AN_ID for name in re.findall(r"\{(\w+)\}", operation.path)}
    assert names == {"slug", "number"}
    # A slug names a product, which is everybody's to read; the cart it may be in is always the asker's own.
    slugs = {operation.path for operation in WITH_AN_ID if "{slug}" in operation.path}
    assert slugs == {"/api/products/{slug}", "/api/cart/items/{slug}", "/api/staff/products/{slug}"}


def test_a_method_that_is_none_is_told_all_that_are(shop: Shop) -> None:
    for path in {operation.path for operation in EVERY}:
        wrong = shop.api.delete(path.replace("{slug}", "ridge-tent").replace("{number}", shop.number))
        can = {operation.method for operation in EVERY if operation.path == path}
        assert wrong.status_code == 405
        assert set(wrong.headers["Allow"].split(", ")) - {"HEAD"} == can, path
    head = shop.api.head("/api/products/ridge-tent")
    assert (head.status_code, head.content) == (200, b"")
