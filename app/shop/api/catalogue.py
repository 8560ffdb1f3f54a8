"""What is for sale: categories, the list by pages, one product."""

from typing import Any

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api.tables import categories, products

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


_COLUMNS = (
    products.c.slug,
    products.c.name,
    products.c.summary,
    categories.c.slug,
    products.c.price_cents,
    products.c.stock,
    products.c.picture,
    products.c.hue,
)


async def shelves(connection: AsyncConnection) -> list[Category]:
    """All categories, in the shop's order."""
    rows = await connection.execute(select(categories.c.slug, categories.c.name).order_by(categories.c.position))
    return [Category(*row) for row in rows]


async def page(connection: AsyncConnection, category: str | None, after: int, limit: int) -> Page:
    """Up to `limit` products with an id above `after`. By key, not by offset: a page costs the same at any depth."""
    query = _query(products.c.id, *_COLUMNS).where(products.c.id > after).order_by(products.c.id).limit(limit + 1)
    if category is not None:
        query = query.where(categories.c.slug == category)
    rows = (await connection.execute(query)).all()
    following = rows[limit - 1][0] if len(rows) > limit else None
    return Page([Product(*row[1:]) for row in rows[:limit]], following)


async def find(connection: AsyncConnection, slug: str) -> ProductDetail | None:
    """The product called `slug`."""
    row = (await connection.execute(_query(*_COLUMNS, products.c.description).where(products.c.slug == slug))).first()
    return ProductDetail(*row) if row else None


def _query(*columns: Any) -> Select[Any]:
    return select(*columns).join_from(products, categories)
