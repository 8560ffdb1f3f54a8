"""A browser, and a shop to look at with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.app.browser import parts
from tests.app.conftest import Serve

WAIT_MS = 30_000
"""How long a condition may take to come true on a busy machine; what is quick is not slowed by it."""

Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder carry the mark `browser`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Chromium without a window."""
    if missing := parts.why_not():
        raise RuntimeError(missing)
    parts.install()
    with sync_playwright() as playwright:
        # Root has no sandbox in Chromium, and small /dev/shm of containers would crash a tab.
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=parts.chromium(), args=flags)
        yield browser
        browser.close()


@pytest.fixture
def shop(serve: Serve, tmp_path: Path, sqlite_template: Path) -> httpx.Client:
    """A client of a storefront with the demonstration data, over an API and a database of its own."""
    (tmp_path / "shop.db").write_bytes(sqlite_template.read_bytes())
    api = serve("api", database_url=f"sqlite:///{tmp_path / 'shop.db'}")
    return serve("storefront", api=str(api.base_url).rstrip("/"), release="r-7")


@pytest.fixture
def look(chromium: Browser, shop: httpx.Client) -> Iterator[Open]:
    """look(**options): a new page of a new visitor, who has seen nothing that a browser complains about at the end."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def new(**options: object) -> Page:
        context = chromium.new_context(base_url=str(shop.base_url), **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        # A refused form is answered with its status, which the console repeats; what the policy stops is an error, too.
        page.on(
            "console", lambda said: "status of 4" in said.text or said.type != "error" or complaints.append(said.text)
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield new
    for context in contexts:
        context.close()
    assert complaints == []
