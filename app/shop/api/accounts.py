"""Users and their passwords."""

import asyncio
import functools

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api.tables import users

# OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, t=2, p=1. The library's default of 64 MiB
# lets ten logins at once kill a pod of 256 MiB (docs/decisions/2026-11-24-shop-stack.md).
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

_at_once = asyncio.Semaphore(3)
"""Passwords checked at the same time: 3 x 19 MiB."""


class User(msgspec.Struct, frozen=True):
    """A user as the user may see them."""

    id: int
    email: str
    name: str


async def find(connection: AsyncConnection, user: int) -> User | None:
    """The user with this id."""
    row = (await connection.execute(select(users.c.id, users.c.email, users.c.name).where(users.c.id == user))).first()
    return User(*row) if row else None


async def log_in(connection: AsyncConnection, email: str, password: str) -> User | None:
    """The user with this e-mail address and password; None otherwise, after the same time whichever was wrong."""
    columns = users.c.id, users.c.email, users.c.name, users.c.password_hash
    row = (await connection.execute(select(*columns).where(users.c.email == email.strip().lower()))).first()
    async with _at_once:
        matches = await asyncio.to_thread(_matches, row.password_hash if row else _nobody(), password)
    return User(row.id, row.email, row.name) if row and matches else None


@functools.cache
def _nobody() -> str:
    return hasher.hash("the password of nobody")


def _matches(password_hash: str, password: str) -> bool:
    try:
        return hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
