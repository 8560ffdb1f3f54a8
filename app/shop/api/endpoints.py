"""The API's routes: what comes in over HTTP, and which part of the shop answers."""

import re
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shop.api import accounts, carts, catalogue, checkout, orders
from shop.api.database import Database
from shop.api.tokens import Shopper, Tokens
from shop.common.answers import Refused, json

Body = TypeVar("Body")


class Credentials(msgspec.Struct, frozen=True):
    """The body of a login."""

    email: str
    password: str


class Added(msgspec.Struct, frozen=True):
    """The body of "add to cart"."""

    product: str
    quantity: int = 1


class Quantity(msgspec.Struct, frozen=True):
    """The body of "make it so many"."""

    quantity: int


class Endpoints:
    """The handlers, with what they need. `version` is the shop's: from 2 on, orders carry a gift note."""

    def __init__(self, database: Database, tokens: Tokens, version: int) -> None:
        self.database = database
        self.tokens = tokens
        self.gift_notes = version >= 2
        self.features = ["gift_note"] if self.gift_notes else []

    def routes(self) -> list[Route]:
        """All routes under /api."""
        return [
            Route("/api/categories", self.categories),
            Route("/api/products", self.products),
            Route("/api/products/{slug}", self.product),
            Route("/api/guests", self.new_guest, methods=["POST"]),
            Route("/api/login", self.log_in, methods=["POST"]),
            Route("/api/me", self.me),
            Route("/api/cart", self.cart),
            Route("/api/cart/items", self.add_item, methods=["POST"]),
            Route("/api/cart/items/{slug}", self.put_item, methods=["PUT"]),
            Route("/api/orders", self.order_list),
            Route("/api/orders", self.check_out, methods=["POST"]),
            Route("/api/orders/{number}", self.order),
        ]

    async def categories(self, _: Request) -> Response:
        """GET /api/categories"""
        async with self.database.reading() as connection:
            return json({"categories": await catalogue.shelves(connection)})

    async def products(self, request: Request) -> Response:
        """GET /api/products?category=SLUG&after=ID&limit=N"""
        after = _number(request, "after", 0, 0, 2**31 - 1)
        limit = _number(request, "limit", catalogue.PAGE, 1, catalogue.MOST)
        async with self.database.reading() as connection:
            return json(await catalogue.page(connection, request.query_params.get("category"), after, limit))

    async def product(self, request: Request) -> Response:
        """GET /api/products/SLUG"""
        async with self.database.reading() as connection:
            found = await catalogue.find(connection, request.path_params["slug"])
        return json(_or_404(found))

    async def new_guest(self, _: Request) -> Response:
        """POST /api/guests: a token for a cart without a login"""
        token, seconds = await self.tokens.for_guest()
        return json({"token": token, "expires_in": seconds}, 201)

    async def log_in(self, request: Request) -> Response:
        """POST /api/login {email, password}; a guest's token sent along brings cart and orders into the account"""
        given = _decode(await request.body(), Credentials)
        async with self.database.reading() as connection:
            user = await accounts.log_in(connection, given.email, given.password)
        if user is None:
            raise Refused(401, "wrong_login", "e-mail address or password is wrong")
        guest = await self._guest(request)
        if guest:
            async with self.database.writing() as connection:
                await carts.merge(connection, guest.owner, f"user:{user.id}")
        token, seconds = await self.tokens.for_user(user.id)
        return json({"token": token, "expires_in": seconds, "user": user})

    async def me(self, request: Request) -> Response:
        """GET /api/me: who is asking, and how full the cart is; what a page's header shows"""
        shopper = await self._shopper(request)
        async with self.database.reading() as connection:
            user = await accounts.find(connection, shopper.user) if shopper.user is not None else None
            return json({"user": user, "cart_count": await carts.count(connection, shopper.owner)})

    async def cart(self, request: Request) -> Response:
        """GET /api/cart"""
        shopper = await self._shopper(request)
        return await self._show_cart(shopper)

    async def add_item(self, request: Request) -> Response:
        """POST /api/cart/items {product, quantity}"""
        shopper = await self._shopper(request)
        wanted = _decode(await request.body(), Added)
        _in_range(wanted.quantity, 1)
        async with self.database.writing() as connection:
            await carts.add(connection, shopper.owner, wanted.product, wanted.quantity)
        return await self._show_cart(shopper)

    async def put_item(self, request: Request) -> Response:
        """PUT /api/cart/items/SLUG {quantity}; 0 takes it out"""
        shopper = await self._shopper(request)
        wanted = _decode(await request.body(), Quantity)
        _in_range(wanted.quantity, 0)
        async with self.database.writing() as connection:
            await carts.put(connection, shopper.owner, request.path_params["slug"], wanted.quantity)
        return await self._show_cart(shopper)

    async def check_out(self, request: Request) -> Response:
        """POST /api/orders {name, email, address[, gift_note]} with an Idempotency-Key"""
        shopper = await self._shopper(request)
        key = request.headers.get("idempotency-key", "")
        if not re.fullmatch(r"[A-Za-z0-9_-]{8,64}", key):
            raise Refused(400, "key_missing", "send an Idempotency-Key of 8 to 64 letters and digits")
        buyer = _decode(await request.body(), checkout.Buyer)
        async with self.database.writing() as connection:
            number, replay = await checkout.place(connection, shopper.owner, key, buyer, gift_notes=self.gift_notes)
        made = await self._order(shopper, number)
        return json(made, 201, {"cache-control": "no-store", "idempotency-replayed": "true" if replay else "false"})

    async def order_list(self, request: Request) -> Response:
        """GET /api/orders"""
        shopper = await self._shopper(request)
        async with self.database.reading() as connection:
            return json({"orders": await orders.listed(connection, shopper.owner)})

    async def order(self, request: Request) -> Response:
        """GET /api/orders/NUMBER"""
        shopper = await self._shopper(request)
        return json(await self._order(shopper, request.path_params["number"]))

    async def _order(self, shopper: Shopper, number: str) -> orders.Order:
        async with self.database.reading() as connection:
            return _or_404(await orders.find(connection, shopper.owner, number, gift_notes=self.gift_notes))

    async def _show_cart(self, shopper: Shopper) -> Response:
        async with self.database.reading() as connection:
            return json(await carts.read(connection, shopper.owner, self.features))

    async def _shopper(self, request: Request) -> Shopper:
        return await self.tokens.read(request.headers.get("authorization", ""))

    async def _guest(self, request: Request) -> Shopper | None:
        """The guest who is logging in; nobody when the token is missing, old or a user's."""
        try:
            shopper = await self._shopper(request)
        except Refused:
            return None
        return shopper if shopper.user is None else None


def _decode(body: bytes, kind: type[Body]) -> Body:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Refused(422, "invalid", str(error)) from error
    except msgspec.DecodeError as error:
        raise Refused(400, "not_json", "the body is not JSON") from error


def _or_404(found: Body | None) -> Body:
    if found is None:
        raise Refused(404, "not_found", "there is nothing here")
    return found


def _in_range(quantity: int, lowest: int) -> None:
    if not lowest <= quantity <= carts.MOST_OF_ONE:
        raise Refused(422, "invalid", f"quantity should be from {lowest} to {carts.MOST_OF_ONE}")


def _number(request: Request, name: str, default: int, lowest: int, highest: int) -> int:
    given = request.query_params.get(name, str(default))
    if not re.fullmatch(r"\d{1,10}", given) or not lowest <= int(given) <= highest:
        raise Refused(422, "invalid", f"{name} should be a whole number from {lowest} to {highest}")
    return int(given)
