"""The demonstration data: products and two users. The same every time; what is there already stays as it is."""

from collections.abc import Iterator
from importlib.resources import files
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, insert, select

from shop.api import search
from shop.api.accounts import hasher
from shop.api.tables import categories, products, users

DEMO_EMAIL = "demo@shop.example"
DEMO_PASSWORD = "demo-shop"  # noqa: S105 - printed at every start of the demonstration, on purpose
STAFF_EMAIL = "staff@shop.example"
STAFF_PASSWORD = "staff-shop"  # noqa: S105 - as above

PRODUCTS = 24
"""Products of the demonstration; any number up to `MOST` can be asked for."""

MOST = 100_000
_AT_ONCE = 1000

_PLACES = ("Fjord", "Moor", "Dale", "Cove", "Glen", "Heath", "Tarn", "Copse", "Ridge", "Strand")
_SHADES = ("amber", "slate", "moss", "clay", "ivory", "indigo", "rust", "sage", "pearl", "coal")


class SeedProduct(msgspec.Struct, frozen=True):
    """A product of demo.json."""

    slug: str
    name: str
    summary: str
    description: str
    price_cents: int
    stock: int
    picture: str
    hue: int


class SeedCategory(msgspec.Struct, frozen=True):
    """A category of demo.json with its products."""

    slug: str
    name: str
    products: list[SeedProduct]


def fill(engine: Engine, number: int = PRODUCTS) -> int:
    """Adds what is missing of the first so many products and of the users; returns how many products it added."""
    shelves = _shelves()
    added = 0
    with engine.execution_options(shop_writes=True).begin() as connection:
        shelf_ids = {shelf.slug: _category(connection, shelf, place) for place, shelf in enumerate(shelves)}
        _user(connection, DEMO_EMAIL, "Robin Demo", DEMO_PASSWORD, "customer")
        _user(connection, STAFF_EMAIL, "Sam Staff", STAFF_PASSWORD, "staff")
    everything = wanted(number)
    # Some at a time, each time whole: a shop that is open is not locked for as long as 100,000 products take.
    while some := list(islice(everything, _AT_ONCE)):
        with engine.execution_options(shop_writes=True).begin() as connection:
            added += _add(connection, [(shelf_ids[shelf], product) for shelf, product in some])
    return added


def wanted(number: int) -> Iterator[tuple[str, SeedProduct]]:
    """The first so many products, each with its category."""
    return islice(_products(_shelves()), number)


def _shelves() -> list[SeedCategory]:
    return msgspec.json.decode(files("shop.api").joinpath("demo.json").read_bytes(), type=list[SeedCategory])


def _products(shelves: list[SeedCategory]) -> Iterator[tuple[str, SeedProduct]]:
    """The products of the demonstration, then for ever more of their kinds: always the same, always the same way."""
    kinds = [(shelf.slug, product) for shelf in shelves for product in shelf.products]
    yield from kinds
    number = 0
    while True:
        number += 1
        shelf, kind = kinds[number * 7 % len(kinds)]
        place, shade = _PLACES[number // 3 % len(_PLACES)], _SHADES[number // 7 % len(_SHADES)]
        thing = kind.name.split()[-1]
        yield (
            shelf,
            msgspec.structs.replace(
                kind,
                slug=f"{place.lower()}-{thing.lower()}-{number:06}",
                name=f"{place} {thing} {number:06}",
                summary=f"{kind.summary} In {shade}.",
                price_cents=kind.price_cents + number * 37 % 900,
                stock=10 + number * 13 % 190,
                hue=number * 47 % 360,
            ),
        )


def _add(connection: Connection, some: list[tuple[int, SeedProduct]]) -> int:
    slugs = [product.slug for _, product in some]
    known = set(connection.execute(select(products.c.slug).where(products.c.slug.in_(slugs))).scalars())
    rows: list[dict[str, Any]] = [
        {**msgspec.structs.asdict(product), "category_id": shelf}
        for shelf, product in some
        if product.slug not in known
    ]
    if not rows:
        return 0
    connection.execute(insert(products), rows)
    ids = select(products.c.slug, products.c.id).where(products.c.slug.in_([row["slug"] for row in rows]))
    numbers = {slug: number for slug, number in connection.execute(ids)}
    search.index(connection, [{**row, "id": numbers[row["slug"]]} for row in rows])
    return len(rows)


def _user(connection: Connection, email: str, name: str, password: str, role: str) -> None:
    if not connection.execute(select(users.c.id).where(users.c.email == email)).first():
        row = {"email": email, "name": name, "password_hash": hasher.hash(password), "role": role}
        connection.execute(insert(users).values(row))


def _category(connection: Connection, shelf: SeedCategory, position: int) -> int:
    known = connection.execute(select(categories.c.id).where(categories.c.slug == shelf.slug)).scalar()
    if known is not None:
        return int(known)
    row = {"slug": shelf.slug, "name": shelf.name, "position": position}
    made = connection.execute(insert(categories).values(row)).inserted_primary_key
    assert made is not None
    return int(made[0])
