"""No page has a fault that axe-core knows, light and dark, on a desk and a telephone; none is wider than 320 pixels."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.app.browser.conftest import Open
from tests.app.browser.pages import PAGES, Visitor
from tests.app.browser.parts import AXE

DESK, PHONE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}, {"width": 320, "height": 640}

RUN = """rules => axe.run(document, {
  resultTypes: ["violations"],
  runOnly: rules ? {type: "rule", values: rules}
    : {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
}).then(found => found.violations.map(
  fault => [fault.impact, fault.id, fault.nodes.map(node => node.html + " — " + node.failureSummary)]))"""


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_fault(look: Open, name: str) -> None:
    page = look(viewport=DESK, color_scheme="light")
    PAGES[name](Visitor(page))
    page.evaluate(AXE.read_text())
    found = {"desk light": _faults(page)}
    page.emulate_media(color_scheme="dark")
    found["desk dark"] = _faults(page, "color-contrast")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    found["phone dark"] = _faults(page, "color-contrast")
    page.emulate_media(color_scheme="light")
    found["phone light"] = _faults(page)
    assert {where: faults for where, faults in found.items() if faults} == {}
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    # WCAG 2.2, 1.4.10 Reflow: at 320 CSS pixels nobody has to scroll in two directions.
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def _faults(page: Page, *rules: str) -> Any:
    return page.evaluate(RUN, list(rules) or None)
