"""`make screenshots`: every page of the shop as docs/shop/PAGE-DEVICE-SCHEME.webp."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from shop.common.settings import Settings
from tests.app.browser import parts
from tests.app.browser.conftest import both
from tests.app.browser.pages import PAGES, Visitor
from tests.app.conftest import filled

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "shop"

LOOKS = {
    "desk-light": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "device_scale_factor": 1.5},
}
"""Each page in these; the first ones also the other way round."""

BOTH = {
    "desk-dark": {**LOOKS["desk-light"], "color_scheme": "dark"},
    "phone-light": {**LOOKS["phone-dark"], "color_scheme": "light"},
}
FIRST = ("home", "product", "cart", "payment")


def main(names: list[str]) -> None:
    """Take the pictures of the pages called `names`, of all when there is none."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        database = f"sqlite:///{folder}/shop.db"
        filled(database)
        settings = Settings(release="3f9a1c27b0de", database_url=database, rate_limits=False)
        browser = playwright.chromium.launch(executable_path=parts.chromium(), args=["--no-sandbox"])
        with both(settings) as shop:
            for name in names or PAGES:
                for look, options in {**LOOKS, **(BOTH if name in FIRST else {})}.items():
                    context = browser.new_context(base_url=shop, reduced_motion="reduce", **options)
                    page = context.new_page()
                    PAGES[name](Visitor(page))
                    page.wait_for_function("document.fonts.status === 'loaded'")
                    page.wait_for_function("[...document.images].every(one => one.complete || one.loading === 'lazy')")
                    taken = Image.open(io.BytesIO(page.screenshot()))
                    taken.save(FOLDER / f"{name}-{look}.webp", quality=72, method=6)
                    context.close()
                print(name, flush=True)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
