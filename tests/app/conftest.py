"""Databases and services for the shop's tests: the same suite over SQLite, and over MySQL in the lab."""

from __future__ import annotations

import dataclasses
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

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


@pytest.fixture
def empty_mysql(mysql_server: str) -> Iterator[str]:
    """A new database on the MySQL server, dropped afterwards."""
    url, name = f"{mysql_server}/shop", f"shop_{secrets.token_hex(6)}"
    engine = open_engine(Settings(database_url=url))
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield f"{mysql_server}/{name}"
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name}"))
        engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("mysql", marks=pytest.mark.lab)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with nothing in it."""
    if request.param == "mysql":
        return str(request.getfixturevalue("empty_mysql"))
    return f"sqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture
def database(empty_database: str, request: pytest.FixtureRequest) -> str:
    """The address of a database with the demonstration data."""
    if urlsplit(empty_database).scheme == "mysql":
        filled(empty_database)
    else:
        template = request.getfixturevalue("sqlite_template")
        shutil.copy(template, empty_database.removeprefix("sqlite:///"))
    return empty_database


@pytest.fixture
def serve() -> Iterator[Callable[..., httpx.Client]]:
    """serve(service, **settings): a client of the API or the storefront, running until the test ends."""
    with ExitStack() as stack:

        def start(service: str = "api", **settings: object) -> httpx.Client:
            create = {"api": create_api, "storefront": create_storefront}[service]
            chosen = dataclasses.replace(Settings(service=service), **settings)  # type: ignore[arg-type]
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


def sql(url: str, statement: str) -> list[tuple[object, ...]]:
    """Runs one statement on the database at `url`."""
    engine = open_engine(Settings(database_url=url))
    try:
        with engine.begin() as connection:
            result = connection.execute(sa.text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()
