"""What is for sale."""

import asyncio

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from shop.api.catalogue import Catalogue
from shop.api.endpoints.catalogue import CatalogueEndpoints
from shop.api.hot import Row
from shop.api.operations import Call
from shop.api.search import Search


def test_walking_the_pages_shows_every_product_once_and_in_order(api: httpx.Client) -> None:
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page = api.get("/api/products", params={"after": after, "limit": 5}).json()
        seen += [product["slug"] for product in page["products"]]
        after = page["next"]
    everything = api.get("/api/products", params={"limit": 100}).json()
    assert seen == [product["slug"] for product in everything["products"]]
    assert len(seen) == len(set(seen)) == 24
    assert everything["next"] is None


def test_a_category_shows_only_its_own(api: httpx.Client) -> None:
    slugs = [category["slug"] for category in api.get("/api/categories").json()["categories"]]
    assert slugs == ["kitchen", "home", "outdoors", "desk"]
    found = api.get("/api/products", params={"category": "desk"}).json()["products"]
    assert {product["category"] for product in found} == {"desk"}
    assert "field-notebook" in {product["slug"] for product in found}


def test_a_product_has_what_its_page_shows(api: httpx.Client) -> None:
    product = api.get("/api/products/ridge-tent").json()
    assert product["name"] == "Ridge tent"
    assert product["price_cents"] == 32900
    assert product["stock"] == 9
    assert "four minutes" in product["description"]


def test_an_unknown_product_is_a_404_that_programs_and_people_can_read(api: httpx.Client) -> None:
    answer = api.get("/api/products/unicorn", headers={"X-Request-Id": "test-request-7"})
    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "code": "not_found",
        "message": "there is nothing here",
        "request_id": "test-request-7",
    }


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"after": "-1"}, {"after": "x"}, {"after": "9" * 30}]
)
def test_a_page_that_cannot_be_is_refused_by_name(api: httpx.Client, query: dict[str, str]) -> None:
    answer = api.get("/api/products", params=query)
    assert answer.status_code == 422
    assert next(iter(query)) in answer.json()["error"]["message"]


class SlowDatabase:
    """Answers every read with the price of the moment when it was asked, once it is `let`."""

    def __init__(self) -> None:
        self.price, self.asked = 100, 0
        self.let = asyncio.Event()

    async def fetch(self, sql: str, *values: object) -> list[Row]:
        if "FROM categories" in sql:
            return [(1, "desk", "Desk")]
        price, self.asked = self.price, self.asked + 1
        await self.let.wait()
        return [("tent", "Tent", "", 1, price, 9, "", 0, "")]


def asks(endpoints: CatalogueEndpoints) -> asyncio.Task[Response]:
    scope = {"type": "http", "path": "/api/products/tent", "query_string": b"", "headers": []}
    return asyncio.ensure_future(
        endpoints.product(Call(Request({**scope, "path_params": {"slug": "tent"}}), None, None, {}))
    )


def endpoints_of(database: SlowDatabase) -> CatalogueEndpoints:
    catalogue = Catalogue(database)  # type: ignore[arg-type]
    return CatalogueEndpoints(catalogue, Search(database, catalogue, sqlite=True), 60)  # type: ignore[arg-type]


def test_many_who_ask_for_what_ran_out_cause_one_read_and_one_who_hangs_up_takes_it_from_nobody() -> None:
    async def run() -> None:
        database = SlowDatabase()
        endpoints = endpoints_of(database)
        first, *others = [asks(endpoints) for _ in range(50)]
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        database.let.set()
        answers = await asyncio.gather(*others)
        assert first.cancelled()
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == 1
        assert (await asks(endpoints)).body == answers[0].body
        assert database.asked == 1

    asyncio.run(run())


def test_a_read_that_began_before_staff_changed_something_is_not_kept() -> None:
    async def run() -> None:
        database = SlowDatabase()
        endpoints = endpoints_of(database)
        before = asks(endpoints)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert database.asked == 1
        database.price = 200
        endpoints.forget()
        database.let.set()
        assert b'"price_cents":100' in (await before).body
        assert b'"price_cents":200' in (await asks(endpoints)).body

    asyncio.run(run())
