"""Limits are the database's: two replicas together allow no more than one."""

from types import SimpleNamespace

import httpx
import pytest

from shop.api.limits import client
from tests.app.conftest import PASSWORD, Serve, logged_in, new_guest
from tests.app.running import BUYER, DEMO


@pytest.fixture
def replicas(serve: Serve, database: str, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Client]:
    """Two replicas with the limits on; a window never ends in the middle of a test."""
    monkeypatch.setattr("shop.api.limits.time", SimpleNamespace(time=lambda: 1_800_000_010.0))
    return [serve("api", database_url=database, rate_limits=True, trusted_proxies="*") for _ in range(2)]


def test_guesses_at_one_account_are_refused_in_both_replicas_known_address_or_not(replicas: list[httpx.Client]) -> None:
    for email in (DEMO["email"], "nobody@shop.example"):
        tried = [logged_in(replicas[number % 2], email, f"guess {number}") for number in range(12)]
        assert [answer.status_code for answer in tried] == [401] * 10 + [429] * 2
        refused = tried[-1]
        assert refused.json()["error"]["code"] == "too_many_requests"
        assert int(refused.headers["Retry-After"]) == refused.json()["error"]["retry_after"] > 0
    # Not even the right password is looked at now: a guess that was right would show.
    assert logged_in(replicas[0], **DEMO).status_code == 429


def test_registrations_are_counted_by_address(replicas: list[httpx.Client]) -> None:
    def register(number: int) -> int:
        account = {"email": f"a{number}@b.example", "name": "A", "password": PASSWORD}
        return replicas[number % 2].post("/api/register", json=account).status_code

    assert [register(number) for number in range(11)] == [202] * 10 + [429]


def test_checkouts_are_counted_by_shopper(replicas: list[httpx.Client]) -> None:
    one, other = (new_guest(replicas[0]) for _ in range(2))

    def buy(who: dict[str, str], number: int) -> int:
        key = {"Idempotency-Key": f"key-number-{number}"}
        return replicas[number % 2].post("/api/orders", json=BUYER, headers={**who, **key}).status_code

    assert [buy(one, number) for number in range(21)] == [409] * 20 + [429]
    assert buy(other, 0) == 409


def test_a_line_of_ipv6_is_one_client() -> None:
    assert client("2001:db8:1:2::3") == client("2001:db8:1:2:ffff::9") != client("2001:db8:1:3::3")
    assert client("192.0.2.7") == "192.0.2.7" != client("192.0.2.8")
    assert client("") == "unknown"
