"""What is for sale. Nobody needs a token; answers are kept for a moment and have an ETag."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from shop.api import catalogue
from shop.api.catalogue import Catalogue, Category, Page, ProductDetail
from shop.api.operations import Call, Operation, Query, Who, or_404
from shop.api.search import Search

KEPT = 1000
"""Answers that a process keeps at most."""

PAGES = (
    Query("after", 0, "where the page before it ended"),
    Query("limit", catalogue.PAGE, "products on the page", lowest=1, highest=catalogue.MOST),
)
CATEGORY = Query("category", None, "a category's slug", pattern=r"[a-z0-9-]{1,64}")

Make = Callable[[], Awaitable[Any]]
Key = tuple[str, bytes]
Kept = tuple[float, bytes, str]
"""Until when by the monotonic clock, the body, its ETag."""


class Categories(msgspec.Struct, frozen=True):
    """All categories."""

    categories: list[Category]


class CatalogueEndpoints:
    """Categories, lists, search, products. `seconds` is how long an answer may be kept; 0: not at all."""

    def __init__(self, reads: Catalogue, search: Search, seconds: int) -> None:
        self._catalogue = reads
        self._search = search
        self._seconds = seconds
        self._kept: dict[Key, Kept] = {}
        self._making: dict[Key, asyncio.Future[Kept]] = {}
        self._control = f"public, max-age={seconds}" if seconds else "no-cache"

    def operations(self) -> list[Operation]:
        """What can be asked."""
        find = Query("q", "", "up to 100 letters", pattern=r"(?s).{0,100}")
        anyone = Who.ANYONE
        return [
            Operation("GET", "/api/products", self.products, anyone, {200: Page}, query=(CATEGORY, *PAGES)),
            Operation(
                "GET",
                "/api/products/{slug}",
                self.product,
                anyone,
                {200: ProductDetail},
                refusals={404: ("not_found",)},
            ),
            Operation("GET", "/api/search", self.search, anyone, {200: Page}, query=(find, CATEGORY, *PAGES)),
            Operation("GET", "/api/categories", self.categories, anyone, {200: Categories}),
        ]

    def forget(self) -> None:
        """What was kept is out of date: staff changed something through this process."""
        self._kept.clear()
        self._making.clear()

    async def products(self, call: Call) -> Response:
        """Products by pages, of one category or all."""
        given = call.query
        return await self._answer(
            call.request, lambda: self._catalogue.page(given["category"], given["after"], given["limit"])
        )

    async def search(self, call: Call) -> Response:
        """Products by words."""
        given = call.query
        return await self._answer(
            call.request,
            lambda: self._search.find(given["q"], given["category"], given["after"], given["limit"]),
        )

    async def product(self, call: Call) -> Response:
        """One product."""

        async def find() -> ProductDetail:
            return or_404(await self._catalogue.find(call.path("slug")))

        return await self._answer(call.request, find)

    async def categories(self, call: Call) -> Response:
        """All categories, in the shop's order."""

        async def find() -> Categories:
            return Categories(await self._catalogue.shelves())

        return await self._answer(call.request, find)

    async def _answer(self, request: Request, make: Make) -> Response:
        key = request.scope["path"], request.scope["query_string"]
        kept = self._kept.get(key)
        if kept is None or kept[0] <= time.monotonic():
            kept = await (self._shared(key, make) if self._seconds else self._made(make))
        _, body, tag = kept
        headers = {"etag": tag, "cache-control": self._control}
        if _matches(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        return Response(body, 200, headers, "application/json")

    async def _shared(self, key: Key, make: Make) -> Kept:
        """An answer that was asked for by many at the moment when it ran out: one of them asks the database."""
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.ensure_future(self._made(make))
            making.add_done_callback(lambda made: self._keep(key, made))
        return await asyncio.shield(making)  # Whoever hangs up takes it from none of the others.

    def _keep(self, key: Key, made: asyncio.Future[Kept]) -> None:
        if self._making.get(key) is not made:
            return  # Staff changed something meanwhile; see `forget`.
        del self._making[key]
        if not made.cancelled() and made.exception() is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[key] = made.result()

    async def _made(self, make: Make) -> Kept:
        until = time.monotonic() + self._seconds
        body = msgspec.json.encode(await make())
        return until, body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def _matches(asked: str, tag: str) -> bool:
    # RFC 9110, 13.1.2: a list of tags or *, compared without regard to W/, which proxies that compress put before them.
    return bool(asked) and (asked == "*" or tag in [one.strip().removeprefix("W/") for one in asked.split(",")])
