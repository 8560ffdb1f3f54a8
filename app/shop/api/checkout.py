"""From a cart to an order, once.

Three steps, each whole or not at all: the order is made and its stock taken out (one transaction, in which the key is
written down too); the provider is asked for the money (nobody's lock is held meanwhile); what it said, and what we
answer, is written down together. A process that is killed in between leaves a pending order: the same key goes on with
it, and if nobody comes, its reservation ends (shop.api.reservations).
"""

import asyncio
import hashlib
import logging
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api import carts, orders
from shop.api.accounts import EMAIL
from shop.api.database import Database
from shop.api.orders import Orders
from shop.api.payments import Outcome, Provider
from shop.api.tables import checkouts, order_items, products
from shop.api.tables import orders as orders_table
from shop.common.answers import Refused
from shop.common.logs import request_id

log = logging.getLogger("shop.checkout")

LEASE_SECONDS = 30
"""How long a request may work on a checkout before another with the same key takes over."""

KEEP_SECONDS = 7 * 24 * 3600
"""How long a key is remembered."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for a digit when an order number is read out."""


class Buyer(msgspec.Struct, frozen=True):
    """What a checkout asks for. A version ignores what it does not know: a page of another may send it in a roll."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    email: Annotated[str, Meta(max_length=254, pattern=EMAIL)]
    address: Annotated[str, Meta(min_length=1, max_length=500)]
    phone: Annotated[str, Meta(max_length=40)] = ""
    gift_note: Annotated[str, Meta(max_length=300)] = ""
    payment: Annotated[str, Meta(pattern="^[a-z0-9_-]{1,64}$")] = "test-ok"

    def __post_init__(self) -> None:
        for field in ("name", "address"):
            if not getattr(self, field).strip():
                raise ValueError(f"{field} is empty")


@dataclass(frozen=True)
class Answer:
    """What is answered to a checkout; `body` is JSON. The same key gives the same again, then `replayed`."""

    status: int
    body: bytes
    replayed: bool = False


@dataclass(frozen=True)
class _Begun:
    """A checkout that this request may work on."""

    number: str
    cents: int


class Checkout:
    """Makes orders. `seconds` is how long a payment provider is waited for, `hold` how long unpaid stock is kept."""

    def __init__(self, database: Database, reads: Orders, provider: Provider, *, seconds: float, hold: int) -> None:
        self._database = database
        self._reads = reads
        self._provider = provider
        self._seconds = seconds
        self._hold = hold

    async def place(self, owner: str, key: str, buyer: Buyer, columns: dict[str, str | None]) -> Answer:
        """Makes an order of the owner's cart. `columns` are the buyer's as this version stores them.

        Raises:
            Refused: 409 `empty_cart`; 409 `out_of_stock` with product and pieces available; 409 `in_flight`;
                422 `key_reused` for a key that was used with another body. Nothing was changed then.
        """
        request = hashlib.sha256(msgspec.json.encode(buyer)).hexdigest()

        async def begin(connection: AsyncConnection) -> _Begun | Answer:
            return await self._begin(connection, owner, key, request, columns)

        try:
            begun = await self._database.write(begin)
        except IntegrityError:
            # Two with one key at once, and the other was first by a hair: now its row is there to be read.
            begun = await self._database.write(begin)
        if isinstance(begun, Answer):
            return begun
        outcome = await self._charge(begun, buyer.payment)

        async def finish(connection: AsyncConnection) -> tuple[Answer, bool]:
            return await self._finish(connection, owner, key, begun, outcome)

        answer, kept = await self._database.write(finish)
        if not kept:
            await self._provider.refund(begun.number)
        return answer

    async def _begin(
        self, connection: AsyncConnection, owner: str, key: str, request: str, columns: dict[str, str | None]
    ) -> _Begun | Answer:
        c = checkouts.c
        mine = c.owner == owner, c.idempotency_key == key
        earlier = (await connection.execute(select(checkouts).where(*mine).with_for_update())).first()
        now = int(time.time())
        if earlier is not None:
            if earlier.request_hash != request:
                raise Refused(422, "key_reused", "this Idempotency-Key was used for another checkout")
            if earlier.status is not None:
                return Answer(earlier.status, earlier.answer.encode(), replayed=True)
            if earlier.locked_until > now:
                raise Refused(409, "in_flight", "this checkout is being worked on: ask again in a second")
            await connection.execute(update(checkouts).where(*mine).values(locked_until=now + LEASE_SECONDS))
            total = select(orders_table.c.total_cents).where(orders_table.c.number == earlier.order_number)
            return _Begun(earlier.order_number, (await connection.execute(total)).scalar_one())
        number = _number()
        row = {
            "owner": owner,
            "idempotency_key": key,
            "request_hash": request,
            "order_number": number,
            "locked_until": now + LEASE_SECONDS,
            "created_at": now,
        }
        await connection.execute(insert(checkouts).values(row))
        return _Begun(number, await self._order(connection, owner, number, columns))

    async def _order(self, connection: AsyncConnection, owner: str, number: str, columns: dict[str, str | None]) -> int:
        """The order itself, made of the cart; returns its total."""
        # In the order of the products, in every process: two checkouts then never wait for each other in a ring.
        taken = await carts.take(connection, owner)
        if not taken:
            raise Refused(409, "empty_cart", "there is nothing in the cart")
        bought = [await self._reserve(connection, product, quantity) for product, quantity in taken]
        total = sum(line["price_cents"] * line["quantity"] for line in bought)
        row = {
            "number": number,
            "owner": owner,
            "state": "pending",
            "created_at": datetime.now(UTC).replace(tzinfo=None, microsecond=0),
            "reserved_until": int(time.time()) + self._hold,
            "total_cents": total,
            **columns,
        }
        order = (await connection.execute(insert(orders_table).values(row))).inserted_primary_key
        assert order is not None  # both databases give the key of an inserted row
        await connection.execute(insert(order_items), [{**line, "order_id": order[0]} for line in bought])
        return total

    async def _reserve(self, connection: AsyncConnection, product: int, quantity: int) -> dict[str, int]:
        c = products.c
        enough = c.id == product, c.stock >= quantity, c.active
        taken = await connection.execute(update(products).where(*enough).values(stock=c.stock - quantity))
        query = select(c.slug, c.name, c.price_cents, c.stock, c.active).where(c.id == product)
        row: Row[str, str, int, int, bool] = (await connection.execute(query)).one()
        if taken.rowcount != 1:
            left = row.stock if row.active else 0
            raise Refused(409, "out_of_stock", f"only {left} of {row.name} left", product=row.slug, available=left)
        return {"product_id": product, "name": row.name, "price_cents": row.price_cents, "quantity": quantity}

    async def _charge(self, begun: _Begun, token: str) -> Outcome:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._provider.charge(begun.number, begun.cents, token)
        except TimeoutError:
            fields = {"order": begun.number, "seconds": self._seconds}
            log.warning("the payment provider does not answer", extra={"fields": fields})
            return Outcome.UNKNOWN

    async def _finish(
        self, connection: AsyncConnection, owner: str, key: str, begun: _Begun, outcome: Outcome
    ) -> tuple[Answer, bool]:
        """What the provider said, and what we answer, in one transaction; False: the money must go back."""
        mine = checkouts.c.owner == owner, checkouts.c.idempotency_key == key
        earlier = (await connection.execute(select(checkouts).where(*mine).with_for_update())).one()
        if earlier.status is not None:
            # We were so slow that another request with this key took over and finished.
            return Answer(earlier.status, earlier.answer.encode(), replayed=True), True
        kept = await settle(connection, begun.number, outcome)
        order = await self._reads.find(connection, begun.number, None)
        assert order is not None
        if order.state == "payment_failed":
            status, told = 402, _declined(begun.number)
        else:
            status, told = (202 if order.state == "pending" else 201), msgspec.json.encode(order)
        done = {"status": status, "answer": told.decode()}
        await connection.execute(update(checkouts).where(*mine).values(done))
        return Answer(status, told), kept


async def settle(connection: AsyncConnection, number: str, outcome: Outcome) -> bool:
    """What a payment's outcome does to its order. False: it was paid for and is over, so the money must go back.

    Hearing the same again changes nothing.
    """
    if outcome is Outcome.PAID:
        if await orders.move(connection, number, ("pending",), "paid"):
            return True
        state = select(orders_table.c.state).where(orders_table.c.number == number)
        return (await connection.execute(state)).scalar_one_or_none() not in orders.OVER
    if outcome is Outcome.DECLINED and await orders.move(connection, number, ("pending",), "payment_failed"):
        owner = select(orders_table.c.owner).where(orders_table.c.number == number)
        who = (await connection.execute(owner)).scalar_one()
        await carts.give(connection, who, await orders.lines(connection, number))
    return True


def _declined(number: str) -> bytes:
    told = {
        "code": "payment_declined",
        "message": "the payment was declined; nothing was sold, and the cart is as it was",
        "request_id": request_id.get(),
        "order": number,
    }
    return msgspec.json.encode({"error": told})


def _number() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"CN-{letters[:5]}-{letters[5:]}"
