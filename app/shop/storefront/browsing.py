"""The pages to look around in: catalogue, search, product."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shop.storefront.client import Api, path
from shop.storefront.view import View

PAGE = 24
ALIKE = 4
"""How many others of its category a product's page shows."""


class Browsing:
    """The handlers, with what they need."""

    def __init__(self, api: Api, view: View) -> None:
        self.api = api
        self.view = view

    def routes(self) -> list[Route]:
        """What anybody can look at."""
        return [
            Route("/", self.catalogue),
            Route("/category/{category}", self.catalogue),
            Route("/search", self.search),
            Route("/product/{slug}", self.product),
        ]

    async def catalogue(self, request: Request) -> Response:
        """All products, or those of one category; a page at a time."""
        category = request.path_params.get("category", "")
        shelf = next((shelf for shelf in await self.view.categories() if shelf["slug"] == category), None)
        if category and shelf is None:
            raise HTTPException(404)
        after = request.query_params.get("after", "0")
        page = await self.api.get("/api/products", query=_query(after, category=category))
        return await self.view.page(request, "catalogue.html", page=page, shelf=shelf, first=after == "0")

    async def search(self, request: Request) -> Response:
        """What has all words of `q`, in the whole shop or in one category."""
        q = request.query_params.get("q", "").strip()[:100]
        category = request.query_params.get("category", "")
        after = request.query_params.get("after", "0")
        found: dict[str, Any] = {"products": [], "next": None}
        if q:
            found = await self.api.get("/api/search", query={"q": q, **_query(after, category=category)})
        return await self.view.page(request, "search.html", page=found, q=q, category=category, first=after == "0")

    async def product(self, request: Request) -> Response:
        """One product, with the form that puts it into the cart."""
        return await self.view.page(request, "product.html", **await about(self.api, request.path_params["slug"]))


async def about(api: Api, slug: str) -> dict[str, Any]:
    """What a product's page shows: the product, and others of its category."""
    product = await api.get(path("products", slug))
    page = await api.get("/api/products", query=_query("0", category=product["category"], limit=ALIKE + 1))
    alike = [other for other in page["products"] if other["slug"] != product["slug"]][:ALIKE]
    return {"product": product, "alike": alike, "problem": ""}


def _query(after: str, *, category: str = "", limit: int = PAGE) -> dict[str, str | int]:
    return {"limit": limit, "after": after, **({"category": category} if category else {})}
