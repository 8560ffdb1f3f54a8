"""Finding products by words: one index of our own words over FTS5 (SQLite) and FULLTEXT (MySQL).

Both index words that we made: lower case, without accents, each with a prefix. So no word is too short for MySQL's
index or on its list of words that are not worth indexing, and both find the same
(docs/decisions/2026-11-26-shop-search.md).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api.catalogue import COLUMNS, Catalogue, Page
from shop.api.hot import Hot, Row

PREFIX = "zz"
LONGEST = 40
"""Letters of a word that count."""

MOST_WORDS = 8
"""Words of a question that count."""

BEHIND = 1_000_000_000
"""Added to the id of what has the words elsewhere than in its name: it comes after everything that has them there."""


def words(text: str) -> list[str]:
    """The words of a text as they are indexed, each once."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return list(dict.fromkeys(PREFIX + word[:LONGEST] for word in re.findall(r"[^\W_]+", plain)))


class Search:
    """Answers questions of shoppers."""

    def __init__(self, hot: Hot, catalogue: Catalogue, *, sqlite: bool) -> None:
        self._hot = hot
        self._catalogue = catalogue
        self._sqlite = sqlite

    async def find(self, question: str, category: str | None, after: int, limit: int) -> Page:
        """Up to `limit` products with every word of `question`, as the beginning of a word: first those with them in
        the name, then the others, each in the shop's order. `after` is where the page before it ended."""
        wanted = words(question)[:MOST_WORDS]
        shelf = await self._catalogue.shelf(category) if category is not None else 0
        if not wanted or shelf is None:
            return Page([], None)
        rows: list[Row] = []
        if after < BEHIND:
            rows = await self._ask(wanted, shelf, after, limit + 1, named=True)
        if len(rows) <= limit:
            others = await self._ask(wanted, shelf, max(after - BEHIND, 0), limit + 1 - len(rows), named=False)
            rows += [(row[0] + BEHIND, *row[1:]) for row in others]
        following = rows[limit - 1][0] if len(rows) > limit else None
        return Page(await self._catalogue.products([row[1:] for row in rows[:limit]]), following)

    async def _ask(self, wanted: list[str], shelf: int, after: int, limit: int, *, named: bool) -> list[Row]:
        # The index is asked first, whatever a planner thinks: asked once for each product of a category instead, it
        # took minutes for 100,000 products.
        tables, number, match, values = (self._fts5 if self._sqlite else self._fulltext)(wanted, named=named)
        where = "AND p.category_id = ? " if shelf else ""
        sql = (
            f"SELECT p.id, {COLUMNS} FROM {tables} ON p.id = {number} "
            f"WHERE {match} AND {number} > ? AND p.active = 1 {where}ORDER BY {number} LIMIT ?"
        )
        return await self._hot.search(sql, *values, after, *([shelf] if shelf else []), limit)

    def _fts5(self, wanted: list[str], *, named: bool) -> tuple[str, str, str, list[str]]:
        everywhere, title = (" AND ".join(f'{column} : "{word}" *' for word in wanted) for column in ("words", "title"))
        asked = title if named else f"({everywhere}) NOT ({title})"
        return "product_words w CROSS JOIN products p", "w.rowid", "product_words MATCH ?", [asked]

    def _fulltext(self, wanted: list[str], *, named: bool) -> tuple[str, str, str, list[str]]:
        every = " ".join(f"+{word}*" for word in wanted)
        title, anywhere = (f"MATCH (w.{column}) AGAINST (? IN BOOLEAN MODE)" for column in ("title", "words"))
        tables, number = "product_words w STRAIGHT_JOIN products p", "w.product_id"
        if named:
            return tables, number, title, [every]
        return tables, number, f"{anywhere} AND NOT {title}", [every, every]


_INDEX = {
    "sqlite": "INSERT OR REPLACE INTO product_words (rowid, title, words) VALUES (:id, :title, :words)",
    "mysql": "REPLACE INTO product_words (product_id, title, words) VALUES (:id, :title, :words)",
}


def indexed(products: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The index's rows for products (`id`, `name`, `summary`, `description`)."""
    rows = []
    for product in products:
        everything = " ".join((product["name"], product["summary"], product["description"]))
        rows.append(
            {
                "id": product["id"],
                "title": " ".join(words(product["name"])),
                "words": " ".join(words(everything)),
            }
        )
    return rows


def index(connection: Connection, products: Iterable[Mapping[str, Any]]) -> None:
    """Puts products into the index, or anew after a change, in the caller's transaction."""
    if rows := indexed(products):
        connection.execute(text(_INDEX[connection.dialect.name]), rows)


async def reindex(connection: AsyncConnection, product: Mapping[str, Any]) -> None:
    """As `index`, for one product and a connection of a request."""
    await connection.execute(text(_INDEX[connection.dialect.name]), indexed([product]))
