"""The storefront as an ASGI app."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from shop.common import health
from shop.common.health import Readiness
from shop.common.lifecycle import Lifecycle
from shop.common.middleware import Dress
from shop.common.server import BODY_LIMIT
from shop.common.settings import Settings
from shop.storefront import policy, staff
from shop.storefront.account import Account
from shop.storefront.assets import Assets
from shop.storefront.browsing import Browsing
from shop.storefront.buying import Buying
from shop.storefront.client import Api, ApiDown, ApiRefused
from shop.storefront.orders import Orders
from shop.storefront.origin import SameOrigin
from shop.storefront.sessions import Renewals, Sessions
from shop.storefront.staff import Staff
from shop.storefront.view import View

log = logging.getLogger("shop.storefront")


def create(settings: Settings, lifecycle: Lifecycle) -> ASGIApp:
    """The storefront for these settings. It is ready once it has met the API."""
    api = Api(settings.api)
    assets = Assets(settings.static_url)
    view = View(api, settings, assets)
    met = False

    async def ready() -> Readiness:
        # Once only: an API that fails later is shown on the pages, as a page. Taking every storefront out of
        # the balancer as well would turn one failure into two (docs/decisions/2026-11-24-shop-readiness.md).
        nonlocal met
        met = met or await api.alive()
        return Readiness(met, "" if met else f"the API does not answer at {settings.api}")

    async def no_schema() -> None:
        return None

    async def failed(request: Request, error: Exception) -> Response:
        if isinstance(error, ApiDown):
            log.error("api", extra={"fields": {"path": request.url.path, "cause": str(error)}})
        return await staff.closed(request, error) or await view.failure(request, error)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await api.close()

    probes = health.routes(settings, lifecycle, ready, no_schema)
    app = Starlette(
        routes=[
            *probes,
            *Browsing(api, view).routes(),
            *Buying(api, view).routes(),
            *Account(api, view).routes(),
            *Orders(api, view).routes(),
            *Staff(api, view, assets).routes(),
            *assets.routes(),
        ],
        middleware=[Middleware(Sessions, renewals=Renewals(api)), Middleware(SameOrigin, failed=failed)],
        exception_handlers=dict.fromkeys((HTTPException, ApiDown, ApiRefused, Exception), failed),
        lifespan=lifespan,
        max_body_size=BODY_LIMIT,
    )
    return Dress(app, release=settings.release, lifecycle=lifecycle, headers=policy.HEADERS)
