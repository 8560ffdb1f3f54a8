"""Logins: a session a browser, kept alive by refresh tokens of which each is good once.

A token that comes again after its successor was used was stolen, or the successor was: the session ends (RFC 9700,
4.14.2). Within `GRACE_SECONDS`, while the successor is unused, it gives the same successor once more: a browser that
restores five tabs sends the same token five times.
"""

import hashlib
import secrets
import time

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api.accounts import User
from shop.api.database import Database
from shop.api.tables import refresh_tokens, sessions, users
from shop.api.tokens import Shopper, Tokens, unknown
from shop.common.answers import Refused

SECONDS = 30 * 24 * 3600
"""How long a session lives without being used."""

GRACE_SECONDS = 10

_ALIVE = (
    "SELECT u.id, u.email, u.name, u.role FROM sessions s JOIN users u ON u.id = s.user_id "
    "WHERE s.id = ? AND s.user_id = ? AND s.ended_at IS NULL AND s.expires_at > ?"
)


class Login(msgspec.Struct, frozen=True):
    """What who logged in is given."""

    token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    user: User


class Sessions:
    """Begins, continues and ends logins."""

    def __init__(self, database: Database, tokens: Tokens) -> None:
        self._database = database
        self._tokens = tokens

    async def user(self, shopper: Shopper) -> User:
        """The user of a token whose session is alive.

        Raises:
            Refused: 401 when it has ended, in whichever process, or when a guest asks.
        """
        if shopper.user is not None:
            for row in await self._database.hot.fetch(_ALIVE, shopper.session, shopper.user, int(time.time())):
                return User(*row)
        raise unknown("this login has ended" if shopper.user is not None else "log in first")

    async def begin(self, connection: AsyncConnection, user: User) -> Login:
        """A new session."""
        session, refresh = secrets.token_hex(16), secrets.token_hex(32)
        row = {"id": session, "user_id": user.id, "expires_at": int(time.time()) + SECONDS}
        await connection.execute(insert(sessions).values(row))
        await connection.execute(insert(refresh_tokens).values(hash=_hash(refresh), session_id=session))
        return await self._login(user, session, refresh)

    async def refresh(self, given: str) -> Login:
        """A new pair of tokens for an old refresh token.

        Raises:
            Refused: 401 `session_ended`; when the token was used before, its session has ended by then.
        """
        successor = await self._tokens.derived("refresh", given)
        login = await self._database.write(lambda connection: self._exchange(connection, given, successor))
        if login is None:
            raise Refused(401, "session_ended", "this login has ended: log in again")
        return login

    async def _exchange(self, connection: AsyncConnection, given: str, successor: str) -> Login | None:
        now = int(time.time())
        columns = refresh_tokens.c.session_id, refresh_tokens.c.used_at, users.c.id, users.c.email, users.c.name
        alive = sessions.c.ended_at.is_(None), sessions.c.expires_at > now, refresh_tokens.c.hash == _hash(given)
        found = select(*columns, users.c.role).join_from(refresh_tokens, sessions).join(users).where(*alive)
        row = (await connection.execute(found.with_for_update())).first()
        if row is None:
            return None
        session, used_at = row.session_id, row.used_at
        if used_at is None:
            this = refresh_tokens.c.hash == _hash(given)
            await connection.execute(update(refresh_tokens).where(this).values(used_at=now))
            await connection.execute(insert(refresh_tokens).values(hash=_hash(successor), session_id=session))
            await connection.execute(update(sessions).where(sessions.c.id == session).values(expires_at=now + SECONDS))
        elif now > used_at + GRACE_SECONDS or await self._was_used(connection, successor):
            await end(connection, sessions.c.id == session)
            return None
        return await self._login(User(*row[2:]), session, successor)

    async def _was_used(self, connection: AsyncConnection, token: str) -> bool:
        used = select(refresh_tokens.c.used_at).where(refresh_tokens.c.hash == _hash(token))
        return (await connection.execute(used)).scalar_one_or_none() is not None

    async def _login(self, user: User, session: str, refresh: str) -> Login:
        token, seconds = await self._tokens.for_user(user.id, session)
        return Login(token, seconds, refresh, SECONDS, user)


async def end(connection: AsyncConnection, *which: object) -> None:
    """Ends the sessions that `which` describes: their tokens, of both kinds, are refused from now on."""
    alive = sessions.c.ended_at.is_(None)
    await connection.execute(update(sessions).where(alive, *which).values(ended_at=int(time.time())))  # type: ignore[arg-type]


async def forget(connection: AsyncConnection) -> None:
    """Deletes what has been over for a day; its refresh tokens go along."""
    over = int(time.time()) - 24 * 3600
    old = select(sessions.c.id).where(sessions.c.expires_at < over).limit(500)
    gone = [row.id for row in await connection.execute(old)]
    if gone:
        await connection.execute(delete(refresh_tokens).where(refresh_tokens.c.session_id.in_(gone)))
        await connection.execute(delete(sessions).where(sessions.c.id.in_(gone)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
