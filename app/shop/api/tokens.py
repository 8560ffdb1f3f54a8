"""Who is asking: signed tokens (JWT, HS256) for users and for guests."""

import secrets
import time
from dataclasses import dataclass

import jwt
from sqlalchemy import select

from shop.api.database import Database
from shop.api.tables import signing_keys
from shop.common.answers import Refused

USER_SECONDS = 12 * 3600
GUEST_SECONDS = 90 * 24 * 3600
"""A guest's token holds nothing but a cart and the orders made from it."""

LEEWAY_SECONDS = 30
"""How far two machines' clocks may be apart."""


@dataclass(frozen=True)
class Shopper:
    """Who a token was given to: `owner` is "user:ID" or "guest:RANDOM"; carts and orders carry it."""

    owner: str

    @property
    def user(self) -> int | None:
        """The user's id; None for a guest."""
        kind, _, rest = self.owner.partition(":")
        return int(rest) if kind == "user" else None


class Tokens:
    """Gives and reads tokens. The key is JWT_KEY, or the one that the first migration put into the database."""

    def __init__(self, key: str, database: Database) -> None:
        self._key = key
        self._database = database

    async def for_user(self, user: int) -> tuple[str, int]:
        """A token for a user who has just proved to be one, and the seconds that it lives."""
        return await self._sign(f"user:{user}", USER_SECONDS)

    async def for_guest(self) -> tuple[str, int]:
        """A token for a new guest. We choose who they are: a guessed or shared name would be a shared cart."""
        return await self._sign(f"guest:{secrets.token_hex(16)}", GUEST_SECONDS)

    async def read(self, authorization: str) -> Shopper:
        """The shopper of an `Authorization: Bearer …` header.

        Raises:
            Refused: 401 when it is missing, altered or too old.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unknown("say who you are: Authorization: Bearer TOKEN")
        try:
            claims = jwt.decode(
                token,
                await self._secret(),
                algorithms=["HS256"],
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "sub", "jti"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise _unknown("the login has expired") from error
        except jwt.InvalidTokenError as error:
            raise _unknown("this token is not one of ours") from error
        return Shopper(claims["sub"])

    async def _sign(self, subject: str, seconds: int) -> tuple[str, int]:
        now = int(time.time())
        claims = {"sub": subject, "iat": now, "exp": now + seconds, "jti": secrets.token_hex(8)}
        return jwt.encode(claims, await self._secret(), "HS256"), seconds

    async def _secret(self) -> str:
        if not self._key:
            async with self._database.reading() as connection:
                newest = select(signing_keys.c.secret).order_by(signing_keys.c.id.desc()).limit(1)
                self._key = (await connection.execute(newest)).scalar_one()
        return self._key


def _unknown(message: str) -> Refused:
    refused = Refused(401, "not_logged_in", message)
    refused.headers = {"WWW-Authenticate": "Bearer"}
    return refused
