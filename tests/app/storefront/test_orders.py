"""What becomes of an order, as its buyer and as the staff see it."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.app.conftest import Serve
from tests.app.running import BUYER, DEMO
from tests.app.storefront.conftest import buy, field

STAFF = {"email": "staff@shop.example", "password": "staff-shop"}


def _state(page: httpx.Response) -> list[str]:
    return re.findall(r'class="badge (\w+)"', page.text)


@pytest.fixture
def staff(browser: httpx.Client) -> httpx.Client:
    """A browser in which staff is logged in, after somebody has bought a lantern."""
    browser.post("/cart/add", data={"product": "camp-lantern"})
    buy(browser)
    browser.cookies.clear()
    browser.post("/login", data=STAFF)
    return browser


def test_a_declined_card_leaves_everything_as_it_was_and_another_one_pays(browser: httpx.Client) -> None:
    browser.post("/cart/add", data={"product": "camp-lantern", "quantity": "2"})
    declined = buy(browser, payment="test-decline")
    assert (declined.status_code, "The card was declined." in declined.text) == (402, True)
    assert 'value="Ada Nord"' in declined.text
    paid = browser.post("/checkout", data={**BUYER, "key": field(declined, "key"), "payment": "test-ok"})
    assert (_state(paid), "Thank you, Ada Nord." in paid.text) == (["paid"], True)
    assert _state(browser.get("/orders")) == ["paid", "payment_failed"]


def test_a_payment_without_an_answer_is_waited_for_and_then_expires(serve: Serve, sqlite_database: str) -> None:
    api = serve("api", database_url=sqlite_database, payment_seconds=0.2)
    browser = serve("storefront", api=str(api.base_url).rstrip("/"))
    browser.follow_redirects = True
    browser.post("/cart/add", data={"product": "camp-lantern"})
    page = buy(browser, payment="test-timeout")
    assert ("Waiting for your bank" in page.text, _state(page)) == (True, ["pending"])
    # Without JavaScript the browser asks again by itself.
    assert '<noscript><meta http-equiv="refresh"' in page.text
    assert 'data-poll="3"' in page.text


def test_an_order_is_cancelled_while_it_can_be(browser: httpx.Client) -> None:
    browser.post("/cart/add", data={"product": "camp-lantern"})
    page = buy(browser)
    path = page.url.path
    assert "Yes, cancel it" in page.text
    cancelled = browser.post(f"{path}/cancel")
    assert _state(cancelled) == ["cancelled"]
    assert "Yes, cancel it" not in cancelled.text
    late = browser.post(f"{path}/cancel")
    assert (late.status_code, _state(late)) in [(200, ["cancelled"]), (409, ["cancelled"])]


def test_somebody_elses_order_is_not_there(browser: httpx.Client) -> None:
    browser.post("/cart/add", data={"product": "camp-lantern"})
    path = buy(browser).url.path
    browser.cookies.clear()
    assert browser.get(path).status_code == 404
    browser.post("/login", data=DEMO)
    assert browser.get(path).status_code == 404
    assert browser.post(f"{path}/cancel").status_code == 404


def test_the_orders_of_a_guest_come_into_the_account(browser: httpx.Client) -> None:
    browser.post("/cart/add", data={"product": "camp-lantern"})
    number = buy(browser).url.path.rpartition("/")[2]
    browser.post("/login", data=DEMO)
    assert number in browser.get("/orders").text


def test_the_search_finds_by_the_beginning_of_a_word(browser: httpx.Client) -> None:
    assert "Camp lantern" in browser.get("/search", params={"q": "lan"}).text
    assert "Nothing found." in browser.get("/search", params={"q": "submarine"}).text
    assert "Camp lantern" not in browser.get("/search", params={"q": "lan", "category": "desk"}).text
    assert browser.get("/search", params={"q": "<b>", "after": "x"}).status_code in (404, 422)


@pytest.mark.parametrize(
    "path", ["/staff", "/staff/products", "/staff/products/new", "/staff/products/brass-pen", "/staff/audit"]
)
def test_the_back_room_is_for_staff(browser: httpx.Client, path: str) -> None:
    assert browser.get(path).url.path == "/login"
    browser.post("/login", data=DEMO)
    shut = browser.get(path)
    assert (shut.status_code, "for the shop's staff only" in shut.text.replace("&#39;", "'")) == (403, True)
    assert browser.post("/staff/products/brass-pen", data={"price": "1", "hue": "0"}).status_code == 403


def test_staff_sends_an_order_and_it_can_no_longer_be_cancelled(staff: httpx.Client) -> None:
    (path,) = set(re.findall(r'href="(/staff/orders/[^"]+)"', staff.get("/staff").text))
    assert _state(staff.post(path, data={"state": "shipped"})) == ["shipped"]
    refused = staff.post(path, data={"state": "cancelled"})
    assert (refused.status_code, "not possible any more" in refused.text) == (409, True)
    assert path not in staff.get("/staff", params={"state": "paid"}).text
    assert path in staff.get("/staff", params={"state": "shipped"}).text


def test_staff_changes_price_and_stock_and_the_log_says_who(staff: httpx.Client) -> None:
    page = staff.get("/staff/products/brass-pen")
    kept = {name: field(page, name) for name in ("name", "summary")}
    kept |= {"category": "desk", "picture": "pen", "hue": "45", "active": "on"}
    saved = staff.post("/staff/products/brass-pen", data={**kept, "price": "41,5", "stock_change": "-2"})
    assert "Saved." in saved.text
    assert "$41.50" in staff.get("/product/brass-pen").text
    log = staff.get("/staff/audit").text
    assert STAFF["email"] in log
    assert re.search(r"<del>\$[\d.]+</del> → <ins>\$41\.50</ins>", log)
    assert saved.history[0].headers["X-Request-Id"] in log
    refused = staff.post("/staff/products/brass-pen", data={**kept, "price": "41.50", "stock_change": "-5000"})
    assert (refused.status_code, "Not saved" in refused.text) == (409, True)
    for price in ("free", "-1", "1.234"):
        assert staff.post("/staff/products/brass-pen", data={**kept, "price": price}).status_code == 422
    assert "$41.50" in staff.get("/product/brass-pen").text


def test_staff_adds_a_product_and_takes_it_off_sale(staff: httpx.Client) -> None:
    new = {"slug": "moor-hat", "name": "Moor hat", "summary": "Warm.", "description": "A hat.", "category": "outdoors"}
    new |= {"price": "20", "stock": "4", "picture": "parcel", "hue": "210"}
    assert "Saved." in staff.post("/staff/products", data=new).text
    again = staff.post("/staff/products", data=new)
    assert (again.status_code, 'value="moor-hat"' in again.text) == (409, True)
    assert "only 4 left" in staff.get("/search", params={"q": "moor"}).text
    del new["slug"], new["stock"]
    staff.post("/staff/products/moor-hat", data=new)
    assert staff.get("/product/moor-hat").status_code == 404
    assert "Moor hat" in staff.get("/staff/products", params={"words": "moor"}).text


def test_what_is_refused_bears_the_id_of_the_request(browser: httpx.Client) -> None:
    answer = browser.post("/login", content=b"x" * 70_000, headers={"X-Request-Id": "too-much-7"})
    # Starlette stops at the limit before any of us sees the form: a line of text, and the id in the header.
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (413, "too-much-7")
    answer = browser.get("/cart/add", headers={"X-Request-Id": "wrong-way-7"})
    assert (answer.status_code, "wrong-way-7" in answer.text) == (405, True)
    answer = browser.post("/logout", headers={"Sec-Fetch-Site": "cross-site", "X-Request-Id": "evil-7777"})
    assert (answer.status_code, "Not from here" in answer.text, "evil-7777" in answer.text) == (403, True, True)
