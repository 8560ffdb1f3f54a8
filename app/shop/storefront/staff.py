"""The shop's back room: products, prices, stock, orders, and who changed what. For users whom the API calls staff."""

import re
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from shop.storefront.account import to_login
from shop.storefront.assets import Assets
from shop.storefront.client import Api, ApiRefused, path
from shop.storefront.sessions import session
from shop.storefront.view import View, form

PAGE = 50

STATES = ("pending", "paid", "shipped", "delivered", "cancelled", "payment_failed", "expired")

NEXT = {"paid": ("shipped", "cancelled"), "shipped": ("delivered",), "pending": ("cancelled",)}
"""What staff may make of an order; the API has the last word."""

WORDS = ("name", "summary", "description", "category", "picture")


class Staff:
    """The handlers, with what they need. Who may do what is the API's to say: every one of them asks it."""

    def __init__(self, api: Api, view: View, assets: Assets) -> None:
        self.api = api
        self.view = view
        self.assets = assets

    def routes(self) -> list[Route]:
        """The pages, and where their forms go."""
        return [
            Route("/staff", self.orders),
            Route("/staff/orders/{number}", self.order),
            Route("/staff/orders/{number}", self.move_order, methods=["POST"]),
            Route("/staff/products", self.products),
            Route("/staff/products", self.add_product, methods=["POST"]),
            Route("/staff/products/new", self.new_product),
            Route("/staff/products/{slug}", self.product),
            Route("/staff/products/{slug}", self.change_product, methods=["POST"]),
            Route("/staff/audit", self.audit),
        ]

    async def orders(self, request: Request) -> Response:
        """All orders, or those in one state."""
        state = request.query_params.get("state", "")
        asked = await self._ask(request, "orders", state=state, after=request.query_params.get("after", ""))
        return await self._page(request, "orders", asked, state=state, states=STATES)

    async def order(self, request: Request) -> Response:
        """One order, whoever's it is."""
        return await self._show_order(request)

    async def move_order(self, request: Request) -> Response:
        """An order's next state."""
        number, wanted = request.path_params["number"], (await form(request)).get("state", "")
        try:
            token = await session(request).token()
            await self.api.post(path("staff", "orders", number, "state"), token, {"state": wanted})
        except ApiRefused as refused:
            if refused.code not in ("wrong_state", "invalid"):
                raise
            return await self._show_order(request, refused.status, f"That is not possible any more: {refused}.")
        return RedirectResponse(_here("orders", number), 303)

    async def products(self, request: Request) -> Response:
        """All products, those off sale too."""
        words = request.query_params.get("words", "").strip()[:100]
        asked = await self._ask(request, "products", q=words, after=request.query_params.get("after", ""))
        return await self._page(request, "products", asked, words=words)

    async def new_product(self, request: Request) -> Response:
        """The form for one more product."""
        await self._ask(request, "products", limit="1")
        return await self._show_form(request, None, {})

    async def add_product(self, request: Request) -> Response:
        """The form for one more product, sent."""
        sent = await form(request)
        body: dict[str, Any] = {name: sent.get(name, "").strip() for name in ("slug", *WORDS)}
        body |= {"price_cents": _cents(sent), "stock": _whole(sent, "stock"), "hue": _whole(sent, "hue")}
        try:
            made = await self.api.post("/api/staff/products", await session(request).token(), body)
        except ApiRefused as refused:
            return await self._show_form(request, None, sent, refused.status, _problem(refused))
        return RedirectResponse(_here("products", made["slug"]) + "?saved", 303)

    async def product(self, request: Request) -> Response:
        """One product, to be changed."""
        return await self._show_form(request, await self._product(request), {})

    async def change_product(self, request: Request) -> Response:
        """What was changed, and nothing else: two people may have the same product open."""
        sent, known = await form(request), await self._product(request)
        body: dict[str, Any] = {name: sent[name].strip() for name in WORDS if name in sent}
        body |= {"price_cents": _cents(sent), "hue": _whole(sent, "hue"), "active": "active" in sent}
        changed = {name: value for name, value in body.items() if value != known.get(name)}
        if delta := _whole(sent, "stock_change"):
            changed["stock_change"] = delta
        try:
            if changed:
                await self.api.patch(path("staff", "products", known["slug"]), await session(request).token(), changed)
        except ApiRefused as refused:
            return await self._show_form(request, known, sent, refused.status, _problem(refused))
        return RedirectResponse(_here("products", known["slug"]) + "?saved", 303)

    async def audit(self, request: Request) -> Response:
        """Who changed what, newest first."""
        return await self._page(
            request, "audit", await self._ask(request, "audit", after=request.query_params.get("after", ""))
        )

    async def _product(self, request: Request) -> dict[str, Any]:
        found: dict[str, Any] = await self._ask(request, "products", request.path_params["slug"])
        return found

    async def _show_order(self, request: Request, status: int = 200, problem: str = "") -> Response:
        order = await self._ask(request, "orders", request.path_params["number"])
        steps = NEXT.get(order["state"], ())
        return await self.view.page(request, "staff/order.html", status, order=order, steps=steps, problem=problem)

    async def _show_form(
        self,
        request: Request,
        product: dict[str, Any] | None,
        sent: dict[str, str],
        status: int = 200,
        problem: str = "",
    ) -> Response:
        context = {"product": product, "sent": sent, "problem": problem, "motifs": self.assets.motifs}
        saved = "saved" in request.query_params
        return await self.view.page(request, "staff/product.html", status, **context, saved=saved)

    async def _page(self, request: Request, name: str, page: dict[str, Any], **context: Any) -> Response:
        return await self.view.page(request, f"staff/{name}.html", page=page, **context)

    async def _ask(self, request: Request, *segments: str, **query: str) -> Any:
        wanted: dict[str, str | int] = {"limit": PAGE, **{name: value for name, value in query.items() if value}}
        token = await session(request).token()
        return await self.api.get(path("staff", *segments), token, wanted if len(segments) == 1 else None)


async def closed(request: Request, error: Exception) -> Response | None:
    """Where a stranger at the back door is sent: to the login. None when this is no such case."""
    if isinstance(error, ApiRefused) and error.status == 401 and request.url.path.startswith("/staff"):
        return to_login(request.url.path)
    return None


def _here(*segments: str) -> str:
    return path("staff", *segments).removeprefix("/api")


def _cents(sent: dict[str, str]) -> int:
    """19.9 -> 1990; what is no price is -1, which the API refuses with a reason."""
    found = re.fullmatch(r"\s*\$?(\d{1,7})(?:[.,](\d{1,2}))?\s*", sent.get("price", ""))
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else -1


def _whole(sent: dict[str, str], name: str) -> int:
    found = re.fullmatch(r"\s*([+-]?\d{1,7})\s*", sent.get(name, "0") or "0")
    if not found:
        raise HTTPException(422)
    return int(found[1])


def _problem(refused: ApiRefused) -> str:
    if refused.code not in ("exists", "not_enough", "invalid"):
        raise refused
    return f"Not saved: {refused}."
