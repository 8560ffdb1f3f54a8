"""A shopper's cart."""

import time

import httpx
import jwt
import pytest

from tests.app.conftest import new_guest, sql

MUG = {"product": "harbour-mug", "quantity": 2}


def test_the_same_product_twice_adds_up(api: httpx.Client, guest: dict[str, str]) -> None:
    api.post("/api/cart/items", json=MUG, headers=guest)
    cart = api.post("/api/cart/items", json=MUG, headers=guest).json()
    assert [(item["slug"], item["quantity"]) for item in cart["items"]] == [("harbour-mug", 4)]
    assert (cart["count"], cart["total_cents"]) == (4, 4 * 1900)
    assert api.get("/api/me", headers=guest).json() == {"user": None, "cart_count": 4}


def test_a_quantity_of_nothing_takes_the_product_out(api: httpx.Client, guest: dict[str, str]) -> None:
    api.post("/api/cart/items", json=MUG, headers=guest)
    cart = api.put("/api/cart/items/harbour-mug", json={"quantity": 0}, headers=guest).json()
    assert cart["items"] == []


def test_a_cart_never_holds_more_than_there_is(api: httpx.Client, guest: dict[str, str]) -> None:
    assert api.post("/api/cart/items", json={"product": "ridge-tent", "quantity": 9}, headers=guest).is_success
    refused = api.post("/api/cart/items", json={"product": "ridge-tent"}, headers=guest)
    assert refused.status_code == 409
    error = refused.json()["error"]
    assert (error["code"], error["product"], error["available"]) == ("out_of_stock", "ridge-tent", 9)
    assert api.get("/api/cart", headers=guest).json()["count"] == 9


def test_two_shoppers_never_see_each_others_cart(api: httpx.Client, guest: dict[str, str]) -> None:
    api.post("/api/cart/items", json=MUG, headers=guest)
    assert api.get("/api/cart", headers=new_guest(api)).json()["items"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"product": 7}', 422),
        (b'{"product": "harbour-mug", "quantity": 0}', 422),
        (b'{"product": "harbour-mug", "quantity": 100}', 422),
        (b'{"product": "unicorn"}', 404),
    ],
)
def test_what_cannot_be_added_is_refused(api: httpx.Client, guest: dict[str, str], body: bytes, status: int) -> None:
    answer = api.post("/api/cart/items", content=body, headers=guest)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def _signed(key: str, **claims: object) -> str:
    now = int(time.time())
    return jwt.encode({"sub": "user:1", "iat": now, "exp": now + 60, "jti": "x", **claims}, key, "HS256")


def test_only_a_token_of_ours_that_is_not_too_old_opens_a_cart(api: httpx.Client, database: str) -> None:
    key = str(sql(database, "SELECT secret FROM signing_keys")[0][0])
    unsigned = jwt.encode({"sub": "user:1", "exp": 2**33, "iat": 0, "jti": "x"}, "", "none")
    bad = {
        "nothing": "",
        "another scheme": "Basic dXNlcjE6eA==",
        "no token at all": "Bearer x.y.z",
        "not signed": f"Bearer {unsigned}",
        "signed by somebody else": f"Bearer {_signed('k' * 32)}",
        "too old": f"Bearer {_signed(key, exp=int(time.time()) - 3600)}",
        "without an end": f"Bearer {jwt.encode({'sub': 'user:1', 'iat': 0, 'jti': 'x'}, key, 'HS256')}",
    }
    for kind, authorization in bad.items():
        answer = api.get("/api/cart", headers={"Authorization": authorization} if authorization else {})
        assert (kind, answer.status_code) == (kind, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    ours = {"Authorization": f"Bearer {_signed(key, sub='guest:7')}"}
    assert api.get("/api/cart", headers=ours).status_code == 200
