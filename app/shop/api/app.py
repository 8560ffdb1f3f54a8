"""The API as an ASGI app."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from shop.api import openapi, reservations, schema
from shop.api.carts import Carts
from shop.api.catalogue import Catalogue
from shop.api.checkout import Checkout
from shop.api.database import Database
from shop.api.endpoints.accounts import AccountEndpoints
from shop.api.endpoints.buying import BuyingEndpoints
from shop.api.endpoints.catalogue import CatalogueEndpoints
from shop.api.endpoints.staff import StaffEndpoints
from shop.api.hot import Unavailable
from shop.api.limits import Limits
from shop.api.operations import Operation, routes
from shop.api.orders import Orders
from shop.api.payments import Provider, TestProvider
from shop.api.search import Search
from shop.api.sessions import Sessions
from shop.api.tokens import Tokens
from shop.api.versions import Version
from shop.common import health, metrics
from shop.common.answers import Refused, refusal
from shop.common.health import Readiness
from shop.common.lifecycle import Lifecycle
from shop.common.middleware import Dress
from shop.common.server import BODY_LIMIT
from shop.common.settings import Settings

log = logging.getLogger("shop.api")

HEADERS = {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}
"""Nothing that the API answers is ever to be run or shown as a page."""

FAILURES = (DBAPIError, Unavailable, TimeoutError)
"""The database failed us, or let us wait."""


class Api:
    """The parts of the API, put together for one set of settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.version = Version(settings.version)
        self.database = Database(settings)
        hot, sqlite = self.database.hot, self.database.sqlite
        self.tokens = Tokens(settings.jwt_key, hot)
        self.sessions = Sessions(self.database, self.tokens)
        test = TestProvider(self.database, self.tokens, settings.payment_seconds)
        self.provider: Provider = test
        limits = Limits(hot, sqlite=sqlite, on=settings.rate_limits)
        catalogue, orders = Catalogue(hot), Orders(self.version.extras)
        carts = Carts(hot, self.version.features, sqlite=sqlite)
        checkout = Checkout(
            self.database,
            orders,
            self.provider,
            seconds=settings.payment_seconds,
            hold=settings.reservation_seconds,
        )
        self.shelves = CatalogueEndpoints(catalogue, Search(hot, catalogue, sqlite=sqlite), settings.cache_seconds)
        self.accounts = AccountEndpoints(self.database, self.tokens, self.sessions, carts, limits)
        self.buying = BuyingEndpoints(
            self.database, carts, orders, checkout, self.provider, self.tokens, limits, self.version
        )
        self.staff = StaffEndpoints(self.database, orders, self.provider, self.shelves)
        test.calls = self.buying.settle

    def operations(self) -> list[Operation]:
        """Everything that can be asked; what is asked most comes first, as routes are tried in order."""
        rooms = self.shelves, self.buying, self.accounts, self.staff
        return [operation for room in rooms for operation in room.operations()]

    def routes(self) -> list[Route]:
        """All routes under /api."""
        operations = self.operations()
        document = msgspec.json.encode(openapi.document(operations, str(self.version.number)))

        async def describe(_: Request) -> Response:
            return Response(document, media_type="application/json")

        return [*routes(operations, self.tokens, self.sessions), Route("/api/openapi.json", describe)]

    async def ready(self) -> Readiness:
        """Whether the database answers and has a schema that this version runs on."""
        try:
            async with self.database.reading() as connection:
                unfit = await connection.run_sync(schema.unfit, self.settings.version)
        except (SQLAlchemyError, OSError) as error:
            return Readiness(False, f"the database does not answer: {brief(error)}")
        return Readiness(unfit is None, unfit or "")

    async def state(self) -> dict[str, str | None]:
        """The schema's revisions, for /version."""
        try:
            async with self.database.reading() as connection:
                now = await connection.run_sync(schema.current)
        except (SQLAlchemyError, OSError):
            now = None
        version = self.settings.version
        return {"current": now, "minimum": schema.MINIMUM[version], "head": schema.HEAD[version]}


def create(settings: Settings, lifecycle: Lifecycle) -> ASGIApp:
    """The API for these settings. It starts without a database and is ready when one with its schema is there."""
    api = Api(settings)
    metrics.watch_pools(api.database.connections)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(reservations.watch(api.database, api.provider))
        yield
        watching.cancel()
        await asyncio.wait({watching}, timeout=5)  # it gives back its connection before the pool is closed
        await api.database.close()

    # Behind a front that gives us only /api/*, the same three answers stand there too.
    probes = [
        route for prefix in ("", "/api") for route in health.routes(settings, lifecycle, api.ready, api.state, prefix)
    ]
    app = Starlette(
        routes=[*api.routes(), *probes],
        exception_handlers={
            HTTPException: refusal,
            **dict.fromkeys(FAILURES, _unavailable),
            Exception: refusal,
        },
        lifespan=lifespan,
        max_body_size=BODY_LIMIT,
    )
    return Dress(app, release=settings.release, lifecycle=lifecycle, headers=HEADERS)


async def _unavailable(request: Request, error: Exception) -> Response:
    """The database failed us. 503 and not 500: the same request may well succeed in a moment."""
    log.error("database", extra={"fields": {"path": request.url.path, "cause": brief(error)}})
    refused = Refused(503, "unavailable", "the shop cannot reach its data just now")
    refused.headers = {"Retry-After": "2"}
    return await refusal(request, refused)


def brief(error: Exception) -> str:
    """What failed, in a line. SQLAlchemy's own text repeats the statement and its parameters, among them addresses."""
    lines = str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__]
    return lines[0][:200]
