"""Finding products by words: the same on both databases, as every test here runs over both."""

import httpx
import pytest

from shop.api.search import words


def _found(api: httpx.Client, **query: str | int) -> list[str]:
    answer = api.get("/api/search", params=query)
    assert answer.status_code == 200, answer.text
    return [product["slug"] for product in answer.json()["products"]]


@pytest.mark.parametrize(
    ("question", "slugs"),
    [
        ("tent", ["ridge-tent", "camp-lantern"]),
        ("TENT ridge", ["ridge-tent"]),
        ("rid", ["ridge-tent"]),
        ("mug harbour unicorn", []),
        ("", []),
        ("  \t", []),
        ("a", None),
        ('"; DROP TABLE products; --', []),
        ("mug* +kettle -bowl ~(x", []),
        ("harbour-mug", ["harbour-mug"]),
        ("%", []),
        ("the", None),
    ],
)
def test_every_word_must_be_there_as_the_beginning_of_a_word(
    api: httpx.Client, question: str, slugs: list[str] | None
) -> None:
    found = _found(api, q=question, limit=100)
    if slugs is None:  # Short and everyday words are words too: MySQL alone would leave them out.
        assert len(found) > 3
    else:
        assert found == slugs


def test_what_has_the_word_in_its_name_comes_first_and_pages_hold_all_once(api: httpx.Client) -> None:
    everything = _found(api, q="th", limit=100)
    assert len(everything) > 4
    walked: list[str] = []
    after: int | None = 0
    while after is not None:
        page = api.get("/api/search", params={"q": "th", "after": after, "limit": 3}).json()
        walked += [product["slug"] for product in page["products"]]
        after = page["next"]
    assert walked == everything
    glass = api.get("/api/search", params={"q": "lamp", "limit": 100}).json()["products"]
    named = ["lamp" in product["name"].lower() for product in glass]
    assert named == sorted(named, reverse=True)
    assert named[0]


def test_a_category_narrows_it_and_an_unknown_one_leaves_nothing(api: httpx.Client) -> None:
    assert _found(api, q="mug", category="kitchen")[0] == "harbour-mug"
    assert "harbour-mug" not in _found(api, q="mug", category="desk")
    assert _found(api, q="mug", category="nowhere") == []


def test_a_product_is_found_as_soon_as_it_is_there_and_by_its_new_name(
    api: httpx.Client, staff: dict[str, str]
) -> None:
    new = {
        "slug": "ete-parasol",
        "name": "Été parasol",
        "summary": "Shade, 2 m.",
        "description": "For the 日本 garden.",
        "category": "outdoors",
        "price_cents": 9900,
        "stock": 3,
        "picture": "tent",
        "hue": 40,
    }
    assert api.post("/api/staff/products", json=new, headers=staff).status_code == 201
    for question in ("ete", "ÉTÉ", "parasol 2", "日本"):
        assert _found(api, q=question) == ["ete-parasol"], question
    api.patch("/api/staff/products/ete-parasol", json={"name": "Winter parasol"}, headers=staff)
    assert _found(api, q="ete") == []
    assert _found(api, q="winter para") == ["ete-parasol"]
    api.patch("/api/staff/products/ete-parasol", json={"active": False}, headers=staff)
    assert _found(api, q="parasol") == []
    assert api.get("/api/products/ete-parasol").status_code == 404


def test_words_are_lower_case_without_accents_and_each_once() -> None:
    assert words("Café-crème, CAFÉ 5") == ["zzcafe", "zzcreme", "zz5"]
