"""Paying, behind an interface: what the shop asks of a payment provider, and the test provider.

A provider is another company: it may say no, not answer, answer late by calling back, and call back twice. So a charge
is asked for by the order's number and may be asked for again, and what a call back says may be heard again.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api.database import Database
from shop.api.tables import test_charges
from shop.api.tokens import Tokens


class Outcome(StrEnum):
    """What became of a charge. `UNKNOWN`: the provider has not heard of it, or does not say."""

    PAID = "paid"
    DECLINED = "declined"
    UNKNOWN = "unknown"


class Notice(msgspec.Struct, frozen=True):
    """What a provider calls back with."""

    reference: str
    outcome: Outcome


class Provider(Protocol):
    """What the shop asks of a payment provider. Everything may be asked twice."""

    async def charge(self, reference: str, cents: int, means: str) -> Outcome:
        """Takes the money for an order; the same reference is the same charge."""

    async def look_up(self, reference: str) -> Outcome:
        """What became of a charge."""

    async def refund(self, reference: str) -> None:
        """Gives the money of a charge back."""


Calls = Callable[[bytes, str], Awaitable[object]]
"""Where a provider calls back: the body and its signature."""

LATE_SECONDS = 0.2
"""How long after its time-out the test provider calls back for `test-late`."""


class TestProvider:
    """Stands for a provider. The means of payment says how it behaves (docs/shop-api.md).

    Its books are the table `test_charges`.
    """

    __test__ = False  # not one of pytest's

    def __init__(self, database: Database, tokens: Tokens, seconds: float) -> None:
        self._database = database
        self._tokens = tokens
        self._seconds = seconds
        self._callbacks: set[asyncio.Task[None]] = set()
        self.calls: Calls | None = None

    async def charge(self, reference: str, cents: int, means: str) -> Outcome:
        if means == "test-decline":
            return Outcome.DECLINED
        if means == "test-timeout":
            await asyncio.sleep(3600)
        if means == "test-late":
            self._later(reference, cents, times=1, after=self._seconds + LATE_SECONDS)
            await asyncio.sleep(3600)
        if means not in ("test-ok", "test-twice"):
            return Outcome.DECLINED
        await self._book(reference, cents)
        if means == "test-twice":
            self._later(reference, cents, times=2, after=0)
        return Outcome.PAID

    async def look_up(self, reference: str) -> Outcome:
        async with self._database.reading() as connection:
            query = select(test_charges.c.state).where(test_charges.c.reference == reference)
            state = (await connection.execute(query)).scalar_one_or_none()
        return Outcome.PAID if state == "charged" else Outcome.UNKNOWN

    async def refund(self, reference: str) -> None:
        async def work(connection: AsyncConnection) -> None:
            this = test_charges.c.reference == reference
            await connection.execute(update(test_charges).where(this).values(state="refunded"))

        await self._database.write(work)

    async def _book(self, reference: str, cents: int) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(
                insert(test_charges).values(reference=reference, amount_cents=cents, state="charged")
            )

        try:
            await self._database.write(work)
        except IntegrityError:
            pass  # It was charged already.

    def _later(self, reference: str, cents: int, *, times: int, after: float) -> None:
        task = asyncio.create_task(self._call(reference, cents, times, after))
        self._callbacks.add(task)
        task.add_done_callback(self._callbacks.discard)

    async def _call(self, reference: str, cents: int, times: int, after: float) -> None:
        await asyncio.sleep(after)
        await self._book(reference, cents)
        body = msgspec.json.encode(Notice(reference, Outcome.PAID))
        for _ in range(times):
            if self.calls is not None:
                await self.calls(body, await sign(self._tokens, body))


async def sign(tokens: Tokens, body: bytes) -> str:
    """The signature of a call back: HMAC-SHA256 of its body, as hex."""
    return await tokens.derived("payments", body.decode())


async def is_signed(tokens: Tokens, body: bytes, signature: str) -> bool:
    """Whether a call back comes from who knows our key. In constant time."""
    try:
        return hmac.compare_digest(await sign(tokens, body), signature)
    except (UnicodeDecodeError, TypeError):
        return False
