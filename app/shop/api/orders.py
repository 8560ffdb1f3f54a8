"""Orders: their states, and how they are read. Every query for a shopper names the owner: there is no way to ask for
somebody else's."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api.tables import order_items, orders, products
from shop.common import metrics

MOST = 100
"""Orders in a list; `PAGE` when nobody says how many."""

PAGE = 100

CANCELLABLE = ("pending", "paid")
"""States in which an order can still be called off."""

OVER = ("payment_failed", "expired", "cancelled")
"""Ends at which nothing was sold: the stock goes back."""

NEXT = {"paid": ("shipped", "cancelled"), "shipped": ("delivered",), "pending": ("cancelled",)}
"""Where staff may take an order from each state."""


class Item(msgspec.Struct, frozen=True):
    """A line of an order, at the price that was paid."""

    slug: str
    name: str
    picture: str
    hue: int
    price_cents: int
    quantity: int


class Summary(msgspec.Struct, frozen=True):
    """An order in the list. `created_at` is RFC 3339 UTC."""

    number: str
    created_at: str
    total_cents: int
    state: str


class StaffSummary(Summary, frozen=True):
    """An order in the staff's list."""

    name: str
    email: str


class Order(Summary, frozen=True, omit_defaults=True):
    """An order whole. `reserved_until`: when its pieces go back if it is not paid."""

    cancellable: bool
    name: str
    email: str
    address: str
    items: list[Item]
    reserved_until: str | None = None
    phone: str | None = None
    gift_note: str | None = None


class Orders:
    """Reads orders. `extras` are the columns that this version of the shop knows beyond those of every version."""

    def __init__(self, extras: list[str]) -> None:
        self._extras = extras

    async def listed(
        self, connection: AsyncConnection, *which: ColumnElement[bool], after: str | None, limit: int
    ) -> tuple[list[Any], str | None]:
        """Rows (number, created_at, total_cents, state, name, email) of the newest orders older than `after`, and the
        number to go on after."""
        c = orders.c
        query = select(c.number, c.created_at, c.total_cents, c.state, c.name, c.email).where(*which)
        if after is not None:
            query = query.where(c.id < select(c.id).where(c.number == after).scalar_subquery())
        rows = list((await connection.execute(query.order_by(c.id.desc()).limit(limit + 1))).all())
        return rows[:limit], rows[limit - 1].number if len(rows) > limit else None

    async def find(self, connection: AsyncConnection, number: str, owner: str | None) -> Order | None:
        """The owner's order with this number; None for nobody's and for somebody else's alike. `owner` None: staff."""
        c = orders.c
        always = [c.id, c.number, c.created_at, c.total_cents, c.state, c.name, c.email, c.address, c.reserved_until]
        query = select(*always, *(c[name] for name in self._extras)).where(c.number == number)
        if owner is not None:
            query = query.where(c.owner == owner)
        row = (await connection.execute(query)).first()
        if row is None:
            return None
        waits = row.state == "pending" and row.reserved_until is not None
        return Order(
            number=row.number,
            created_at=told(row.created_at),
            total_cents=row.total_cents,
            state=row.state,
            cancellable=row.state in CANCELLABLE,
            name=row.name,
            email=row.email,
            address=row.address,
            items=await _items(connection, row.id),
            reserved_until=told(datetime.fromtimestamp(row.reserved_until, UTC)) if waits else None,
            **{name: getattr(row, name) for name in self._extras},
        )


def told(at: datetime) -> str:
    """A time as answers tell it."""
    return f"{at.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


async def _items(connection: AsyncConnection, order: int) -> list[Item]:
    bought = order_items.c
    columns = (
        products.c.slug,
        bought.name,
        products.c.picture,
        products.c.hue,
        bought.price_cents,
        bought.quantity,
    )
    query = select(*columns).join_from(order_items, products).where(bought.order_id == order).order_by(products.c.id)
    return [Item(*row) for row in await connection.execute(query)]


async def move(connection: AsyncConnection, number: str, start: tuple[str, ...], end: str) -> bool:
    """Takes an order from one of the states `start` to `end`, with its stock; False when it is in none of them.

    The update is the decision: of two that move the same order at once, one is told False.
    """
    here = orders.c.number == number, orders.c.state.in_(start)
    moved = await connection.execute(update(orders).where(*here).values(state=end, reserved_until=None))
    if moved.rowcount != 1:
        return False
    metrics.ORDERS.labels(end).inc()
    if end == "paid":
        total = select(orders.c.total_cents).where(orders.c.number == number)
        metrics.SOLD.inc((await connection.execute(total)).scalar_one())
    if end in OVER:
        await _give_back(connection, number)
    return True


async def _give_back(connection: AsyncConnection, number: str) -> None:
    for product, quantity in await lines(connection, number):
        this = products.c.id == product
        await connection.execute(update(products).where(this).values(stock=products.c.stock + quantity))


async def lines(connection: AsyncConnection, number: str) -> list[tuple[int, int]]:
    """An order's products' ids with how many of each, in their order."""
    query = (
        select(order_items.c.product_id, order_items.c.quantity)
        .join_from(order_items, orders)
        .where(orders.c.number == number)
        .order_by(order_items.c.product_id)
    )
    return [(product, quantity) for product, quantity in await connection.execute(query)]
