"""What is for sale."""

import httpx
import pytest


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
