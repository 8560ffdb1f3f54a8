"""The staff's side: products, prices, stock, orders, and the log of who changed what."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from shop.api import orders, staff
from shop.api.database import Database
from shop.api.endpoints.buying import AFTER, LIMIT
from shop.api.endpoints.catalogue import PAGES, CatalogueEndpoints
from shop.api.operations import Call, Operation, Query, Who, or_404
from shop.api.orders import Order, Orders, StaffSummary, told
from shop.api.payments import Provider
from shop.api.staff import Changes, Entry, NewProduct, StaffProduct
from shop.api.tables import orders as orders_table
from shop.common.answers import Refused, json

STATES = ("pending", "paid", "shipped", "delivered", *orders.OVER)


class Products(msgspec.Struct, frozen=True):
    """Products, on sale or not."""

    products: list[StaffProduct]
    next: int | None


class StaffOrders(msgspec.Struct, frozen=True):
    """Orders, newest first."""

    orders: list[StaffSummary]
    next: str | None


class Log(msgspec.Struct, frozen=True):
    """Who changed what, newest first."""

    entries: list[Entry]
    next: int | None


class NewState(msgspec.Struct, frozen=True):
    """The body of "take it to this state"."""

    state: Annotated[Literal["shipped", "delivered", "cancelled"], Meta()]


class StaffEndpoints:
    """The handlers, with what they need."""

    def __init__(self, database: Database, reads: Orders, provider: Provider, catalogue: CatalogueEndpoints) -> None:
        self._database = database
        self._orders = reads
        self._provider = provider
        self._catalogue = catalogue

    def operations(self) -> list[Operation]:
        """What can be asked."""
        who = Who.STAFF
        words = Query("q", "", "up to 100 letters", pattern=r"(?s).{0,100}")
        state = Query("state", None, f"one of {', '.join(STATES)}", pattern="|".join(STATES))
        missing = {404: ("not_found",)}
        product, order = "/api/staff/products/{slug}", "/api/staff/orders/{number}"
        return [
            Operation("GET", "/api/staff/products", self.products, who, {200: Products}, query=(words, *PAGES)),
            Operation(
                "POST",
                "/api/staff/products",
                self.create,
                who,
                {201: StaffProduct},
                takes=NewProduct,
                refusals={409: ("exists",)},
            ),
            Operation("GET", product, self.product, who, {200: StaffProduct}, refusals=missing),
            Operation(
                "PATCH",
                product,
                self.change,
                who,
                {200: StaffProduct},
                takes=Changes,
                refusals={**missing, 409: ("not_enough",)},
            ),
            Operation("GET", "/api/staff/orders", self.orders, who, {200: StaffOrders}, query=(state, AFTER, LIMIT)),
            Operation("GET", order, self.order, who, {200: Order}, refusals=missing),
            Operation(
                "POST",
                f"{order}/state",
                self.move,
                who,
                {200: Order},
                takes=NewState,
                refusals={**missing, 409: ("wrong_state",)},
            ),
            Operation("GET", "/api/staff/audit", self.log, who, {200: Log}, query=PAGES),
        ]

    async def products(self, call: Call) -> Response:
        """Products, those off sale too; with words in their name, if any are given."""
        given = call.query
        async with self._database.reading() as connection:
            return json(Products(*await staff.listed(connection, given["q"].strip(), given["after"], given["limit"])))

    async def product(self, call: Call) -> Response:
        """One product."""
        async with self._database.reading() as connection:
            return json(await staff.find(connection, call.path("slug")))

    async def create(self, call: Call) -> Response:
        """A new product."""
        new = await call.body(NewProduct)
        made = await self._database.write(lambda connection: staff.create(connection, call.person, new))
        self._catalogue.forget()
        return json(made, 201)

    async def change(self, call: Call) -> Response:
        """Some fields of a product."""
        changes, slug = await call.body(Changes), call.path("slug")
        changed = await self._database.write(lambda connection: staff.change(connection, call.person, slug, changes))
        self._catalogue.forget()
        return json(changed)

    async def orders(self, call: Call) -> Response:
        """Everybody's orders, newest first."""
        given = dict(call.query)
        state = given.pop("state")
        which = [orders_table.c.state == state] if state else []
        async with self._database.reading() as connection:
            rows, following = await self._orders.listed(connection, *which, **given)
        found = [
            StaffSummary(row.number, told(row.created_at), row.total_cents, row.state, row.name, row.email)
            for row in rows
        ]
        return json(StaffOrders(found, following))

    async def order(self, call: Call) -> Response:
        """One order, anybody's."""
        async with self._database.reading() as connection:
            return json(or_404(await self._orders.find(connection, call.path("number"), None)))

    async def move(self, call: Call) -> Response:
        """Takes an order to its next state."""
        number, wanted = call.path("number"), (await call.body(NewState)).state

        async def work(connection: AsyncConnection) -> Order:
            before = or_404(await self._orders.find(connection, number, None))
            start = tuple(state for state, ends in orders.NEXT.items() if wanted in ends)
            if not await orders.move(connection, number, start, wanted):
                raise Refused(409, "wrong_state", f"an order that is {before.state} cannot become {wanted}")
            await staff.record(
                connection, call.person, "order.state", number, {"state": before.state}, {"state": wanted}
            )
            return or_404(await self._orders.find(connection, number, None))

        moved = await self._database.write(work)
        if wanted == "cancelled":
            await self._provider.refund(number)
        return json(moved)

    async def log(self, call: Call) -> Response:
        """Who changed what."""
        async with self._database.reading() as connection:
            return json(Log(*await staff.log(connection, call.query["after"], call.query["limit"])))
