"""What is for sale: categories, the list by pages, one product. Hot reads: plain statements, no ORM."""

from typing import Any

import msgspec

from shop.api.hot import Hot, Row

PAGE = 24
"""Products on a page when nobody says how many; at most `MOST`."""

MOST = 100


class Category(msgspec.Struct, frozen=True):
    """A shelf of the shop."""

    slug: str
    name: str


class Product(msgspec.Struct, frozen=True):
    """A product as a list shows it. `picture` and `hue` (degrees) tell the storefront what to draw."""

    slug: str
    name: str
    summary: str
    category: str
    price_cents: int
    stock: int
    picture: str
    hue: int


class ProductDetail(Product, frozen=True):
    """A product as its own page shows it."""

    description: str


class Page(msgspec.Struct, frozen=True):
    """Some products, and where the next page begins (None: this is the last)."""

    products: list[Product]
    next: int | None


COLUMNS = "p.slug, p.name, p.summary, p.category_id, p.price_cents, p.stock, p.picture, p.hue"
"""What `Product` is made of, with the category's id in place of its name."""

# By key, not by offset: a page costs the same at any depth.
_PAGE = f"SELECT p.id, {COLUMNS} FROM products p WHERE p.id > ? AND p.active = 1 ORDER BY p.id LIMIT ?"
_SHELF = (
    f"SELECT p.id, {COLUMNS} FROM products p "
    "WHERE p.category_id = ? AND p.id > ? AND p.active = 1 ORDER BY p.id LIMIT ?"
)
_ONE = f"SELECT {COLUMNS}, p.description FROM products p WHERE p.slug = ? AND p.active = 1"
_SHELVES = "SELECT id, slug, name FROM categories ORDER BY position, id"


class Catalogue:
    """Reads the catalogue. It knows the categories by heart: they only ever become more."""

    def __init__(self, hot: Hot) -> None:
        self._hot = hot
        self._slugs: dict[int, str] = {}

    async def shelves(self) -> list[Category]:
        """All categories, in the shop's order."""
        rows = await self._hot.fetch(_SHELVES)
        self._slugs = {row[0]: row[1] for row in rows}
        return [Category(slug, name) for _, slug, name in rows]

    async def page(self, category: str | None, after: int, limit: int) -> Page:
        """Up to `limit` products with an id above `after`."""
        if category is None:
            rows = await self._hot.fetch(_PAGE, after, limit + 1)
        else:
            shelf = await self.shelf(category)
            rows = [] if shelf is None else await self._hot.fetch(_SHELF, shelf, after, limit + 1)
        following = rows[limit - 1][0] if len(rows) > limit else None
        return Page(await self.products([row[1:] for row in rows[:limit]]), following)

    async def find(self, slug: str) -> ProductDetail | None:
        """The product called `slug`, if it is on sale."""
        for row in await self._hot.fetch(_ONE, slug):
            return ProductDetail(*await self._named(row))
        return None

    async def products(self, rows: list[Row]) -> list[Product]:
        """Rows of `COLUMNS` as products."""
        slugs = self._slugs
        try:
            return [Product(a, b, c, slugs[d], e, f, g, h) for a, b, c, d, e, f, g, h in rows]
        except KeyError:
            await self.shelves()
            return [Product(*await self._named(row)) for row in rows]

    async def shelf(self, category: str) -> int | None:
        """The id of a category."""
        for _ in range(2):
            for number, slug in self._slugs.items():
                if slug == category:
                    return number
            await self.shelves()
        return None

    async def _named(self, row: Row) -> tuple[Any, ...]:
        if row[3] not in self._slugs:
            await self.shelves()
        return (*row[:3], self._slugs[row[3]], *row[4:])
