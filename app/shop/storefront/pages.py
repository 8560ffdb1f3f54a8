"""The pages: what each asks of the API, and which template shows it."""

import secrets
import time
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from shop.common.logs import request_id
from shop.common.settings import Settings
from shop.storefront import assets, cookies
from shop.storefront.client import Api, ApiDown, ApiRefused

SHELVES_SECONDS = 30
"""How long the categories in the header are kept; they change about never."""


class Pages:
    """The handlers, with what they need."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self.api = api
        self._shelves: tuple[float, list[dict[str, str]]] = (0.0, [])
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(str(files("shop.storefront") / "templates")),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            static_url=assets.static_url,
            picture_url=assets.picture_url,
            release=settings.release,
            version=settings.version,
        )
        self._templates.filters["money"] = lambda cents: f"${cents / 100:,.2f}"

    def routes(self) -> list[Route]:
        """All pages, and what they link to."""
        return [
            Route("/", self.catalogue),
            Route("/category/{category}", self.catalogue),
            Route("/product/{slug}", self.product),
            Route("/cart", self.cart),
            Route("/cart/add", self.add, methods=["POST"]),
            Route("/cart/change", self.change, methods=["POST"]),
            Route("/checkout", self.checkout),
            Route("/checkout", self.buy, methods=["POST"]),
            Route("/orders", self.orders),
            Route("/orders/{number}", self.order),
            Route("/login", self.login),
            Route("/login", self.log_in, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"]),
            Route("/static/{digest}/{name}", assets.static),
            Route("/pictures/{digest}/{name}", assets.picture),
        ]

    async def catalogue(self, request: Request) -> Response:
        """All products, or those of one category; a page at a time."""
        category = request.path_params.get("category")
        query: dict[str, str | int] = {"limit": 24, "after": request.query_params.get("after", "0")}
        if category:
            query["category"] = category
        page = await self.api.get("/api/products", query=query)
        shelf = next((shelf for shelf in await self._categories() if shelf["slug"] == category), None)
        if category and shelf is None:
            raise HTTPException(404)
        return await self._show(request, "catalogue.html", page=page, shelf=shelf, first=query["after"] == "0")

    async def product(self, request: Request) -> Response:
        """One product, with the form that puts it into the cart."""
        product = await self.api.get(f"/api/products/{request.path_params['slug']}")
        return await self._show(request, "product.html", product=product, shelves=await self._categories(), problem="")

    async def cart(self, request: Request) -> Response:
        """The cart."""
        return await self._show(request, "cart.html", cart=await self._cart(request), problem="")

    async def add(self, request: Request) -> Response:
        """The form of a product page."""
        form = await _form(request)
        token, new_for = cookies.token(request), 0
        if not await self._me(request):
            guest = await self.api.post("/api/guests")
            token, new_for = guest["token"], guest["expires_in"]
        try:
            wanted = {"product": form.get("product", ""), "quantity": _count(form)}
            await self.api.post("/api/cart/items", token, wanted)
        except ApiRefused as refused:
            if refused.code != "out_of_stock":
                raise
            product = await self.api.get(f"/api/products/{refused.error['product']}")
            context = {"product": product, "shelves": await self._categories(), "problem": _sold_out(refused)}
            return await self._show(request, "product.html", 409, **context)
        response = RedirectResponse("/cart", 303)
        if new_for:
            cookies.remember(request, response, token, new_for)
        return response

    async def change(self, request: Request) -> Response:
        """The forms of the cart's lines."""
        form = await _form(request)
        try:
            path = f"/api/cart/items/{form.get('product', '')}"
            await self.api.put(path, cookies.token(request), {"quantity": _count(form)})
        except ApiRefused as refused:
            if refused.code != "out_of_stock":
                raise
            return await self._show(
                request, "cart.html", 409, cart=await self._cart(request), problem=_sold_out(refused)
            )
        return RedirectResponse("/cart", 303)

    async def checkout(self, request: Request) -> Response:
        """Where to send it. The key in the form makes a second click the same order."""
        cart = await self._cart(request)
        if not cart["items"]:
            return RedirectResponse("/cart", 303)
        return await self._show(
            request, "checkout.html", cart=cart, key=secrets.token_urlsafe(16), given={}, problem=""
        )

    async def buy(self, request: Request) -> Response:
        """The checkout's form: an order, or the form again with what is wrong."""
        form = await _form(request)
        buyer = {name: form.get(name, "").strip() for name in ("name", "email", "address", "gift_note")}
        key = form.get("key", "")
        try:
            order = await self.api.post("/api/orders", cookies.token(request), buyer, key)
        except ApiRefused as refused:
            if refused.code == "empty_cart":
                return RedirectResponse("/cart", 303)
            if refused.code not in ("out_of_stock", "invalid", "key_reused"):
                raise
            # Another buyer under the same key is somebody who went back and changed the form: a new order, then.
            fresh = secrets.token_urlsafe(16)
            problem = _sold_out(refused) if refused.code == "out_of_stock" else f"Please check: {refused}."
            cart = await self._cart(request)
            return await self._show(
                request, "checkout.html", refused.status, cart=cart, key=fresh, given=buyer, problem=problem
            )
        return RedirectResponse(f"/orders/{order['number']}?placed", 303)

    async def orders(self, request: Request) -> Response:
        """The shopper's orders."""
        known = await self._me(request)
        orders = (await self.api.get("/api/orders", cookies.token(request)))["orders"] if known else []
        return await self._show(request, "orders.html", orders=orders)

    async def order(self, request: Request) -> Response:
        """One order; just after the checkout, with thanks."""
        if not await self._me(request):
            raise HTTPException(404)
        order = await self.api.get(f"/api/orders/{request.path_params['number']}", cookies.token(request))
        return await self._show(request, "order.html", order=order, placed="placed" in request.query_params)

    async def login(self, request: Request) -> Response:
        """The login form."""
        return await self._show(request, "login.html", email="", problem="")

    async def log_in(self, request: Request) -> Response:
        """The login form, sent."""
        form = await _form(request)
        email = form.get("email", "")
        try:
            credentials = {"email": email, "password": form.get("password", "")}
            known = await self.api.post("/api/login", cookies.token(request), credentials)
        except ApiRefused as refused:
            if refused.code != "wrong_login":
                raise
            problem = "E-mail address or password is wrong."
            return await self._show(request, "login.html", 401, email=email, problem=problem)
        response = RedirectResponse("/", 303)
        cookies.remember(request, response, known["token"], known["expires_in"])
        return response

    async def log_out(self, request: Request) -> Response:
        """Forgets the shopper."""
        response = RedirectResponse("/", 303)
        cookies.forget(request, response)
        return response

    async def failed(self, request: Request, error: Exception) -> Response:
        """The page for what went wrong. It asks the API nothing: that may be what is down."""
        status = 500
        if isinstance(error, ApiDown):
            status = 503
        elif isinstance(error, ApiRefused):
            # A 401 here is a login that ended between two clicks.
            status = error.status if error.status in (401, 404, 409, 413, 422) else 500
        elif isinstance(error, HTTPException):
            status = error.status_code
        context = {"me": None, "categories": self._shelves[1], "status": status, "request_id": request_id.get()}
        response = self._render("error.html", status, context)
        if status == 503:
            response.headers["Retry-After"] = "5"
        if status == 401:
            cookies.forget(request, response)
        return response

    async def _show(self, request: Request, template: str, status: int = 200, **context: Any) -> Response:
        me = await self._me(request)
        return self._render(template, status, {"me": me, "categories": await self._categories(), **context})

    def _render(self, template: str, status: int, context: dict[str, Any]) -> Response:
        body = self._templates.get_template(template).render(context)
        # Every page shows somebody's cart, so none may be kept by a proxy; `no-cache` lets "back" work.
        return Response(body, status, {"cache-control": "private, no-cache"}, "text/html")

    async def _categories(self) -> list[dict[str, str]]:
        until, shelves = self._shelves
        if time.monotonic() >= until:
            shelves = (await self.api.get("/api/categories"))["categories"]
            self._shelves = (time.monotonic() + SHELVES_SECONDS, shelves)
        return shelves

    async def _me(self, request: Request) -> dict[str, Any] | None:
        """Who is asking and how full their cart is, asked once a page; None without a token, or with a stale one."""
        token = cookies.token(request)
        if token and not hasattr(request.state, "me"):
            try:
                request.state.me = await self.api.get("/api/me", token)
            except ApiRefused as refused:
                if refused.status != 401:
                    raise
                request.state.me = None
        found: dict[str, Any] | None = getattr(request.state, "me", None)
        return found

    async def _cart(self, request: Request) -> dict[str, Any]:
        if not await self._me(request):
            return {"items": [], "count": 0, "total_cents": 0, "features": []}
        cart: dict[str, Any] = await self.api.get("/api/cart", cookies.token(request))
        return cart


async def _form(request: Request) -> dict[str, str]:
    """The fields of a sent form (application/x-www-form-urlencoded, as all of ours are)."""
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def _count(form: dict[str, str]) -> int:
    given = form.get("quantity", "1")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 4 else -1


def _sold_out(refused: ApiRefused) -> str:
    left = refused.error.get("available", 0)
    return f"Only {left} left of this one." if left else "This one is sold out."
