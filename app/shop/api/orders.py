"""Orders as their owner reads them. Every query names the owner: there is no way to ask for somebody else's."""

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api.tables import order_items, orders, products


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


class Order(Summary, frozen=True, omit_defaults=True):
    """An order whole. `gift_note` is there from version 2 on, when one was written."""

    name: str
    email: str
    address: str
    items: list[Item]
    gift_note: str | None = None


async def listed(connection: AsyncConnection, owner: str) -> list[Summary]:
    """The owner's last hundred orders, newest first."""
    query = (
        select(orders.c.number, orders.c.created_at, orders.c.total_cents)
        .where(orders.c.owner == owner)
        .order_by(orders.c.id.desc())
        .limit(100)
    )
    return [Summary(number, f"{at.isoformat()}Z", total) for number, at, total in await connection.execute(query)]


async def find(connection: AsyncConnection, owner: str, number: str, *, gift_notes: bool) -> Order | None:
    """The owner's order with this number; None for nobody's and for somebody else's alike."""
    columns = [
        orders.c.id,
        orders.c.number,
        orders.c.created_at,
        orders.c.total_cents,
        orders.c.name,
        orders.c.email,
        orders.c.address,
    ]
    if gift_notes:
        columns.append(orders.c.gift_note)
    row = (await connection.execute(select(*columns).where(orders.c.owner == owner, orders.c.number == number))).first()
    if row is None:
        return None
    return Order(
        row.number,
        f"{row.created_at.isoformat()}Z",
        row.total_cents,
        row.name,
        row.email,
        row.address,
        await _items(connection, row.id),
        row.gift_note if gift_notes else None,
    )


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
