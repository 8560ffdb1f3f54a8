"""Sessions in the browser: renewed unnoticed, also by many tabs and replicas at once; over when they are over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.app.conftest import Serve
from tests.app.running import DEMO


@pytest.fixture
def replicas(serve: Serve, api_address: str) -> list[httpx.Client]:
    """Two storefronts over one API."""
    return [serve("storefront", api=api_address) for _ in range(2)]


def _log_in(client: httpx.Client) -> dict[str, str]:
    """The cookies of a new session."""
    assert client.post("/login", data=DEMO).status_code == 303
    cookies = dict(client.cookies)
    client.cookies.clear()
    return cookies


def _after_lunch(cookies: dict[str, str]) -> dict[str, str]:
    """What a browser still has when the access token has passed its time."""
    return {"shop-refresh": cookies["shop-refresh"]}


def _ask(client: httpx.Client, cookies: dict[str, str], path: str = "/account") -> httpx.Response:
    header = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    return httpx.get(f"{str(client.base_url).rstrip('/')}{path}", headers=header, timeout=60)


def test_a_session_goes_on_after_the_access_token_has_passed_its_time(replicas: list[httpx.Client]) -> None:
    before = _log_in(replicas[0])
    answer = _ask(replicas[1], _after_lunch(before))
    assert (answer.status_code, "Robin Demo" in answer.text) == (200, True)
    now = {cookie.name: str(cookie.value) for cookie in answer.cookies.jar}
    assert set(now) == {"shop", "shop-refresh"}
    assert now["shop-refresh"] != before["shop-refresh"]
    assert _ask(replicas[0], now).status_code == 200
    assert "set-cookie" not in _ask(replicas[0], now).headers


def test_ten_tabs_at_once_on_two_replicas_stay_logged_in(replicas: list[httpx.Client]) -> None:
    cookies = _after_lunch(_log_in(replicas[0]))
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda n: _ask(replicas[n % 2], cookies), range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    renewed = {answer.cookies["shop-refresh"] for answer in answers}
    assert len(renewed) == 1
    # Whichever tab answered last, what the browser has kept is good.
    assert _ask(replicas[1], {"shop-refresh": renewed.pop()}).status_code == 200


def test_an_access_token_that_was_refused_is_renewed_once_and_not_for_ever(replicas: list[httpx.Client]) -> None:
    cookies = _log_in(replicas[0])
    broken = {**cookies, "shop": cookies["shop"][:-6] + "broken"}
    assert _ask(replicas[0], broken).status_code == 200
    hopeless = _ask(replicas[0], {"shop": "broken", "shop-refresh": "broken-too"})
    assert (hopeless.status_code, hopeless.headers["Location"]) == (303, "/login?next=%2Faccount")
    assert sum("Max-Age=0" in value for value in hopeless.headers.get_list("set-cookie")) == 2


def test_logging_out_everywhere_ends_the_other_browser_at_once(replicas: list[httpx.Client]) -> None:
    here, there = _log_in(replicas[0]), _log_in(replicas[1])
    replicas[0].cookies.update(here)
    left = replicas[0].post("/account/logout-everywhere", follow_redirects=True)
    assert "logged out on every device" in left.text
    for cookies in (here, there, _after_lunch(there)):
        assert _ask(replicas[1], cookies).status_code == 303
    assert "Log in" in _ask(replicas[1], there, "/").text


def test_another_password_keeps_this_browser_and_ends_the_others(replicas: list[httpx.Client]) -> None:
    other = _log_in(replicas[1])
    browser = replicas[0]
    browser.post("/login", data=DEMO)
    wrong = browser.post("/account/password", data={"current": "guess", "new": "a longer one"})
    assert (wrong.status_code, "is not that one" in wrong.text) == (403, True)
    short = browser.post("/account/password", data={"current": DEMO["password"], "new": "short"})
    assert (short.status_code, "Please check" in short.text) == (422, True)
    changed = browser.post(
        "/account/password", data={"current": DEMO["password"], "new": "a longer one"}, follow_redirects=True
    )
    assert "Your password is changed." in changed.text
    assert _ask(replicas[1], other).status_code == 303
    browser.cookies.clear()
    assert browser.post("/login", data=DEMO).status_code == 401
    assert browser.post("/login", data={**DEMO, "password": "a longer one"}).status_code == 303


def test_without_the_api_nobody_is_logged_out(serve: Serve, replicas: list[httpx.Client]) -> None:
    cookies = _log_in(replicas[0])
    alone = serve("storefront", api="http://127.0.0.1:1")
    answer = _ask(alone, _after_lunch(cookies))
    assert (answer.status_code, "set-cookie" in answer.headers) == (503, False)


def test_who_logs_out_while_the_api_is_down_is_logged_out_here(serve: Serve, replicas: list[httpx.Client]) -> None:
    cookies = _log_in(replicas[0])
    alone = serve("storefront", api="http://127.0.0.1:1")
    alone.cookies.update(cookies)
    answer = alone.post("/logout")
    assert answer.status_code == 303
    assert sum("Max-Age=0" in value for value in answer.headers.get_list("set-cookie")) == 2


def test_who_is_new_and_who_was_known_are_told_the_same(browser: httpx.Client) -> None:
    new = {"name": "Nils", "email": "nils@shop.example", "password": "correct horse"}
    assert "Welcome! Your account is ready." in browser.post("/register", data=new).text
    browser.post("/logout")
    browser.cookies.clear()
    known = browser.post("/register", data={**new, "email": DEMO["email"]})
    assert (known.status_code, "Please log in. If you have had an account before" in known.text) == (200, True)
    assert "shop-refresh" not in browser.cookies
    bad = browser.post("/register", data={**new, "password": "short"})
    assert (bad.status_code, 'value="nils@shop.example"' in bad.text, "short" in bad.text) == (422, True, False)


def test_tries_are_counted_by_the_address_of_who_tries_and_not_by_ours(serve: Serve, sqlite_database: str) -> None:
    api = serve("api", database_url=sqlite_database, rate_limits=True)
    browser = serve("storefront", api=str(api.base_url).rstrip("/"))

    def guess(address: str | bytes) -> httpx.Response:
        headers = {"X-Forwarded-For": address}
        return browser.post("/login", data={**DEMO, "password": "guess"}, headers=headers)

    # Windows begin at whole minutes: tries that fall into two of them are refused at the second one's eleventh.
    answers = [guess("198.51.100.7")]
    while answers[-1].status_code != 429 and len(answers) < 21:
        answers.append(guess("198.51.100.7"))
    assert {answer.status_code for answer in answers[:10]} == {401}
    assert answers[-1].status_code == 429
    assert "Please wait" in answers[-1].text
    assert guess("198.51.100.8").status_code == 401
    assert guess("no-address \u00e9".encode("latin-1")).status_code == 401


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "/a b"]
)
def test_a_login_leads_nowhere_else(browser: httpx.Client, elsewhere: str) -> None:
    form = browser.get("/login", params={"next": elsewhere})
    assert 'name="next"' not in form.text
    sent = browser.post("/login", data={**DEMO, "next": elsewhere}, follow_redirects=False)
    assert sent.headers["Location"] == "/"
    sent = browser.post("/login", data={**DEMO, "next": "/staff/orders/CN-1"}, follow_redirects=False)
    assert sent.headers["Location"] == "/staff/orders/CN-1"
