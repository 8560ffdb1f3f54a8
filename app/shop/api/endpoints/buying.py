"""From the cart to the order, and a shopper's own orders."""

import re
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from shop.api import carts, orders, payments
from shop.api.carts import MOST_OF_ONE, Cart, Carts
from shop.api.checkout import Buyer, Checkout, settle
from shop.api.database import Database
from shop.api.endpoints.accounts import client_of
from shop.api.limits import Limits
from shop.api.operations import Call, Operation, Query, Who, decoded, or_404
from shop.api.orders import Order, Orders, Summary, told
from shop.api.payments import Notice, Provider
from shop.api.tables import orders as orders_table
from shop.api.tokens import Tokens
from shop.api.versions import Version
from shop.common.answers import NO_STORE, Refused, json

CHECKOUTS = {"owner": (20, 60), "address": (600, 60)}
"""Tries and seconds: of one shopper; from one address, behind which may be a whole office."""

NUMBER = r"CN-[0-9A-Z]{5}-[0-9A-Z]{5}"
KEY = r"[A-Za-z0-9_-]{8,64}"

AFTER = Query("after", None, "an order's number", pattern=NUMBER)
LIMIT = Query("limit", orders.PAGE, "orders in the list", lowest=1, highest=orders.MOST)


class Added(msgspec.Struct, frozen=True):
    """The body of "add to cart"."""

    product: Annotated[str, Meta(max_length=120)]
    quantity: Annotated[int, Meta(ge=1, le=MOST_OF_ONE)] = 1


class Quantity(msgspec.Struct, frozen=True):
    """The body of "make it so many"; 0 takes it out."""

    quantity: Annotated[int, Meta(ge=0, le=MOST_OF_ONE)]


class Listed(msgspec.Struct, frozen=True):
    """A shopper's orders, newest first; `next` is the next page's `after`."""

    orders: list[Summary]
    next: str | None


