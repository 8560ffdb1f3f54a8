"""Who is asking: signed tokens (JWT, HS256) for users and for guests."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

import jwt

from shop.api.hot import Hot
from shop.common.answers import Refused

USER_SECONDS = 600
GUEST_SECONDS = 90 * 24 * 3600
"""A guest's token holds nothing but a cart and the orders made from it."""

LEEWAY_SECONDS = 30
"""How far two machines' clocks may be apart."""

REMEMBERED = 10_000
"""Tokens whose signature this process need not check again."""


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who a token was given to: `owner` is "user:ID" or "guest:RANDOM"; carts and orders carry it.

    `session` is the login that a user's token belongs to; empty for a guest.
    """

    owner: str
    session: str = ""

    @property
    def user(self) -> int | None:
        """The user's id; None for a guest."""
        kind, _, rest = self.owner.partition(":")
        return int(rest) if kind == "user" else None


class Tokens:
    """Gives and reads tokens. The key is JWT_KEY, or the one that the first migration put into the database."""

    def __init__(self, key: str, hot: Hot) -> None:
        self._key = key
        self._hot = hot
        self._known: dict[str, tuple[Shopper, int]] = {}

    async def for_user(self, user: int, session: str) -> tuple[str, int]:
        """A token for a user of this session, and the seconds that it lives."""
        return await self._sign({"sub": f"user:{user}", "sid": session}, USER_SECONDS)

    async def for_guest(self) -> tuple[str, int]:
        """A token for a new guest. We choose who they are: a guessed or shared name would be a shared cart."""
        return await self._sign({"sub": f"guest:{secrets.token_hex(16)}"}, GUEST_SECONDS)

    async def read(self, authorization: str) -> Shopper:
        """The shopper of an `Authorization: Bearer …` header; whether a session has ended is not asked here.

        Raises:
            Refused: 401 when it is missing, altered or too old.
        """
        known = self._known.get(authorization)
        if known is not None and known[1] > time.time():
            return known[0]
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unknown("say who you are: Authorization: Bearer TOKEN")
        shopper, until = await self._decode(token)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[authorization] = shopper, until
        return shopper

    async def derived(self, purpose: str, text: str) -> str:
        """What only who has the signing key can make of `text`: 256 bits as hex."""
        key = hashlib.sha256(f"{purpose}:{await self._secret()}".encode()).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    async def _decode(self, token: str) -> tuple[Shopper, int]:
        try:
            claims = jwt.decode(
                token,
                await self._secret(),
                algorithms=["HS256"],
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "sub", "jti"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise unknown("the login has expired") from error
        except jwt.InvalidTokenError as error:
            raise unknown("this token is not one of ours") from error
        return Shopper(claims["sub"], claims.get("sid", "")), int(claims["exp"]) + LEEWAY_SECONDS

    async def _sign(self, claims: dict[str, str], seconds: int) -> tuple[str, int]:
        now = int(time.time())
        whole = {**claims, "iat": now, "exp": now + seconds, "jti": secrets.token_hex(8)}
        return jwt.encode(whole, await self._secret(), "HS256"), seconds

    async def _secret(self) -> str:
        if not self._key:
            rows = await self._hot.fetch("SELECT secret FROM signing_keys ORDER BY id DESC LIMIT 1")
            self._key = str(rows[0][0])
        return self._key


def unknown(message: str) -> Refused:
    """401: we do not know who asks."""
    refused = Refused(401, "not_logged_in", message)
    refused.headers = {"WWW-Authenticate": "Bearer"}
    return refused
