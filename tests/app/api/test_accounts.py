"""Logging in, and what a guest brings along."""

import httpx

from tests.app.conftest import new_guest
from tests.app.running import BUYER, DEMO


def _log_in(api: httpx.Client, headers: dict[str, str] | None = None) -> dict[str, str]:
    answer = api.post("/api/login", json=DEMO, headers=headers or {})
    assert answer.status_code == 200
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def test_the_demonstration_user_can_log_in(api: httpx.Client) -> None:
    me = api.get("/api/me", headers=_log_in(api)).json()["user"]
    assert (me["email"], me["name"]) == ("demo@shop.example", "Robin Demo")


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(api: httpx.Client) -> None:
    wrong = api.post("/api/login", json={**DEMO, "password": "guess"})
    unknown = api.post("/api/login", json={**DEMO, "email": "nobody@shop.example"})
    for answer in (wrong, unknown):
        answer.json()["error"].pop("request_id")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["error"]["message"] == unknown.json()["error"]["message"]


def test_a_guests_cart_and_orders_follow_into_the_account(api: httpx.Client) -> None:
    guest = new_guest(api)
    api.post("/api/cart/items", json={"product": "ridge-tent", "quantity": 2}, headers=guest)
    number = api.post("/api/orders", json=BUYER, headers={**guest, "Idempotency-Key": "guest-order"}).json()["number"]
    api.post("/api/cart/items", json={"product": "harbour-mug", "quantity": 2}, headers=guest)
    user = _log_in(api, guest)
    assert api.get("/api/cart", headers=user).json()["count"] == 2
    assert [order["number"] for order in api.get("/api/orders", headers=user).json()["orders"]] == [number]
    assert api.get(f"/api/orders/{number}", headers=guest).status_code == 404


def test_logging_in_twice_brings_the_cart_along_once_and_never_more_than_there_is(api: httpx.Client) -> None:
    api.post("/api/cart/items", json={"product": "ridge-tent", "quantity": 6}, headers=_log_in(api))
    guest = new_guest(api)
    api.post("/api/cart/items", json={"product": "ridge-tent", "quantity": 6}, headers=guest)
    _log_in(api, guest)
    user = _log_in(api, guest)
    assert api.get("/api/cart", headers=user).json()["count"] == 9
    assert api.get("/api/cart", headers=guest).json()["count"] == 0


def test_a_login_with_an_old_token_is_just_a_login(api: httpx.Client) -> None:
    assert _log_in(api, {"Authorization": "Bearer stale"})


def test_no_answer_ever_holds_the_password_or_its_hash(api: httpx.Client) -> None:
    answer = api.post("/api/login", json=DEMO)
    for text in (answer.text, api.get("/api/me", headers=_log_in(api)).text):
        assert DEMO["password"] not in text.replace(DEMO["email"], "")
        assert "argon2" not in text
