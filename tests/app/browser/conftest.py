"""A browser, and a shop to look at with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from shop.api.app import create as create_api
from shop.common.lifecycle import Lifecycle
from shop.common.settings import Settings
from shop.storefront.app import create as create_storefront
from tests.app.browser import parts
from tests.app.running import serving

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
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        # Root has no sandbox in Chromium, and small /dev/shm of containers would crash a tab.
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=parts.chromium(), args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def database_url(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> str:
    """The shop's database."""
    path = tmp_path_factory.mktemp("pages") / "shop.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture(scope="package")
def shop(database_url: str) -> Iterator[str]:
    """The address of a storefront with the demonstration data. Every test is a new visitor to it."""
    with both(Settings(release="r-7", database_url=database_url, rate_limits=False, payment_seconds=0.3)) as address:
        yield address


@contextmanager
def both(settings: Settings) -> Iterator[str]:
    """The address of a storefront over an API, both with these settings, until the block ends."""
    with serving(create_api(replace(settings, service="api"), Lifecycle())) as api:
        front = replace(settings, service="storefront", api=str(api.base_url).rstrip("/"))
        with serving(create_storefront(front, Lifecycle())) as shop:
            yield str(shop.base_url)


@pytest.fixture
def look(chromium: Browser, shop: str) -> Iterator[Open]:
    """look(**options): a new page of a new visitor. At the end no browser has complained, unless `attack` was meant."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def new(*, attack: bool = False, **options: object) -> Page:
        options = {"reduced_motion": "reduce", **options}
        context = chromium.new_context(base_url=shop, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        if attack:
            return page
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
