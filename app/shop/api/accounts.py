"""Users and their passwords."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api.database import Database
from shop.api.tables import users

# OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, t=2, p=1. The library's default of 64 MiB
# lets ten logins at once kill a pod of 256 MiB (docs/decisions/2026-11-24-shop-stack.md).
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$Tr86jtPxd0lqBglLMWTzfw$npMe9ss/2v78SY9ec1lNKeMJruPlfMgmtmBc+dIr0nM"
"""Stands where there is no user, at the cost of any other: random letters that nobody kept were hashed for it."""

AT_ONCE = 3
"""Passwords checked at the same time in a process: 3 x 19 MiB. Who comes fourth waits for a thread."""

_threads = ThreadPoolExecutor(AT_ONCE, "shop-passwords")


EMAIL = r"^\s*[^@\s]+@[^@\s]+\s*$"
"""What may be an e-mail address. Only a mail that arrives proves more."""

T = TypeVar("T")


class User(msgspec.Struct, frozen=True):
    """A user as the user may see them. `role` is customer or staff."""

    id: int
    email: str
    name: str
    role: str = "customer"


_COLUMNS = users.c.id, users.c.email, users.c.name, users.c.role


def address(email: str) -> str:
    """An e-mail address as it is stored and compared."""
    return email.strip().lower()


async def log_in(database: Database, email: str, password: str) -> User | None:
    """The user with this e-mail address and password; None otherwise, after the same time whichever was wrong."""
    async with database.reading() as connection:
        query = select(*_COLUMNS, users.c.password_hash).where(users.c.email == address(email))
        row = (await connection.execute(query)).first()
    stored = row.password_hash if row else NOBODY
    if not await _in_turn(_matches, stored, password) or row is None:
        return None
    if hasher.check_needs_rehash(stored):
        # The cost was raised since: now is the one time that we hold the password.
        stored = await hashed(password)
        await database.write(lambda connection: store(connection, row.id, stored))
    return User(*row[:4])


async def register(database: Database, email: str, name: str, password: str) -> None:
    """Makes an account, unless there is one with this address. Which it was is not told, nor does it take longer."""
    row = {"email": address(email), "name": name.strip(), "password_hash": await _in_turn(hasher.hash, password)}

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(insert(users).values(row))

    try:
        await database.write(work)
    except IntegrityError:
        pass


async def is_password_of(database: Database, user: int, password: str) -> bool:
    """Whether this is the user's password."""
    async with database.reading() as connection:
        row: Row[str] | None = (
            await connection.execute(select(users.c.password_hash).where(users.c.id == user))
        ).first()
    return await _in_turn(_matches, row[0] if row else NOBODY, password)


async def hashed(password: str) -> str:
    """What is stored of a password."""
    return await _in_turn(hasher.hash, password)


async def store(connection: AsyncConnection, user: int, stored: str) -> None:
    """Stores another hash for the user, in the caller's transaction."""
    await connection.execute(update(users).where(users.c.id == user).values(password_hash=stored))


async def _in_turn(work: Callable[..., T], *values: str) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, work, *values)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
