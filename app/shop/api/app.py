"""The API as an ASGI app."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from shop.api import schema
from shop.api.database import Database
from shop.api.endpoints import Endpoints
from shop.api.tokens import Tokens
from shop.common import health
from shop.common.answers import Refused, refusal
from shop.common.health import Readiness
from shop.common.lifecycle import Lifecycle
from shop.common.middleware import Dress
from shop.common.server import BODY_LIMIT
from shop.common.settings import Settings

log = logging.getLogger("shop.api")

HEADERS = {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}
"""Nothing that the API answers is ever to be run or shown as a page."""


def create(settings: Settings, lifecycle: Lifecycle) -> ASGIApp:
    """The API for these settings. It starts without a database and is ready when one with its schema is there."""
    database = Database(settings)
    endpoints = Endpoints(database, Tokens(settings.jwt_key, database), settings.version)

    async def revision() -> str | None:
        async with database.reading() as connection:
            return await connection.run_sync(schema.current)

    async def ready() -> Readiness:
        minimum = schema.MINIMUM[settings.version]
        try:
            now = await revision()
        except (SQLAlchemyError, OSError) as error:
            return Readiness(False, f"the database does not answer: {_brief(error)}")
        if (now or "") < minimum:
            return Readiness(False, f"the schema is {now or 'missing'} and should be at least {minimum}: shop migrate")
        return Readiness(True)

    async def state() -> dict[str, str | None]:
        try:
            now = await revision()
        except (SQLAlchemyError, OSError):
            now = None
        return {"current": now, "minimum": schema.MINIMUM[settings.version], "head": schema.HEAD[settings.version]}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await database.close()

    # Behind a front that gives us only /api/*, the same three answers stand there too.
    probes = [route for prefix in ("", "/api") for route in health.routes(settings, lifecycle, ready, state, prefix)]
    app = Starlette(
        routes=[*probes, *endpoints.routes()],
        exception_handlers={HTTPException: refusal, DBAPIError: _unavailable, Exception: refusal},
        lifespan=lifespan,
        max_body_size=BODY_LIMIT,
    )
    return Dress(app, release=settings.release, lifecycle=lifecycle, headers=HEADERS)


async def _unavailable(request: Request, error: Exception) -> Response:
    """The database failed us. 503 and not 500: the same request may well succeed in a moment."""
    log.error("database", extra={"fields": {"path": request.url.path, "cause": _brief(error)}})
    refused = Refused(503, "unavailable", "the shop cannot reach its data just now")
    refused.headers = {"Retry-After": "2"}
    return await refusal(request, refused)


def _brief(error: Exception) -> str:
    # SQLAlchemy's own text repeats the statement and its parameters, among them people's addresses.
    return str(getattr(error, "orig", None) or error).splitlines()[0][:200]
