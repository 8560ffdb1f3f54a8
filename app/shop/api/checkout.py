"""From a cart to an order, once: stock is reserved by conditional update, and a repeated key gives the same order."""

import hashlib
import secrets
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api import carts
from shop.api.tables import cart_items, order_items, orders, products
from shop.common.answers import Refused

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for a digit when an order number is read out."""


class Buyer(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """What a checkout asks for. Version 1 ignores `gift_note`, which a page of version 2 may send during a roll."""

    name: str
    email: str
    address: str
    gift_note: str = ""

    def __post_init__(self) -> None:
        limits = {"name": 120, "email": 254, "address": 500, "gift_note": 300}
        for field, most in limits.items():
            value = getattr(self, field).strip()
            if len(value) > most:
                raise ValueError(f"{field} is longer than {most} characters")
            if not value and field != "gift_note":
                raise ValueError(f"{field} is empty")
        if "@" not in self.email.strip("@ "):
            raise ValueError("email is not an e-mail address")


async def place(
    connection: AsyncConnection, owner: str, key: str, buyer: Buyer, *, gift_notes: bool
) -> tuple[str, bool]:
    """Makes an order of the owner's cart, in the transaction of `connection`.

    Returns its number, and whether it is a replay: `key` was used before, with the same buyer.

    Raises:
        Refused: 409 `empty_cart`; 409 `out_of_stock` with product and pieces available; 422 `key_reused` for a key
            that was used with another buyer. The caller's transaction is then rolled back, and nothing was changed.
    """
    cart = await carts.hold(connection, owner)
    request = hashlib.sha256(msgspec.json.encode(buyer)).hexdigest()
    earlier = await _earlier(connection, owner, key)
    if earlier:
        if earlier.request_hash != request:
            raise Refused(422, "key_reused", "this Idempotency-Key was used for another checkout")
        return earlier.number, True

    lines = await _lines(connection, cart)
    if not lines:
        raise Refused(409, "empty_cart", "there is nothing in the cart")
    for line in lines:
        await _reserve(connection, line)
    number = _number()
    row = {
        "number": number,
        "owner": owner,
        "idempotency_key": key,
        "request_hash": request,
        "created_at": datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        "name": buyer.name.strip(),
        "email": buyer.email.strip(),
        "address": buyer.address.strip(),
        "total_cents": sum(line.price_cents * line.quantity for line in lines),
    }
    if gift_notes:
        row["gift_note"] = buyer.gift_note.strip() or None
    order = (await connection.execute(insert(orders).values(row))).inserted_primary_key
    assert order is not None  # both databases give the key of an inserted row
    bought = [
        {
            "order_id": order[0],
            "product_id": line.id,
            "name": line.name,
            "price_cents": line.price_cents,
            "quantity": line.quantity,
        }
        for line in lines
    ]
    await connection.execute(insert(order_items), bought)
    await connection.execute(delete(cart_items).where(cart_items.c.cart_id == cart))
    return number, False


async def _earlier(connection: AsyncConnection, owner: str, key: str) -> Row[str, str] | None:
    mine = orders.c.owner == owner, orders.c.idempotency_key == key
    return (await connection.execute(select(orders.c.number, orders.c.request_hash).where(*mine))).first()


async def _lines(connection: AsyncConnection, cart: int) -> list[Row[int, str, str, int, int]]:
    columns = products.c.id, products.c.slug, products.c.name, products.c.price_cents, cart_items.c.quantity
    # In the order of the products, in every process: two checkouts then never wait for each other in a ring.
    query = select(*columns).join_from(cart_items, products).where(cart_items.c.cart_id == cart).order_by(products.c.id)
    return list((await connection.execute(query)).all())


async def _reserve(connection: AsyncConnection, line: Row[int, str, str, int, int]) -> None:
    enough = products.c.id == line.id, products.c.stock >= line.quantity
    taken = await connection.execute(update(products).where(*enough).values(stock=products.c.stock - line.quantity))
    if taken.rowcount != 1:
        left = (await connection.execute(select(products.c.stock).where(products.c.id == line.id))).scalar_one()
        raise Refused(409, "out_of_stock", f"only {left} of {line.name} left", product=line.slug, available=left)


def _number() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"CN-{letters[:5]}-{letters[5:]}"
