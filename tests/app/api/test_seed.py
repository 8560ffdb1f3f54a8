"""The demonstration data: the same every time, any number of products, and found as fast as a few."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from shop import cli
from shop.api import migrate, seed
from shop.api.app import Api
from shop.api.database import open_engine
from shop.common.settings import Settings
from tests.app.conftest import sql
from tests.app.running import shop_here

EVERYTHING = "SELECT slug, category_id, name, summary, description, price_cents, stock, picture, hue FROM products"


@pytest.mark.parametrize("wanted", [1, 24, 1500])
def test_so_many_products_and_a_second_time_none(empty_database: str, wanted: int) -> None:
    environ = {"DATABASE_URL": empty_database}
    shop_here("migrate", environ=environ)
    told = [shop_here("seed", "--products", str(wanted), environ=environ) for _ in range(2)]
    assert [line.split(",")[0] for line in told] == [f"seeded {wanted} products", "seeded 0 products"]
    assert sql(empty_database, "SELECT count(*) FROM products") == [(wanted,)]
    assert sql(empty_database, "SELECT count(*) FROM product_words") == [(wanted,)]
    assert sql(empty_database, "SELECT count(*) FROM users") == [(2,)]


def test_what_it_makes_never_differs(tmp_path: Path) -> None:
    found = []
    for number, steps in enumerate([(700,), (30, 700)]):
        url = f"sqlite:///{tmp_path}/{number}.db"
        engine = open_engine(Settings(database_url=url))
        migrate.migrate(engine, 2)
        for wanted in steps:
            seed.fill(engine, wanted)
        engine.dispose()
        found.append(sql(url, EVERYTHING + " ORDER BY id"))
    assert found[0] == found[1]
    assert len({row[0] for row in found[0]}) == 700


def test_the_hundred_thousandth_product_has_a_slug_of_its_own() -> None:
    numbers = [0, 1, 23, 24, 50_000, seed.MOST - 1]
    every = list(seed.wanted(seed.MOST))
    assert len({product.slug for _, product in every}) == seed.MOST
    assert all(len(every[number][1].slug) <= 120 for number in numbers)


@pytest.mark.parametrize("number", ["0", "100001", "x"])
def test_a_number_that_cannot_be_is_refused(number: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["seed", "--products", number])
    assert ended.value.code == 2


def test_a_search_asks_the_index_of_words_first(database: str) -> None:
    """Asked once for each product of a category instead, it took minutes for 100,000 products."""
    asked: list[tuple[str, tuple[object, ...]]] = []
    api = Api(Settings(database_url=database))

    class Listening:
        """Keeps what would be asked."""

        async def search(self, sql: str, *values: object) -> list[tuple[object, ...]]:
            asked.append((sql, values))
            return []

    search = api.shelves._search
    search._hot = Listening()  # type: ignore[assignment]
    search._catalogue._slugs = {1: "kitchen"}
    asyncio.run(search.find("mug glazed", "kitchen", 0, 24))
    asyncio.run(api.database.close())
    assert len(asked) == 2
    engine = open_engine(Settings(database_url=database))
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        for text, values in asked:
            names = {f"v{place}": value for place, value in enumerate(values)}
            for name in names:
                text = text.replace("?", f":{name}", 1)
            first = str(tuple(connection.execute(sa.text(explain + text), names).first() or ()))
            assert ("VIRTUAL TABLE INDEX" in first) or ("fulltext" in first), first
    engine.dispose()
