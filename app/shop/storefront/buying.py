"""From a product's page to the order: cart and checkout."""

import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from shop.storefront import cookies
from shop.storefront.client import Api, ApiRefused, path
from shop.storefront.view import View, form

EMPTY: dict[str, Any] = {"items": [], "count": 0, "total_cents": 0, "features": []}


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
            Route("/checkout", self.checkout),
            Route("/checkout", self.buy, methods=["POST"]),
        ]

    async def cart(self, request: Request) -> Response:
        """The cart."""
        return await self._show_cart(request)

    async def add(self, request: Request) -> Response:
        """The form of a product page."""
        sent = await form(request)
        token, new_for = cookies.token(request), 0
        if not await self.view.me(request):
            guest = await self.api.post("/api/guests")
            token, new_for = guest["token"], guest["expires_in"]
        try:
            wanted = {"product": sent.get("product", ""), "quantity": _count(sent)}
            await self.api.post("/api/cart/items", token, wanted)
        except ApiRefused as refused:
            if refused.code != "out_of_stock":
                raise
            product = await self.api.get(path("products", refused.error["product"]))
            return await self.view.page(request, "product.html", 409, product=product, problem=_sold_out(refused))
        response = RedirectResponse("/cart", 303)
        if new_for:
            cookies.remember(request, response, token, new_for)
        return response

    async def change(self, request: Request) -> Response:
        """The forms of the cart's lines."""
        sent = await form(request)
        try:
            line = path("cart", "items", sent.get("product", ""))
            await self.api.put(line, cookies.token(request), {"quantity": _count(sent)})
        except ApiRefused as refused:
            if refused.code != "out_of_stock":
                raise
            return await self._show_cart(request, 409, _sold_out(refused))
        return RedirectResponse("/cart", 303)

    async def checkout(self, request: Request) -> Response:
        """Where to send it."""
        return await self._show_checkout(request, {})

    async def buy(self, request: Request) -> Response:
        """The checkout's form: an order, or the form again with what is wrong."""
        sent = await form(request)
        buyer = {name: sent.get(name, "").strip() for name in ("name", "email", "address", "gift_note")}
        key = sent.get("key", "")
        if not re.fullmatch(r"[A-Za-z0-9_-]{8,64}", key):
            return await self._show_checkout(request, buyer, 422, "Please send the form once more.")
        try:
            order = await self.api.post("/api/orders", cookies.token(request), buyer, key)
        except ApiRefused as refused:
            if refused.code not in ("empty_cart", "out_of_stock", "invalid", "key_reused"):
                raise
            problem = _sold_out(refused) if refused.code == "out_of_stock" else f"Please check: {refused}."
            return await self._show_checkout(request, buyer, refused.status, problem)
        return RedirectResponse(f"/orders/{order['number']}?placed", 303)

    async def _show_cart(self, request: Request, status: int = 200, problem: str = "") -> Response:
        return await self.view.page(request, "cart.html", status, cart=await self._cart(request), problem=problem)

    async def _show_checkout(
        self, request: Request, given: dict[str, str], status: int = 200, problem: str = ""
    ) -> Response:
        """The form. Its key makes a second click the same order; each time it is shown it is for a new one."""
        cart = await self._cart(request)
        if not cart["items"]:
            return RedirectResponse("/cart", 303)
        context = {"cart": cart, "key": secrets.token_urlsafe(16), "given": given, "problem": problem}
        return await self.view.page(request, "checkout.html", status, **context)

    async def _cart(self, request: Request) -> dict[str, Any]:
        if not await self.view.me(request):
            return EMPTY
        cart: dict[str, Any] = await self.api.get("/api/cart", cookies.token(request))
        return cart


def _count(sent: dict[str, str]) -> int:
    given = sent.get("quantity", "1")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 4 else -1


def _sold_out(refused: ApiRefused) -> str:
    left = refused.error.get("available", 0)
    return f"Only {left} left of this one." if left else "This one is sold out."
