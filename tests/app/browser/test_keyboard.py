"""The whole way from the first page to the confirmation without a mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.app.browser.conftest import Open
from tests.app.browser.pages import Visitor
from tests.app.running import BUYER

FOCUSED = "[document.activeElement?.closest('main') ? 'main' : '', document.activeElement?.innerText || \
document.activeElement?.ariaLabel || document.activeElement?.labels?.[0]?.innerText || ''].join(':')"


def _tab_to(page: Page, text: str, most: int = 60) -> None:
    """Presses Tab until something called `text` has the focus; what has it on the way can be seen to have it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement !== document.body"):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", page.evaluate("document.activeElement.outerHTML")
            size = page.evaluate(
                "(({width, height}) => [width, height])(document.activeElement.getBoundingClientRect())"
            )
            assert min(size) > 1, page.evaluate("document.activeElement.outerHTML")
        if text in page.evaluate(FOCUSED):
            return
    pytest.fail(f"nothing called {text!r} within {most} steps; last was {page.evaluate(FOCUSED)!r}")


def test_the_first_step_leads_past_the_header(look: Open) -> None:
    page = look()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == ":Skip to content"
    assert page.get_by_role("link", name="Skip to content").is_visible()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "main:Look around"


def test_a_lantern_is_bought_with_the_keyboard_alone(look: Open) -> None:
    page = look()
    page.goto("/")
    _tab_to(page, "Search the shop")
    page.keyboard.type("lantern")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="“lantern”")).to_be_visible()
    _tab_to(page, "Camp lantern")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Camp lantern", level=1)).to_be_visible()
    _tab_to(page, "Add to cart")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="It is in your cart")).to_be_visible()
    _tab_to(page, "See the cart")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    _tab_to(page, "Check out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Where does it go?")).to_be_visible()
    for field, written in (("Name", "name"), ("E-mail", "email"), ("Address", "address")):
        _tab_to(page, field)
        page.keyboard.insert_text(BUYER[written])
    _tab_to(page, "Go on to the payment")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How do you pay?")).to_be_visible()
    _tab_to(page, "Test card 4242")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="0002")).to_be_checked()
    page.keyboard.press("ArrowUp")
    _tab_to(page, "Pay $59.00")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you, Ada Nord.")).to_be_visible()


def test_who_changes_the_cart_stays_at_the_line(look: Open) -> None:
    page = look()
    Visitor(page).fill_cart()
    page.goto("/cart")
    pieces = page.get_by_label("Pieces of Harbour mug")
    pieces.focus()
    pieces.press("ArrowUp")
    expect(page.get_by_role("complementary", name="Total")).to_contain_text("3 pieces")
    expect(page.get_by_label("Pieces of Harbour mug")).to_be_focused()
    page.get_by_role("button", name="Remove Harbour mug").press("Enter")
    expect(page.get_by_role("complementary", name="Total")).to_contain_text("1 piece")
    expect(page.locator("main")).to_be_focused()
