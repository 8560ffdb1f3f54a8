"""From a product's page to the order: cart, delivery, payment."""

import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from shop.storefront.browsing import about
from shop.storefront.client import Api, ApiRefused, path
from shop.storefront.orders import path_to
from shop.storefront.sessions import session
from shop.storefront.view import View, form

EMPTY: dict[str, Any] = {"items": [], "count": 0, "total_cents": 0, "features": []}

DELIVERY = ("name", "email", "address", "phone", "gift_note")

CARDS = {
    "test-ok": ("Test card 4242", "is accepted"),
    "test-decline": ("Test card 0002", "is declined"),
    "test-late": ("Test card 3155", "is accepted, but only after a while"),
    "test-timeout": ("Test card 9979", "never gets an answer; the order expires"),
    "test-twice": ("Test card 5556", "is accepted and confirmed twice"),
}
"""What the test provider knows (docs/shop-api.md, "Orders"): each a way that a real payment can go."""


class Buying:
    """The handlers, with what they need."""

    def __init__(self, api: Api, view: View) -> None:
        self.api = api
        self.view = view

    def routes(self) -> list[Route]:
        """The pages of cart and checkout, and where their forms go."""
        return [
            Route("/cart", self.cart),
            Route("/cart/add", self.add, methods=["POST"]),
            Route("/cart/change", self.change, methods=["POST"]),
            Route("/checkout", self.delivery),
            Route("/checkout/payment", self.payment, methods=["POST"]),
            Route("/checkout", self.buy, methods=["POST"]),
        ]

    async def cart(self, request: Request) -> Response:
        """The cart."""
        return await self._show_cart(request)

    async def add(self, request: Request) -> Response:
        """The form of a product page."""
        sent = await form(request)
        own = session(request)
        if not await self.view.me(request):
            own.keep(await self.api.post("/api/guests", repeat=True))
        try:
            wanted = {"product": sent.get("product", ""), "quantity": _count(sent)}
            await self.api.post("/api/cart/items", await own.token(), wanted)
        except ApiRefused as refused:
            if refused.code != "out_of_stock":
                raise
            context = {**await about(self.api, refused.error["product"]), "problem": _sold_out(refused)}
            return await self.view.page(request, "product.html", 409, **context)
        return RedirectResponse("/cart", 303)

    async def change(self, request: Request) -> Response:
        """The forms of the cart's lines."""
        sent = await form(request)
        try:
            line = path("cart", "items", sent.get("product", ""))
            await self.api.put(line, await session(request).token(), {"quantity": _count(sent)})
        except ApiRefused as refused:
            if refused.code != "out_of_stock":
                raise
            return await self._show_cart(request, 409, _sold_out(refused))
        return RedirectResponse("/cart", 303)

    async def delivery(self, request: Request) -> Response:
        """The first step: where to send it."""
        return await self._show_delivery(request, {})

    async def payment(self, request: Request) -> Response:
        """The second step: how to pay. What was written in the first goes along in the form."""
        sent = await form(request)
        given = _given(sent)
        missing = [name for name in ("name", "email", "address") if not given[name]]
        if missing or "back" in sent:
            problem = "" if "back" in sent else f"Please fill in: {', '.join(missing)}."
            return await self._show_delivery(request, given, 200 if "back" in sent else 422, problem)
        return await self._show_payment(request, given)

    async def buy(self, request: Request) -> Response:
        """The second step, sent: an order, or the step again with what is wrong.

        The key in the form makes a second click, a reload and a try after a failure the same order. A payment that was
        declined is another matter: its next try has a key of its own.
        """
        sent = await form(request)
        given, key, card = _given(sent), sent.get("key", ""), sent.get("payment", "test-ok")
        if not re.fullmatch(r"[A-Za-z0-9_-]{8,64}", key) or card not in CARDS:
            return await self._show_payment(request, given, 422, "Please send this once more.")
        # What this version of the shop does not ask for is not sent: an empty field is none.
        body = {name: value for name, value in given.items() if value} | {"payment": card}
        try:
            order = await self.api.post("/api/orders", await session(request).token(), body, key)
        except ApiRefused as refused:
            return await self._not_bought(request, given, key, refused)
        return RedirectResponse(f"{path_to(order['number'])}?placed", 303)

    async def _not_bought(self, request: Request, given: dict[str, str], key: str, refused: ApiRefused) -> Response:
        status = refused.status
        match refused.code:
            case "payment_declined":
                problem = "The card was declined. Nothing was charged and nothing was sold; your cart is as it was."
                return await self._show_payment(request, given, status, problem)
            case "in_flight":
                problem = "Your order is just being placed. Send this again in a moment: it will not be bought twice."
                return await self._show_payment(request, given, status, problem, key)
            case "too_many_requests":
                problem = f"That was too often. Please wait {refused.error.get('retry_after', 60)} seconds."
                return await self._show_payment(request, given, status, problem, key)
            case "key_reused":
                problem = (
                    "This form was sent before with something else in it. Please look at it and send it once more."
                )
                return await self._show_payment(request, given, status, problem)
            case "out_of_stock":
                return await self._show_cart(request, status, _sold_out(refused))
            case "empty_cart":
                return await self._show_cart(request, status, "There is nothing in your cart any more.")
            case "invalid":
                return await self._show_delivery(request, given, status, f"Please check: {refused}.")
        raise refused

    async def _show_cart(self, request: Request, status: int = 200, problem: str = "") -> Response:
        return await self.view.page(request, "cart.html", status, cart=await self._cart(request), problem=problem)

    async def _show_delivery(
        self, request: Request, given: dict[str, str], status: int = 200, problem: str = ""
    ) -> Response:
        cart = await self._cart(request)
        if not cart["items"]:
            return RedirectResponse("/cart", 303)
        return await self.view.page(request, "delivery.html", status, cart=cart, given=given, problem=problem)

    async def _show_payment(
        self, request: Request, given: dict[str, str], status: int = 200, problem: str = "", key: str = ""
    ) -> Response:
        cart = await self._cart(request)
        if not cart["items"]:
            return RedirectResponse("/cart", 303)
        context = {"cart": cart, "given": given, "problem": problem, "cards": CARDS}
        return await self.view.page(request, "payment.html", status, **context, key=key or secrets.token_urlsafe(16))

    async def _cart(self, request: Request) -> dict[str, Any]:
        if not await self.view.me(request):
            return EMPTY
        cart: dict[str, Any] = await self.api.get("/api/cart", await session(request).token())
        return cart


def _given(sent: dict[str, str]) -> dict[str, str]:
    return {name: sent.get(name, "").strip() for name in DELIVERY}


def _count(sent: dict[str, str]) -> int:
    given = sent.get("quantity", "1")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 4 else -1


def _sold_out(refused: ApiRefused) -> str:
    left = refused.error.get("available", 0)
    return f"Only {left} left of this one." if left else "This one is sold out."
