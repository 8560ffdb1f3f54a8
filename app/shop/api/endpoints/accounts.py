"""Who a shopper is: guests, registering, logging in and out, the password."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from shop.api import accounts, carts, sessions
from shop.api.accounts import EMAIL, User
from shop.api.carts import Carts
from shop.api.database import Database
from shop.api.limits import Limits, client
from shop.api.operations import Call, Operation, Who
from shop.api.sessions import Login, Sessions
from shop.api.tables import orders
from shop.api.tables import sessions as sessions_table
from shop.api.tokens import Shopper, Tokens
from shop.common import metrics
from shop.common.answers import NO_STORE, Refused, json

LOGINS = {"address": (30, 60), "account": (10, 900), "everybody": (100, 900)}
"""Tries and seconds: from one address; at one account from one address; at one account from anywhere."""

REGISTRATIONS = (10, 3600)
"""From one address."""

Email = Annotated[str, Meta(max_length=254, pattern=EMAIL)]
NewPassword = Annotated[str, Meta(min_length=8, max_length=128)]
"""NIST SP 800-63B, 3.1.1.2: at least 8, at least up to 64, and no rules about which characters."""


class Credentials(msgspec.Struct, frozen=True):
    """The body of a login."""

    email: Annotated[str, Meta(max_length=254)]
    password: Annotated[str, Meta(max_length=1000)]


class NewAccount(msgspec.Struct, frozen=True):
    """The body of a registration."""

    email: Email
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    password: NewPassword


class Refresh(msgspec.Struct, frozen=True):
    """The body of a refresh."""

    refresh_token: Annotated[str, Meta(max_length=200)]


class PasswordChange(msgspec.Struct, frozen=True):
    """The body of a change of password."""

    current: Annotated[str, Meta(max_length=1000)]
    new: NewPassword


class Guest(msgspec.Struct, frozen=True):
    """What a new guest is given."""

    token: str
    expires_in: int


class Accepted(msgspec.Struct, frozen=True):
    """The answer to a registration, whatever came of it."""

    status: str = "accepted"


class Me(msgspec.Struct, frozen=True):
    """Who is asking, and how full the cart is: what a page's header shows."""

    user: User | None
    cart_count: int


class AccountEndpoints:
    """The handlers, with what they need."""

    def __init__(
        self, database: Database, tokens: Tokens, sessions: Sessions, all_carts: Carts, limits: Limits
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._sessions = sessions
        self._carts = all_carts
        self._limits = limits

    def operations(self) -> list[Operation]:
        """What can be asked."""
        anyone, user = Who.ANYONE, Who.USER
        limited = {429: ("too_many_requests",)}
        return [
            Operation("GET", "/api/me", self.me, Who.SHOPPER, {200: Me}),
            Operation("POST", "/api/guests", self.new_guest, anyone, {201: Guest}),
            Operation(
                "POST", "/api/register", self.register, anyone, {202: Accepted}, takes=NewAccount, refusals=limited
            ),
            Operation(
                "POST",
                "/api/login",
                self.log_in,
                anyone,
                {200: Login},
                takes=Credentials,
                refusals={401: ("wrong_login",), **limited},
            ),
            Operation(
                "POST",
                "/api/refresh",
                self.refresh,
                anyone,
                {200: Login},
                takes=Refresh,
                refusals={401: ("session_ended",)},
            ),
            Operation("POST", "/api/logout", self.log_out, user, {204: None}),
            Operation("POST", "/api/logout-everywhere", self.log_out_everywhere, user, {204: None}),
            Operation(
                "POST",
                "/api/password",
                self.change_password,
                user,
                {200: Login},
                takes=PasswordChange,
                refusals={403: ("wrong_password",), **limited},
            ),
        ]

    async def me(self, call: Call) -> Response:
        """Who is asking, and how full the cart is."""
        return json(Me(call.user, await self._carts.count(call.owner)))

    async def new_guest(self, call: Call) -> Response:
        """A token for a cart without a login."""
        return json(Guest(*await self._tokens.for_guest()), 201)

    async def register(self, call: Call) -> Response:
        """An account. The answer is the same when there is one already: who has an account is nobody's business."""
        new = await call.body(NewAccount)
        await self._limits.hit("register", client_of(call), *REGISTRATIONS)
        if not new.name.strip():
            raise Refused(422, "invalid", "name is empty")
        await accounts.register(self._database, new.email, new.name, new.password)
        return json(Accepted(), 202)

    async def log_in(self, call: Call) -> Response:
        """A session for an e-mail address and its password; a guest's token sent along brings cart and orders."""
        given = await call.body(Credentials)
        user = await self._prove(call, given.email, given.password)
        metrics.LOGINS.labels("ok" if user else "wrong").inc()
        if user is None:
            raise Refused(401, "wrong_login", "e-mail address or password is wrong")
        guest = await self._guest(call)

        async def work(connection: AsyncConnection) -> Login:
            if guest is not None:
                await _bring_along(connection, guest.owner, f"user:{user.id}")
            return await self._sessions.begin(connection, user)

        return json(await self._database.write(work))

    async def refresh(self, call: Call) -> Response:
        """A new pair of tokens for a refresh token, which is good once."""
        return json(await self._sessions.refresh((await call.body(Refresh)).refresh_token))

    async def log_out(self, call: Call) -> Response:
        """This session is over."""
        assert call.shopper is not None
        session = call.shopper.session
        await self._database.write(lambda connection: sessions.end(connection, sessions_table.c.id == session))
        return _nothing()

    async def log_out_everywhere(self, call: Call) -> Response:
        """All sessions of the user are over."""
        whose = sessions_table.c.user_id == call.person.id
        await self._database.write(lambda connection: sessions.end(connection, whose))
        return _nothing()

    async def change_password(self, call: Call) -> Response:
        """Another password; every session ends, and a new one begins here."""
        given = await call.body(PasswordChange)
        user = call.person
        await self._limits.hit("password", str(user.id), *LOGINS["account"])
        if not await accounts.is_password_of(self._database, user.id, given.current):
            raise Refused(403, "wrong_password", "the current password is another one")
        stored = await accounts.hashed(given.new)

        async def work(connection: AsyncConnection) -> Login:
            await accounts.store(connection, user.id, stored)
            await sessions.end(connection, sessions_table.c.user_id == user.id)
            return await self._sessions.begin(connection, user)

        return json(await self._database.write(work))

    async def _prove(self, call: Call, email: str, password: str) -> User | None:
        # Counted before the password is looked at, for known and unknown addresses alike.
        who, account = client_of(call), await self._tokens.derived("account", accounts.address(email))
        await self._limits.hit("login", who, *LOGINS["address"])
        await self._limits.hit("login", f"{account[:32]}:{who}", *LOGINS["account"])
        await self._limits.hit("login", account[:32], *LOGINS["everybody"])
        return await accounts.log_in(self._database, email, password)

    async def _guest(self, call: Call) -> Shopper | None:
        """The guest who is logging in; nobody when the token is missing, old or a user's."""
        try:
            shopper = await self._tokens.read(call.request.headers.get("authorization", ""))
        except Refused:
            return None
        return shopper if shopper.user is None else None


async def _bring_along(connection: AsyncConnection, guest: str, user: str) -> None:
    await carts.merge(connection, guest, user)
    await connection.execute(orders.update().where(orders.c.owner == guest).values(owner=user))


def client_of(call: Call) -> str:
    """Whom the request counts as for limits: its address, as the trusted proxy in front told it."""
    return client(call.request.client.host if call.request.client else "")


def _nothing() -> Response:
    return Response(status_code=204, headers=NO_STORE)
