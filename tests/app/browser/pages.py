"""Every page of the shop and how a visitor gets there, for tests of all pages and for the screenshots in docs/."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.app.running import BUYER, DEMO


class Visitor:
    """Somebody with a browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go(self, path: str) -> None:
        """Opens a page."""
        self.page.goto(path)

    def press(self, name: str) -> None:
        """Presses a button of the page itself."""
        self.page.locator("main").get_by_role("button", name=name).first.click()

    def log_in(self, email: str = DEMO["email"], password: str = DEMO["password"]) -> None:
        """Logs in as the demonstration's user."""
        self.go("/login")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.press("Log in")
        self.page.get_by_role("link", name="Account", exact=True).first.wait_for()

    def fill_cart(self) -> None:
        """Takes two things."""
        for product in ("camp-lantern", "harbour-mug"):
            self.go(f"/product/{product}")
            self.press("Add to cart")
            self.page.get_by_role("link", name="See the cart").or_(self.page.locator("h1", has_text="cart")).wait_for()

    def to_payment(self) -> None:
        """Fills in where it goes."""
        self.go("/checkout")
        self.page.get_by_label("Name").fill(BUYER["name"])
        self.page.get_by_label("E-mail").fill(BUYER["email"])
        self.page.get_by_label("Address").fill(BUYER["address"])
        self.press("Go on to the payment")
        self.page.get_by_role("radio").first.wait_for()

    def pay(self, card: str = "4242") -> None:
        """Pays with the test card that ends so."""
        self.page.get_by_role("radio", name=card).check()
        self.press("Pay")


def at(path: str) -> Callable[[Visitor], None]:
    """A page that anybody may open."""
    return lambda visitor: visitor.go(path)


def _cart(visitor: Visitor) -> None:
    visitor.fill_cart()
    visitor.go("/cart")


def _delivery(visitor: Visitor) -> None:
    visitor.fill_cart()
    visitor.go("/checkout")


def _payment(visitor: Visitor) -> None:
    visitor.fill_cart()
    visitor.to_payment()


def _order(visitor: Visitor) -> None:
    _payment(visitor)
    visitor.pay()
    visitor.page.get_by_role("heading", name="Thank you").wait_for()


def _orders(visitor: Visitor) -> None:
    _order(visitor)
    visitor.go("/orders")


def _refused_login(visitor: Visitor) -> None:
    visitor.go("/login")
    visitor.page.get_by_label("E-mail").fill(DEMO["email"])
    visitor.page.get_by_label("Password").fill("something else")
    visitor.press("Log in")
    visitor.page.get_by_role("alert").wait_for()


def _account(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.go("/account")


PAGES: dict[str, Callable[[Visitor], None]] = {
    "home": at("/"),
    "category": at("/category/outdoors"),
    "product": at("/product/camp-lantern"),
    "empty-cart": at("/cart"),
    "cart": _cart,
    "delivery": _delivery,
    "payment": _payment,
    "order": _order,
    "orders": _orders,
    "login": at("/login"),
    "login-refused": _refused_login,
    "register": at("/register"),
    "account": _account,
    "not-found": at("/nothing"),
}
