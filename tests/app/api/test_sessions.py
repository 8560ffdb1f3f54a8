"""Accounts and logins, over two processes' worth of API where replicas have to agree."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from shop.api import accounts, sessions
from tests.app.conftest import PASSWORD, Serve, bearer, logged_in, new_user, sql
from tests.app.running import DEMO


def _refresh(api: httpx.Client, token: str) -> httpx.Response:
    return api.post("/api/refresh", json={"refresh_token": token})


def _me(api: httpx.Client, login: dict[str, Any]) -> int:
    return api.get("/api/me", headers=bearer(login)).status_code


def test_a_new_user_logs_in_and_is_no_staff(api: httpx.Client) -> None:
    login = new_user(api)
    assert login["user"] == {
        "id": login["user"]["id"],
        "email": "ada@shop.example",
        "name": "Ada Nord",
        "role": "customer",
    }
    assert api.get("/api/me", headers=bearer(login)).json()["user"] == login["user"]
    assert (login["expires_in"], login["refresh_expires_in"]) == (600, 30 * 24 * 3600)


def test_who_registers_a_known_address_learns_nothing_and_changes_nothing(api: httpx.Client) -> None:
    again = {"email": " DEMO@shop.example", "name": "Mallory", "password": "mallory's own"}
    known, new = (
        api.post("/api/register", json={**again, "email": email}) for email in (again["email"], "m@x.example")
    )
    assert (known.status_code, known.content) == (new.status_code, new.content) == (202, b'{"status":"accepted"}')
    assert set(known.headers) == set(new.headers)
    assert logged_in(api, **DEMO).json()["user"]["name"] == "Robin Demo"
    assert logged_in(api, DEMO["email"], again["password"]).status_code == 401


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"password": "short"}, "password"),
        ({"email": "nobody"}, "email"),
        ({"name": " "}, "name"),
        ({"password": 7}, "password"),
    ],
)
def test_an_account_that_cannot_be_is_refused_by_name(api: httpx.Client, wrong: dict[str, Any], named: str) -> None:
    account = {"email": "a@b.example", "name": "A", "password": PASSWORD, **wrong}
    refused = api.post("/api/register", json=account)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid")
    assert named in refused.json()["error"]["message"]


def test_a_refresh_gives_a_new_pair_and_the_session_goes_on(api: httpx.Client) -> None:
    first = new_user(api)
    second = _refresh(api, first["refresh_token"]).json()
    third = _refresh(api, second["refresh_token"]).json()
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    assert third["user"] == first["user"]
    assert [_me(api, login) for login in (first, second, third)] == [200, 200, 200]


def test_a_refresh_token_that_comes_again_ends_the_whole_session(serve: Serve, database: str) -> None:
    here, there = serve("api", database_url=database), serve("api", database_url=database)
    stolen = new_user(here)
    other = logged_in(here, "ada@shop.example", PASSWORD).json()
    second = _refresh(here, stolen["refresh_token"]).json()
    third = _refresh(there, second["refresh_token"]).json()
    refused = _refresh(there, stolen["refresh_token"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "session_ended")
    # The whole family, of both kinds, in every replica; the user's other login goes on.
    assert [_me(api, login) for login in (stolen, second, third) for api in (here, there)] == [401] * 6
    assert _refresh(here, third["refresh_token"]).status_code == 401
    assert _me(there, other) == 200


def test_five_tabs_that_refresh_at_once_get_one_pair(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_user(api)
    with ThreadPoolExecutor(5) as pool:
        pairs = list(pool.map(lambda _: _refresh(api, first["refresh_token"]).json()["refresh_token"], range(5)))
    assert len(set(pairs)) == 1
    monkeypatch.setattr(sessions, "GRACE_SECONDS", -1)
    assert _refresh(api, first["refresh_token"]).status_code == 401
    assert _refresh(api, pairs[0]).status_code == 401


def test_no_refresh_token_is_one_that_we_did_not_give(api: httpx.Client) -> None:
    assert _refresh(api, "f" * 64).status_code == 401
    assert _refresh(api, "").status_code == 401
    assert api.post("/api/refresh", json={}).status_code == 422


@pytest.mark.parametrize("path", ["/api/logout", "/api/logout-everywhere"])
def test_logging_out_is_at_once_and_in_every_replica(serve: Serve, database: str, path: str) -> None:
    here, there = serve("api", database_url=database), serve("api", database_url=database)
    one, two = new_user(here), logged_in(here, "ada@shop.example", PASSWORD).json()
    assert _me(there, one) == 200
    assert here.post(path, headers=bearer(one)).status_code == 204
    assert _me(there, one) == 401
    assert _refresh(there, one["refresh_token"]).status_code == 401
    everywhere = path.endswith("everywhere")
    assert _me(there, two) == (401 if everywhere else 200)


def test_a_new_password_ends_every_other_session(api: httpx.Client) -> None:
    one, two = new_user(api), logged_in(api, "ada@shop.example", PASSWORD).json()
    body = {"current": "wrong horse", "new": "battery staple"}
    refused = api.post("/api/password", json=body, headers=bearer(one))
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "wrong_password")
    changed = api.post("/api/password", json={**body, "current": PASSWORD}, headers=bearer(one))
    assert changed.status_code == 200
    assert [_me(api, login) for login in (one, two, changed.json())] == [401, 401, 200]
    assert logged_in(api, "ada@shop.example", PASSWORD).status_code == 401
    assert logged_in(api, "ada@shop.example", "battery staple").status_code == 200


def test_a_guest_has_no_account_to_change(api: httpx.Client, guest: dict[str, str]) -> None:
    for path in ("/api/logout", "/api/logout-everywhere"):
        assert api.post(path, headers=guest).status_code == 401


def test_an_address_nobody_has_costs_the_same_hash(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    check: Callable[[str, str], bool] = accounts._matches
    monkeypatch.setattr(accounts, "_matches", lambda stored, given: (checked.append(stored), check(stored, given))[1])
    assert logged_in(api, "nobody@shop.example", PASSWORD).status_code == 401
    assert logged_in(api, DEMO["email"], PASSWORD).status_code == 401
    costs = {re.search(r"m=\d+,t=\d+,p=\d+", stored)[0] for stored in checked}  # type: ignore[index]
    assert (len(checked), costs) == (2, {"m=19456,t=2,p=1"})


def test_a_password_hashed_at_another_cost_is_hashed_anew_at_the_next_login(api: httpx.Client, database: str) -> None:
    user = new_user(api)["user"]["id"]
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    sql(database, f"UPDATE users SET password_hash = '{cheap}' WHERE id = {user}")
    assert logged_in(api, "ada@shop.example", PASSWORD).status_code == 200
    stored = str(sql(database, f"SELECT password_hash FROM users WHERE id = {user}")[0][0])
    assert "m=19456,t=2,p=1" in stored
    assert logged_in(api, "ada@shop.example", PASSWORD).status_code == 200


def test_no_more_than_three_passwords_are_in_memory_at_once(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    now, most = [0], [0]
    check = accounts._matches

    def counting(stored: str, given: str) -> bool:
        now[0] += 1
        most[0] = max(most[0], now[0])
        try:
            return check(stored, given)
        finally:
            now[0] -= 1

    monkeypatch.setattr(accounts, "_matches", counting)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: logged_in(api, **DEMO).status_code, range(12)))
    assert answers == [200] * 12
    assert 1 <= most[0] <= accounts.AT_ONCE
