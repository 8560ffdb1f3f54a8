"""Databases and services for the shop's tests: the same suite over SQLite, and over MySQL in the lab."""

from __future__ import annotations

import dataclasses
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from shop.api import migrate, seed
from shop.api.app import create as create_api
from shop.api.database import open_engine
from shop.common.lifecycle import Lifecycle
from shop.common.settings import Settings
from shop.storefront.app import create as create_storefront
from tests.app.running import serving

Serve = Callable[..., httpx.Client]

PASSWORD = "correct horse"  # noqa: S105 - of users that tests make

USED = (
    *("order_items", "orders", "checkouts", "test_charges", "cart_items", "product_words", "products"),
    *("refresh_tokens", "sessions", "rate_counters", "audit_log", "users WHERE id > 2"),
)
"""Tables that tests write to, each before those that it refers to."""

ABOVE_THE_DATABASE = {
    *("test_accounts.py", "test_health.py", "test_limits.py", "test_loadgen.py", "test_metrics.py", "test_openapi.py"),
    *("test_rights.py", "test_sessions.py", "test_staff.py"),
}
"""Modules whose questions any database answers alike: with MySQL in `make test-full`. Money, stock, carts, search, the
catalogue's pages and migrations are asked of both each time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        ours = item.path.name in ABOVE_THE_DATABASE and Path(__file__).parent in item.path.parents
        if ours and item.get_closest_marker("lab"):
            item.add_marker(pytest.mark.repeat)


def filled(url: str, version: int = 2) -> None:
    """Gives the database at `url` its schema and the demonstration data."""
    settings = Settings(database_url=url, version=version)
    engine = open_engine(settings)
    migrate.migrate(engine, version)
    seed.fill(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled SQLite database, to be copied: filling one for each test would take longer than the tests."""
    path = tmp_path_factory.mktemp("template") / "shop.db"
    filled(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def mysql_server() -> str:
    """`mysql://user:password@host:port` of a server where we may make databases called shop_…

    SHOP_TEST_MYSQL names one; otherwise it is the lab's, by its service's address.
    """
    if given := os.environ.get("SHOP_TEST_MYSQL"):
        return given.rstrip("/")
    from tests.app.lab_mysql import server

    return server()


@contextmanager
def mysql_database(server: str) -> Iterator[str]:
    """The address of a new database on `server`, dropped at the end of the block."""
    name = f"shop_{secrets.token_hex(6)}"
    sql(f"{server}/shop", f"CREATE DATABASE {name}")
    try:
        yield f"{server}/{name}"
    finally:
        sql(f"{server}/shop", f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def filled_mysql(mysql_server: str) -> Iterator[str]:
    """A MySQL database with the demonstration data, which `database` cleans between tests."""
    with mysql_database(mysql_server) as url:
        filled(url)
        yield url


@pytest.fixture(params=["sqlite", pytest.param("mysql", marks=pytest.mark.lab)])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database: every test that asks for one runs over both."""
    return str(request.param)


@pytest.fixture
def empty_database(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with nothing in it."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'shop.db'}"
        return
    with mysql_database(request.getfixturevalue("mysql_server")) as url:
        yield url


@pytest.fixture
def database(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with the demonstration data and nothing else."""
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "shop.db")
        return f"sqlite:///{tmp_path / 'shop.db'}"
    url = str(request.getfixturevalue("filled_mysql"))
    for table in USED:
        sql(url, f"DELETE FROM {table}")
    engine = open_engine(Settings(database_url=url))
    seed.fill(engine)
    engine.dispose()
    return url


@pytest.fixture
def serve() -> Iterator[Callable[..., httpx.Client]]:
    """serve(service, **settings): a client of the API or the storefront, running until the test ends."""
    with ExitStack() as stack:

        def start(service: str = "api", **settings: object) -> httpx.Client:
            create = {"api": create_api, "storefront": create_storefront}[service]
            # What is kept for a second is tested where it is meant; elsewhere a test sees what it just did.
            asked = {"cache_seconds": 0, "rate_limits": False, **settings}
            chosen = dataclasses.replace(Settings(service=service), **asked)  # type: ignore[arg-type]
            return stack.enter_context(serving(create(chosen, Lifecycle())))

        yield start


@pytest.fixture
def api(serve: Serve, database: str) -> httpx.Client:
    """A client of an API with the demonstration data."""
    return serve("api", database_url=database)


@pytest.fixture
def guest(api: httpx.Client) -> dict[str, str]:
    """The headers of a new guest."""
    return new_guest(api)


def new_guest(api: httpx.Client) -> dict[str, str]:
    """The headers of one more guest."""
    return {"Authorization": f"Bearer {api.post('/api/guests').json()['token']}"}


def new_user(api: httpx.Client, email: str = "ada@shop.example") -> dict[str, Any]:
    """What a new user is given at the first login."""
    account = {"email": email, "name": "Ada Nord", "password": PASSWORD}
    assert api.post("/api/register", json=account).status_code == 202
    return dict(logged_in(api, email, PASSWORD).json())


def logged_in(api: httpx.Client, email: str, password: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """The answer to a login."""
    return api.post("/api/login", json={"email": email, "password": password}, headers=headers or {})


def bearer(login: dict[str, Any]) -> dict[str, str]:
    """The headers of who was given this."""
    return {"Authorization": f"Bearer {login['token']}"}


@pytest.fixture
def staff(api: httpx.Client) -> dict[str, str]:
    """The headers of the demonstration's staff."""
    return bearer(logged_in(api, seed.STAFF_EMAIL, seed.STAFF_PASSWORD).json())


def sql(url: str, statement: str) -> list[tuple[object, ...]]:
    """Runs one statement on the database at `url`."""
    engine = open_engine(Settings(database_url=url))
    try:
        with engine.begin() as connection:
            result = connection.execute(sa.text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()
