"""The pages, as a browser without JavaScript uses them."""

import re
from pathlib import Path

import httpx
import pytest

from tests.app.conftest import Serve
from tests.app.running import BUYER, DEMO


@pytest.fixture
def api_address(serve: Serve, sqlite_database: str) -> str:
    return str(serve("api", database_url=sqlite_database).base_url).rstrip("/")


@pytest.fixture
def sqlite_database(tmp_path: Path, sqlite_template: Path) -> str:
    path = tmp_path / "shop.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def browser(serve: Serve, api_address: str) -> httpx.Client:
    client = serve("storefront", api=api_address, release="r-7")
    client.follow_redirects = True
    return client


def _field(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def test_a_guest_buys_a_tent_from_the_first_page_to_the_confirmation(browser: httpx.Client) -> None:
    home = browser.get("/")
    assert 'href="/product/ridge-tent"' in home.text
    product = browser.get("/product/ridge-tent")
    assert "$329.00" in product.text
    cart = browser.post("/cart/add", data={"product": _field(product, "product"), "quantity": "2"})
    assert (cart.url.path, "$658.00" in cart.text) == ("/cart", True)
    form = browser.get("/checkout")
    sent = {**BUYER, "gift_note": "From <b>us</b>", "key": _field(form, "key")}
    confirmation = browser.post("/checkout", data=sent)
    assert confirmation.status_code == 200
    assert "Thank you, Ada Nord." in confirmation.text
    assert "From &lt;b&gt;us&lt;/b&gt;" in confirmation.text
    number = confirmation.url.path.rpartition("/")[2]
    assert number in browser.get("/orders").text
    assert "nothing in it yet" in browser.get("/cart").text


def test_a_double_click_on_the_order_button_is_one_order(browser: httpx.Client) -> None:
    browser.post("/cart/add", data={"product": "ridge-tent", "quantity": "1"})
    sent = {**BUYER, "key": _field(browser.get("/checkout"), "key")}
    first, second = browser.post("/checkout", data=sent), browser.post("/checkout", data=sent)
    assert first.url == second.url
    assert browser.get("/orders").text.count('class="number"') == 1


def test_somebody_logs_in_with_a_full_cart_and_out_again(browser: httpx.Client) -> None:
    browser.post("/cart/add", data={"product": "harbour-mug", "quantity": "3"})
    wrong = browser.post("/login", data={**DEMO, "password": "guess"})
    assert (wrong.status_code, "is wrong" in wrong.text) == (401, True)
    inside = browser.post("/login", data=DEMO)
    assert "Log out" in inside.text
    assert "Harbour mug" in browser.get("/cart").text
    assert DEMO["email"] in browser.get("/checkout").text
    assert "Log in" in browser.post("/logout").text
    assert "Harbour mug" not in browser.get("/cart").text


def test_more_than_there_is_is_answered_on_the_same_page(browser: httpx.Client) -> None:
    refused = browser.post("/cart/add", data={"product": "ridge-tent", "quantity": "10"})
    assert (refused.status_code, "Only 9 left of this one." in refused.text) == (409, True)
    browser.post("/cart/add", data={"product": "ridge-tent", "quantity": "1"})
    refused = browser.post("/cart/change", data={"product": "ridge-tent", "quantity": "10"})
    assert (refused.status_code, "Only 9 left of this one." in refused.text) == (409, True)
    assert "Ridge tent" not in browser.post("/cart/change", data={"product": "ridge-tent", "quantity": "0"}).text


def test_what_is_missing_in_the_checkout_is_said_and_what_was_written_stays(browser: httpx.Client) -> None:
    browser.post("/cart/add", data={"product": "ridge-tent", "quantity": "1"})
    form = browser.get("/checkout")
    answer = browser.post("/checkout", data={**BUYER, "address": " ", "key": _field(form, "key")})
    assert answer.status_code == 422
    assert "address is empty" in answer.text
    assert 'value="Ada Nord"' in answer.text


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_a_form_from_another_site_is_refused(browser: httpx.Client, headers: dict[str, str]) -> None:
    refused = browser.post("/cart/add", data={"product": "ridge-tent"}, headers=headers)
    assert (refused.status_code, browser.cookies.get("shop")) == (403, None)


def test_a_form_of_ours_is_taken_whichever_way_the_browser_says_so(browser: httpx.Client) -> None:
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": str(browser.base_url).rstrip("/")}, {}):
        assert browser.post("/cart/add", data={"product": "desk-plant"}, headers=headers).status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_of_plain_connections(serve: Serve, api_address: str) -> None:
    storefront = serve("storefront", api=api_address)
    plain = storefront.post("/cart/add", data={"product": "desk-plant"}).headers["Set-Cookie"]
    assert plain.startswith("shop=")
    assert all(word in plain for word in ("HttpOnly", "SameSite=lax", "Path=/"))
    storefront.cookies.clear()
    behind_tls = {"X-Forwarded-Proto": "https"}
    sent = storefront.post("/cart/add", data={"product": "desk-plant"}, headers=behind_tls).headers["Set-Cookie"]
    assert sent.startswith("__Host-shop=")
    assert all(word in sent for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"))


def test_no_page_needs_a_script_or_anything_from_elsewhere(browser: httpx.Client) -> None:
    browser.post("/cart/add", data={"product": "ridge-tent", "quantity": "1"})
    for path in ("/", "/category/desk", "/product/ridge-tent", "/cart", "/checkout", "/orders", "/login", "/nothing"):
        page = browser.get(path)
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert not re.search(r"<script|style=|\son\w+=|(src|href)=\"(https?:)?//", page.text), path
        assert 'release <code title="r-7">r-7</code>' in page.text


def test_every_picture_and_style_sheet_of_the_pages_is_there_to_be_kept_for_ever(browser: httpx.Client) -> None:
    links = set(re.findall(r'(?:src|href)="(/(?:static|pictures)/[^"]+)"', browser.get("/").text))
    assert len(links) == 24 + 2
    for link in links:
        answer = browser.get(link)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        if link.startswith("/pictures"):
            assert answer.text.count("<path") + answer.text.count("<rect") > 3, link


def test_a_page_of_another_release_still_finds_a_style_sheet_but_does_not_keep_it(browser: httpx.Client) -> None:
    answer = browser.get("/static/0123456789ab/shop.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
    assert browser.get("/static/0123456789ab/..%2fapp.py").status_code == 404
    assert browser.get("/pictures/0123456789ab/frame-999.svg").status_code == 404


def test_without_the_api_a_person_gets_a_page_and_not_a_traceback(serve: Serve) -> None:
    answer = serve("storefront", api="http://127.0.0.1:1").get("/", headers={"X-Request-Id": "ask-us-about-it"})
    assert answer.status_code == 503
    assert "taking a breath" in answer.text
    assert "ask-us-about-it" in answer.text
    assert answer.headers["Retry-After"] == "5"


def test_a_stale_login_is_forgotten_and_the_shop_goes_on(browser: httpx.Client) -> None:
    for strange in ("stale", "a b", "%C3%BC", "x.y.z"):
        assert browser.get("/cart", headers={"Cookie": f"shop={strange}"}).status_code == 200
    browser.cookies.set("shop", "stale")
    assert browser.get("/").status_code == 200
    assert browser.get("/cart").status_code == 200
    assert browser.post("/cart/add", data={"product": "desk-plant"}).status_code == 200
    assert "Desk plant" in browser.get("/cart").text


def test_what_a_shopper_types_into_an_address_stays_a_name(browser: httpx.Client) -> None:
    for path in (
        "/product/..%2Fcategories",
        "/product/%3Flimit=1",
        "/orders/..%2Fproducts",
        "/category/%00",
        "/?after=x",
    ):
        assert browser.get(path).status_code in (404, 422), path
    browser.post("/cart/add", data={"product": "desk-plant"})
    assert browser.post("/cart/change", data={"product": "../items/desk-plant", "quantity": "0"}).status_code == 404
    assert "Desk plant" in browser.get("/cart").text
    assert browser.post("/checkout", data={**BUYER, "key": "ü\r\nX: y"}).status_code == 422
