"""Every page of the shop and how a visitor gets there, for tests of all pages and for the screenshots in docs/."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import APIResponse, Page

from tests.app.running import BUYER, DEMO

STAFF = {"email": "staff@shop.example", "password": "staff-shop"}


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

    def send(self, path: str, **fields: str) -> APIResponse:
        """Sends a form without looking at it: the quick way to where a test begins."""
        return self.page.request.post(path, form=fields)

    def log_in(self, email: str = DEMO["email"], password: str = DEMO["password"]) -> None:
        """Logs in as the demonstration's user."""
        assert self.send("/login", email=email, password=password).ok

    def fill_cart(self) -> None:
        """Takes two things."""
        for product in ("camp-lantern", "harbour-mug"):
            assert self.send("/cart/add", product=product).ok

    def buy(self) -> str:
        """Buys two things; the path of the order."""
        self.fill_cart()
        form = self.send("/checkout/payment", **BUYER).text()
        key = form.partition('name="key" value="')[2].partition('"')[0]
        return self.send("/checkout", **BUYER, key=key).url

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
    visitor.go(visitor.buy())


def _orders(visitor: Visitor) -> None:
    visitor.buy()
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


def _declined(visitor: Visitor) -> None:
    _payment(visitor)
    visitor.pay("0002")
    visitor.page.get_by_role("alert").wait_for()


def _waiting(visitor: Visitor) -> None:
    _payment(visitor)
    visitor.pay("9979")
    visitor.page.get_by_role("heading", name="Waiting for your bank").wait_for()


def _staff(path: str) -> Callable[[Visitor], None]:
    def there(visitor: Visitor) -> None:
        visitor.buy()
        visitor.log_in(**STAFF)
        visitor.go(path)

    return there


def _staff_order(visitor: Visitor) -> None:
    _staff("/staff")(visitor)
    visitor.page.locator("td a").first.click()
    visitor.page.get_by_role("button", name="It has been sent").wait_for()


def _audit(visitor: Visitor) -> None:
    _staff_order(visitor)
    visitor.press("It has been sent")
    visitor.page.locator(".badge.shipped").wait_for()
    visitor.go("/staff/products/trail-flask")
    visitor.page.get_by_label("Price").fill("44.50")
    visitor.page.get_by_label("Came or went").fill("+5")
    visitor.press("Save")
    visitor.page.get_by_text("Saved.").wait_for()
    visitor.go("/staff/audit")


PAGES: dict[str, Callable[[Visitor], None]] = {
    "home": at("/"),
    "category": at("/category/outdoors"),
    "search": at("/search?q=wo"),
    "product": at("/product/camp-lantern"),
    "empty-cart": at("/cart"),
    "cart": _cart,
    "delivery": _delivery,
    "payment": _payment,
    "payment-declined": _declined,
    "payment-waiting": _waiting,
    "order": _order,
    "orders": _orders,
    "login": at("/login"),
    "login-refused": _refused_login,
    "register": at("/register"),
    "account": _account,
    "staff-orders": _staff("/staff"),
    "staff-order": _staff_order,
    "staff-products": _staff("/staff/products"),
    "staff-product": _staff("/staff/products/camp-lantern"),
    "staff-audit": _audit,
    "not-found": at("/nothing"),
}
