"""The pages, as a browser without JavaScript uses them."""

import re
from pathlib import Path

import httpx
import pytest

from shop.storefront.assets import Assets
from tests.app.conftest import Serve, filled
from tests.app.running import BUYER, DEMO, shop_here
from tests.app.storefront.conftest import buy, field


def test_a_guest_buys_a_tent_from_the_first_page_to_the_confirmation(browser: httpx.Client) -> None:
    home = browser.get("/")
    assert 'href="/product/ridge-tent"' in home.text
    product = browser.get("/product/ridge-tent")
    assert "$329.00" in product.text
    cart = browser.post("/cart/add", data={"product": field(product, "product"), "quantity": "2"})
    assert (cart.url.path, "$658.00" in cart.text) == ("/cart", True)
    assert 'action="/checkout/payment"' in browser.get("/checkout").text
    confirmation = buy(browser, gift_note="From <b>us</b>")
    assert confirmation.status_code == 200
    assert "Thank you, Ada Nord." in confirmation.text
    assert "From &lt;b&gt;us&lt;/b&gt;" in confirmation.text
    number = confirmation.url.path.rpartition("/")[2]
    assert number in browser.get("/orders").text
    assert "nothing in it yet" in browser.get("/cart").text


def test_a_double_click_on_the_order_button_is_one_order(browser: httpx.Client) -> None:
    browser.post("/cart/add", data={"product": "ridge-tent", "quantity": "1"})
    sent = {**BUYER, "key": field(browser.post("/checkout/payment", data=BUYER), "key")}
    first, second = browser.post("/checkout", data=sent), browser.post("/checkout", data=sent)
    assert first.url == second.url
    assert browser.get("/orders").text.count('class="number"') == 1


def test_somebody_logs_in_with_a_full_cart_and_out_again(browser: httpx.Client) -> None:
    browser.post("/cart/add", data={"product": "harbour-mug", "quantity": "3"})
    wrong = browser.post("/login", data={**DEMO, "password": "guess"})
    assert (wrong.status_code, "is wrong" in wrong.text) == (401, True)
    inside = browser.post("/login", data=DEMO)
    assert 'href="/account"' in inside.text
    assert "Log out on every device" in browser.get("/account").text
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
    answer = browser.post("/checkout/payment", data={**BUYER, "address": " "})
    assert (answer.status_code, "Please fill in: address." in answer.text) == (422, True)
    assert 'value="Ada Nord"' in answer.text
    key = field(browser.post("/checkout/payment", data=BUYER), "key")
    answer = browser.post("/checkout", data={**BUYER, "email": "nobody", "key": key})
    assert (answer.status_code, "Please check:" in answer.text) == (422, True)
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


PATHS = (
    "/",
    "/category/desk",
    "/product/ridge-tent",
    "/cart",
    "/checkout",
    "/orders",
    "/login",
    "/register",
    "/nothing",
)


def test_every_page_allows_only_what_carries_its_own_nonce(browser: httpx.Client) -> None:
    browser.post("/cart/add", data={"product": "ridge-tent", "quantity": "1"})
    seen = set()
    for path in PATHS:
        page = browser.get(path)
        policy = page.headers["Content-Security-Policy"]
        (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
        seen.add(nonce)
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert page.text.count(f'nonce="{nonce}"') == 2
        # Nothing inline, nothing from elsewhere.
        assert not re.search(r"<style|style=|\son\w+=|(src|href|action)=\"(https?:)?//|<script(?! src)", page.text), (
            path
        )
        assert 'release <code title="r-7">r-7</code>' in page.text
    assert len(seen) == len(PATHS)


def test_what_is_no_page_may_do_nothing(browser: httpx.Client) -> None:
    for path in ("/version", "/livez", _assets(browser)[0]):
        headers = browser.get(path).headers
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "camera=()" in headers["Permissions-Policy"]


def test_every_file_of_the_pages_is_there_to_be_kept_for_ever(browser: httpx.Client) -> None:
    links = _assets(browser)
    assert len(links) > 24 * 3
    for link in links:
        answer = browser.get(link)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
        assert answer.headers["Content-Type"].split("/")[0] in ("image", "text", "font")


def test_a_page_of_another_release_still_finds_a_style_sheet_but_does_not_keep_it(browser: httpx.Client) -> None:
    answer = browser.get("/static/shop.0123456789ab.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
    for strange in ("shop.css", "..%2fapp.0123456789ab.py", "none.0123456789ab.css", "shop.0123456789ab.css%00"):
        assert browser.get(f"/static/{strange}").status_code == 404


def test_a_product_whose_picture_only_a_later_release_has_is_shown_as_a_parcel() -> None:
    assets = Assets()
    assert "/static/parcel-" in assets.picture("submarine", 10).small
    assert "/static/mug-205-800." in assets.picture("mug", 190).large
    assert "/static/mug-0-400." in assets.picture("mug", 350).fallback


def test_with_static_url_pages_take_everything_from_there_and_the_command_wrote_it(
    serve: Serve, api_address: str, tmp_path: Path
) -> None:
    storefront = serve("storefront", api=api_address, static_url="https://cdn.shop.example/v1")
    page = storefront.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "img-src https://cdn.shop.example; font-src https://cdn.shop.example;" in policy
    assert "/static/" not in page.text
    assert page.text.count('integrity="sha384-') == 2
    folder = tmp_path / "static"
    said = shop_here("assets", str(folder), environ={})
    written = {path.name for path in folder.iterdir()}
    assert said == f"{len(written)} files in {folder}\n"
    assert {link.rpartition("/")[2] for link in _links(page, "https://cdn.shop.example/v1/")} <= written
    # The style sheet's fonts lie beside it, wherever that is.
    (sheet,) = folder.glob("shop.*.css")
    assert set(re.findall(r"url\(([^)]+)\)", sheet.read_text())) <= written


def _assets(browser: httpx.Client) -> list[str]:
    return _links(browser.get("/"), "/static/")


def _links(page: httpx.Response, base: str) -> list[str]:
    return sorted(set(re.findall(rf"{re.escape(base)}[^\s\",]+", page.text)))


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
    assert browser.post("/checkout", data={**BUYER, "key": "k" * 20, "payment": "gold"}).status_code == 422


@pytest.mark.parametrize(
    ("version", "asks", "not_for"),
    [(1, "Telephone", "Gift note"), (2, "Gift note", "Telephone"), (3, "Gift note", "Telephone")],
)
def test_each_version_asks_and_looks_as_it_should(
    version: int, asks: str, not_for: str, serve: Serve, tmp_path: Path
) -> None:
    filled(f"sqlite:///{tmp_path / 'own.db'}", version)
    api = serve("api", database_url=f"sqlite:///{tmp_path / 'own.db'}", version=version)
    browser = serve("storefront", api=str(api.base_url).rstrip("/"), version=version)
    browser.follow_redirects = True
    browser.post("/cart/add", data={"product": "camp-lantern", "quantity": "2"})
    form = browser.get("/checkout").text
    assert (asks in form, not_for in form) == (True, False)
    assert f'<html lang="en" class="v{version}">' in form
    assert f"Shop {version} · release" in form
    page = buy(browser, phone="555 0100", gift_note="For you")
    assert ("555 0100" in page.text, "For you" in page.text) == (version == 1, version > 1)
    assert ("Order the same again" in page.text) == (version == 3)
    again = browser.post(f"{page.url.path}/again")
    assert (again.status_code, "$118.00" in again.text) == ((200, True) if version == 3 else (404, False))
