"""What ends by itself: reservations nobody paid for, old keys, counters and sessions.

Every process looks every few seconds. Each end is a conditional update, so any number of them may look at once.
"""

import asyncio
import itertools
import logging
import time

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api import checkout, orders, sessions
from shop.api.database import Database
from shop.api.hot import Unavailable
from shop.api.payments import Outcome, Provider
from shop.api.tables import checkouts, rate_counters
from shop.api.tables import orders as orders_table

log = logging.getLogger("shop.reservations")

EVERY_SECONDS = 5.0

TIDY_EVERY = 60
"""Looks at reservations between two clean-ups."""

AT_ONCE = 50
"""Orders ended in one go."""


async def watch(database: Database, provider: Provider) -> None:
    """Ends what is over, until cancelled."""
    for look in itertools.count():
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await expire(database, provider)
            if look % TIDY_EVERY == TIDY_EVERY - 1:
                await tidy(database)
        except (SQLAlchemyError, Unavailable, OSError) as error:
            # No schema yet, or no database just now: the next look is soon.
            log.debug("not now", extra={"fields": {"cause": type(error).__name__}})


async def expire(database: Database, provider: Provider) -> int:
    """Ends the reservations whose time is over; returns how many. One that was paid for after all becomes an order."""
    over = orders_table.c.state == "pending", orders_table.c.reserved_until < int(time.time())
    async with database.reading() as connection:
        query = select(orders_table.c.number).where(*over).order_by(orders_table.c.id).limit(AT_ONCE)
        numbers = list((await connection.execute(query)).scalars())
    ended = 0
    for number in numbers:
        # A process that was killed after the charge never wrote it down; the provider knows.
        outcome = await provider.look_up(number)

        async def work(connection: AsyncConnection, number: str = number, outcome: Outcome = outcome) -> bool:
            if outcome is Outcome.PAID:
                await checkout.settle(connection, number, outcome)
                return False
            return await orders.move(connection, number, ("pending",), "expired")

        if await database.write(work):
            ended += 1
            log.info("reservation ended", extra={"fields": {"order": number}})
    return ended


async def tidy(database: Database) -> None:
    """Deletes keys, counters and sessions that nobody asks for any more."""
    now = int(time.time())

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(delete(checkouts).where(checkouts.c.created_at < now - checkout.KEEP_SECONDS))
        await connection.execute(delete(rate_counters).where(rate_counters.c.began_at < now - 24 * 3600))
        await sessions.forget(connection)

    await database.write(work)