class BuyingEndpoints:
    """The handlers, with what they need."""

    def __init__(
        self,
        database: Database,
        all_carts: Carts,
        reads: Orders,
        checkout: Checkout,
        provider: Provider,
        tokens: Tokens,
        limits: Limits,
        version: Version,
    ) -> None:
        self._database = database
        self._carts = all_carts
        self._orders = reads
        self._checkout = checkout
        self._provider = provider
        self._tokens = tokens
        self._limits = limits
        self._version = version

    def operations(self) -> list[Operation]:
        """What can be asked."""
        shopper = Who.SHOPPER
        cannot = {404: ("not_found",), 409: ("out_of_stock",)}
        again = Operation(
            "POST", "/api/orders/{number}/again", self.again, shopper, {200: Cart}, refusals={404: ("not_found",)}
        )
        return [
            Operation("POST", "/api/cart/items", self.add_item, shopper, {200: Cart}, takes=Added, refusals=cannot),
            Operation("GET", "/api/cart", self.cart, shopper, {200: Cart}),
            Operation(
                "PUT", "/api/cart/items/{slug}", self.put_item, shopper, {200: Cart}, takes=Quantity, refusals=cannot
            ),
            Operation("GET", "/api/orders", self.order_list, shopper, {200: Listed}, query=(AFTER, LIMIT)),
            Operation(
                "POST",
                "/api/orders",
                self.check_out,
                shopper,
                {201: Order, 202: Order},
                takes=Buyer,
                headers=("Idempotency-Key",),
                refusals={
                    400: ("key_missing",),
                    402: ("payment_declined",),
                    409: ("empty_cart", "out_of_stock", "in_flight"),
                    422: ("key_reused",),
                    429: ("too_many_requests",),
                },
            ),
            Operation(
                "GET",
                "/api/orders/{number}",
                self.order,
                shopper,
                {200: Order},
                refusals={404: ("not_found",)},
            ),
            Operation(
                "POST",
                "/api/orders/{number}/cancel",
                self.cancel,
                shopper,
                {200: Order},
                refusals={404: ("not_found",), 409: ("not_cancellable",)},
            ),
            Operation(
                "POST",
                "/api/payments/callback",
                self.called_back,
                Who.ANYONE,
                {204: None},
                takes=Notice,
                headers=("X-Payment-Signature",),
                refusals={403: ("wrong_signature",)},
            ),
            *([again] if "again" in self._version.features else []),
        ]

    async def cart(self, call: Call) -> Response:
        """The asker's cart."""
        return json(await self._carts.read(call.owner))

    async def add_item(self, call: Call) -> Response:
        """More pieces of a product in the cart."""
        wanted = await call.body(Added)
        return json(await self._carts.add(call.owner, wanted.product, wanted.quantity))

    async def put_item(self, call: Call) -> Response:
        """Exactly so many pieces of a product in the cart."""
        wanted = await call.body(Quantity)
        return json(await self._carts.put(call.owner, call.path("slug"), wanted.quantity))

    async def check_out(self, call: Call) -> Response:
        """An order of the cart, once for each Idempotency-Key."""
        key = call.request.headers.get("idempotency-key", "")
        if not re.fullmatch(KEY, key):
            raise Refused(400, "key_missing", "send an Idempotency-Key of 8 to 64 letters and digits")
        buyer = await call.body(Buyer)
        await self._limits.hit("checkout", call.owner, *CHECKOUTS["owner"])
        await self._limits.hit("checkout", client_of(call), *CHECKOUTS["address"])
        answer = await self._checkout.place(call.owner, key, buyer, self._version.columns(buyer))
        headers = {**NO_STORE, "idempotency-replayed": "true" if answer.replayed else "false"}
        return Response(answer.body, answer.status, headers, "application/json")

    async def order_list(self, call: Call) -> Response:
        """The asker's orders, newest first."""
        mine = orders_table.c.owner == call.owner
        async with self._database.reading() as connection:
            rows, following = await self._orders.listed(connection, mine, **call.query)
        found = [Summary(row.number, told(row.created_at), row.total_cents, row.state) for row in rows]
        return json(Listed(found, following))

    async def order(self, call: Call) -> Response:
        """One order of the asker's."""
        async with self._database.reading() as connection:
            return json(or_404(await self._orders.find(connection, call.path("number"), call.owner)))

    async def cancel(self, call: Call) -> Response:
        """Calls an order off: its pieces go back on sale, and its money to the buyer."""
        number = call.path("number")

        async def work(connection: AsyncConnection) -> Order:
            or_404(await self._orders.find(connection, number, call.owner))
            if not await orders.move(connection, number, orders.CANCELLABLE, "cancelled"):
                raise Refused(409, "not_cancellable", "this order can no longer be cancelled")
            return or_404(await self._orders.find(connection, number, call.owner))

        cancelled = await self._database.write(work)
        await self._provider.refund(number)
        return json(cancelled)

    async def again(self, call: Call) -> Response:
        """What an order held, in the cart once more, as far as there is any."""
        number = call.path("number")

        async def work(connection: AsyncConnection) -> None:
            or_404(await self._orders.find(connection, number, call.owner))
            await carts.give(connection, call.owner, await orders.lines(connection, number))

        await self._database.write(work)
        return json(await self._carts.read(call.owner))

    async def called_back(self, call: Call) -> Response:
        """What the payment provider has to say, once or more often."""
        await self.settle(await call.request.body(), call.request.headers.get("x-payment-signature", ""))
        return Response(status_code=204, headers=NO_STORE)

    async def settle(self, body: bytes, signature: str) -> None:
        """Does what a call back says, if it is the provider's. Raises Refused 403 otherwise."""
        if not await payments.is_signed(self._tokens, body, signature):
            raise Refused(403, "wrong_signature", "this is not signed by the payment provider")
        notice = decoded(body, Notice)
        kept = await self._database.write(lambda connection: settle(connection, notice.reference, notice.outcome))
        if not kept:
            await self._provider.refund(notice.reference)
