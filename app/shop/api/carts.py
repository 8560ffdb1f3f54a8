"""A shopper's cart: one open cart an owner, changed only while its row is held."""

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api.tables import cart_items, carts, orders, products
from shop.common.answers import Refused

MOST_OF_ONE = 99
"""Pieces of one product in a cart."""


class CartItem(msgspec.Struct, frozen=True):
    """A line of the cart, at today's price."""

    slug: str
    name: str
    picture: str
    hue: int
    price_cents: int
    quantity: int
    stock: int


class Cart(msgspec.Struct, frozen=True):
    """A cart. `features` names what a checkout of this API understands beyond the first version."""

    items: list[CartItem]
    count: int
    total_cents: int
    features: list[str]


_LINES = (
    products.c.slug,
    products.c.name,
    products.c.picture,
    products.c.hue,
    products.c.price_cents,
    cart_items.c.quantity,
    products.c.stock,
)


async def read(connection: AsyncConnection, owner: str, features: list[str]) -> Cart:
    """The owner's cart; an empty one when there is none yet."""
    query = (
        select(*_LINES)
        .join_from(carts, cart_items)
        .join(products)
        .where(carts.c.owner == owner)
        .order_by(cart_items.c.product_id)
    )
    items = [CartItem(*row) for row in await connection.execute(query)]
    total = sum(item.price_cents * item.quantity for item in items)
    return Cart(items, sum(item.quantity for item in items), total, features)


async def count(connection: AsyncConnection, owner: str) -> int:
    """How many pieces are in the owner's cart."""
    pieces = select(func.coalesce(func.sum(cart_items.c.quantity), 0)).join_from(carts, cart_items)
    return int((await connection.execute(pieces.where(carts.c.owner == owner))).scalar_one())


async def hold(connection: AsyncConnection, owner: str) -> int:
    """The id of the owner's cart, made when missing and locked to the end of the transaction."""
    locked = select(carts.c.id).where(carts.c.owner == owner).with_for_update()
    found = (await connection.execute(locked)).scalar()
    if found is None:
        try:
            async with connection.begin_nested():
                await connection.execute(insert(carts).values(owner=owner))
        except IntegrityError:
            pass  # Two first clicks at once: the other one made it.
        found = (await connection.execute(locked)).scalar_one()
    return int(found)


async def add(connection: AsyncConnection, owner: str, slug: str, quantity: int) -> None:
    """Puts `quantity` more pieces in the cart.

    Raises:
        Refused: 404 no such product; 409 `out_of_stock` with how many there are.
    """
    cart = await hold(connection, owner)
    product, stock = await _product(connection, slug)
    had = await _quantity(connection, cart, product)
    await _put(connection, cart, product, _allowed(slug, had + quantity, stock))


async def put(connection: AsyncConnection, owner: str, slug: str, quantity: int) -> None:
    """Makes it exactly `quantity` pieces; 0 takes the product out. Raises as `add` does."""
    cart = await hold(connection, owner)
    product, stock = await _product(connection, slug)
    await _put(connection, cart, product, _allowed(slug, quantity, stock))


async def merge(connection: AsyncConnection, guest: str, user: str) -> None:
    """At login what the guest had becomes the user's, capped by stock; doing it twice changes nothing more."""
    theirs, own = await hold(connection, guest), await hold(connection, user)
    lines = (
        select(cart_items.c.product_id, cart_items.c.quantity, products.c.stock)
        .join_from(cart_items, products)
        .where(cart_items.c.cart_id == theirs)
    )
    for product, quantity, stock in (await connection.execute(lines)).all():
        had = await _quantity(connection, own, product)
        await _put(connection, own, product, min(had + quantity, stock, MOST_OF_ONE))
    await connection.execute(delete(cart_items).where(cart_items.c.cart_id == theirs))
    await connection.execute(update(orders).where(orders.c.owner == guest).values(owner=user))


async def _product(connection: AsyncConnection, slug: str) -> tuple[int, int]:
    row = (await connection.execute(select(products.c.id, products.c.stock).where(products.c.slug == slug))).first()
    if row is None:
        raise Refused(404, "not_found", f"there is no product {slug}")
    return row[0], row[1]


def _allowed(slug: str, wanted: int, stock: int) -> int:
    if wanted > min(stock, MOST_OF_ONE):
        raise Refused(409, "out_of_stock", f"only {min(stock, MOST_OF_ONE)} available", product=slug, available=stock)
    return wanted


async def _quantity(connection: AsyncConnection, cart: int, product: int) -> int:
    row = cart_items.c.cart_id == cart, cart_items.c.product_id == product
    return (await connection.execute(select(cart_items.c.quantity).where(*row))).scalar() or 0


async def _put(connection: AsyncConnection, cart: int, product: int, quantity: int) -> None:
    # The cart's row is held, so nobody else writes its lines between these two.
    await connection.execute(delete(cart_items).where(cart_items.c.cart_id == cart, cart_items.c.product_id == product))
    if quantity > 0:
        await connection.execute(insert(cart_items).values(cart_id=cart, product_id=product, quantity=quantity))
