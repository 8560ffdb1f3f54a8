"""A storefront over an API of its own, and a browser without JavaScript: an HTTP client that keeps cookies."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.app.conftest import Serve
from tests.app.running import BUYER


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


def buy(browser: httpx.Client, **more: str) -> httpx.Response:
    """Goes through delivery and payment, and on to where they lead."""
    sent = {**BUYER, **more}
    key = field(browser.post("/checkout/payment", data=sent), "key")
    return browser.post("/checkout", data={**sent, "key": key})


def field(page: httpx.Response, name: str) -> str:
    """What the page's form has in a hidden field."""
    found = re.search(rf'name="{name}"[^>]* value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]
