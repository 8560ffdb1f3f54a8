"""A shopper's cart. Adding to it is one statement and reading it another; the rest is rare."""

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api.hot import Hot
from shop.api.tables import cart_items, products
from shop.common import metrics
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
    """A cart. `features` names what this version of the API understands beyond the first one's."""

    items: list[CartItem]
    count: int
    total_cents: int
    features: list[str]


_READ = (
    "SELECT p.slug, p.name, p.picture, p.hue, p.price_cents, i.quantity, p.stock "
    "FROM cart_items i JOIN products p ON p.id = i.product_id WHERE i.owner = ? ORDER BY i.product_id"
)
_COUNT = "SELECT COALESCE(SUM(quantity), 0) FROM cart_items WHERE owner = ?"

# Adds, unless there would then be more than there is: the database decides, so two clicks at once are no race.
_ADD_SQLITE = (
    "INSERT INTO cart_items (owner, product_id, quantity) "
    f"SELECT ?, p.id, ? FROM products p WHERE p.slug = ? AND p.active = 1 AND MIN(p.stock, {MOST_OF_ONE}) >= ? "
    "ON CONFLICT (owner, product_id) DO UPDATE SET quantity = quantity + excluded.quantity "
    "WHERE quantity + excluded.quantity <= "
    f"MIN((SELECT stock FROM products WHERE id = cart_items.product_id), {MOST_OF_ONE})"
)
_ADD_MYSQL = (
    "INSERT INTO cart_items (owner, product_id, quantity) "
    f"SELECT ?, p.id, ? FROM products p WHERE p.slug = ? AND p.active = 1 AND LEAST(p.stock, {MOST_OF_ONE}) >= ? "
    "ON DUPLICATE KEY UPDATE quantity = cart_items.quantity + "
    f"IF(cart_items.quantity + VALUES(quantity) <= LEAST(p.stock, {MOST_OF_ONE}), VALUES(quantity), 0)"
)
_PUT_SQLITE = (
    "INSERT INTO cart_items (owner, product_id, quantity) "
    f"SELECT ?, p.id, ? FROM products p WHERE p.slug = ? AND p.active = 1 AND MIN(p.stock, {MOST_OF_ONE}) >= ? "
    "ON CONFLICT (owner, product_id) DO UPDATE SET quantity = excluded.quantity"
)
_PUT_MYSQL = (
    "INSERT INTO cart_items (owner, product_id, quantity) "
    f"SELECT ?, p.id, ? FROM products p WHERE p.slug = ? AND p.active = 1 AND LEAST(p.stock, {MOST_OF_ONE}) >= ? "
    "ON DUPLICATE KEY UPDATE quantity = VALUES(quantity)"
)
_TAKE_OUT = "DELETE FROM cart_items WHERE owner = ? AND product_id = (SELECT id FROM products WHERE slug = ?)"
_STOCK = "SELECT stock FROM products WHERE slug = ? AND active = 1"
_HAS = "SELECT quantity FROM cart_items i JOIN products p ON p.id = i.product_id WHERE i.owner = ? AND p.slug = ?"


class Carts:
    """The carts of all shoppers."""

    def __init__(self, hot: Hot, features: list[str], *, sqlite: bool) -> None:
        self._hot = hot
        self._features = features
        self._add = _ADD_SQLITE if sqlite else _ADD_MYSQL
        self._put = _PUT_SQLITE if sqlite else _PUT_MYSQL

    async def read(self, owner: str) -> Cart:
        """The owner's cart; an empty one when there is none yet."""
        items = [CartItem(*row) for row in await self._hot.fetch(_READ, owner)]
        total = sum(item.price_cents * item.quantity for item in items)
        return Cart(items, sum(item.quantity for item in items), total, self._features)

    async def count(self, owner: str) -> int:
        """How many pieces are in the owner's cart."""
        return int((await self._hot.fetch(_COUNT, owner))[0][0])

    async def add(self, owner: str, slug: str, quantity: int) -> Cart:
        """The cart with `quantity` more pieces in it.

        Raises:
            Refused: 404 no such product; 409 `out_of_stock` with how many there are.
        """
        changed, _ = await self._hot.change(self._add, owner, quantity, slug, quantity)
        metrics.CART_ADDITIONS.labels("added" if changed else "refused").inc()
        if not changed:
            await self._refuse(slug)
        return await self.read(owner)

    async def put(self, owner: str, slug: str, quantity: int) -> Cart:
        """The cart with exactly `quantity` pieces in it; 0 takes the product out. Raises as `add` does."""
        if quantity == 0:
            await self._hot.change(_TAKE_OUT, owner, slug)
            return await self.read(owner)
        changed, _ = await self._hot.change(self._put, owner, quantity, slug, quantity)
        # MySQL counts a line that already was so as unchanged.
        if not changed and await self._hot.fetch(_HAS, owner, slug) != [(quantity,)]:
            await self._refuse(slug)
        return await self.read(owner)

    async def _refuse(self, slug: str) -> None:
        for (stock,) in await self._hot.fetch(_STOCK, slug):
            left = min(stock, MOST_OF_ONE)
            raise Refused(409, "out_of_stock", f"only {left} available", product=slug, available=left)
        raise Refused(404, "not_found", f"there is no product {slug}")


async def merge(connection: AsyncConnection, guest: str, user: str) -> None:
    """At login what the guest had becomes the user's, capped by stock; doing it twice changes nothing more."""
    await give(connection, user, await take(connection, guest))


async def take(connection: AsyncConnection, owner: str) -> list[tuple[int, int]]:
    """Empties a cart: the products' ids with how many of each, in their order. Who comes second finds nothing."""
    lines = select(cart_items.c.product_id, cart_items.c.quantity).where(cart_items.c.owner == owner)
    rows = (await connection.execute(lines.order_by(cart_items.c.product_id).with_for_update())).all()
    # Only what was read: something that was put in meanwhile stays.
    seen = cart_items.c.product_id.in_([product for product, _ in rows])
    await connection.execute(delete(cart_items).where(cart_items.c.owner == owner, seen))
    return [(product, quantity) for product, quantity in rows]


async def give(connection: AsyncConnection, owner: str, lines: list[tuple[int, int]]) -> None:
    """Adds to a cart what there is of `lines`."""
    had = dict(await take(connection, owner))
    wanted = {product: had.get(product, 0) for product in had}
    for product, quantity in lines:
        wanted[product] = wanted.get(product, 0) + quantity
    if not wanted:
        return
    rows = await connection.execute(select(products.c.id, products.c.stock).where(products.c.id.in_(wanted)))
    stock = {number: left for number, left in rows}
    kept = [
        {"owner": owner, "product_id": product, "quantity": min(quantity, stock[product], MOST_OF_ONE)}
        for product, quantity in sorted(wanted.items())
        if min(quantity, stock[product]) > 0
    ]
    if kept:
        await connection.execute(insert(cart_items), kept)
