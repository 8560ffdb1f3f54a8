"""The demonstration data: products and one user. The same every time; what is there already stays as it is."""

from importlib.resources import files

import msgspec
from sqlalchemy import Connection, Engine, insert, select

from shop.api.accounts import hasher
from shop.api.tables import categories, products, users

DEMO_EMAIL = "demo@shop.example"
DEMO_PASSWORD = "demo-shop"  # noqa: S105 - printed at every start of the demonstration, on purpose


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


def fill(engine: Engine) -> int:
    """Adds what is missing of the demonstration data; returns how many products it added."""
    shelves = msgspec.json.decode(files("shop.api").joinpath("demo.json").read_bytes(), type=list[SeedCategory])
    added = 0
    with engine.execution_options(shop_writes=True).begin() as connection:
        for position, shelf in enumerate(shelves):
            category = _category(connection, shelf, position)
            known = set(connection.execute(select(products.c.slug)).scalars())
            new = [product for product in shelf.products if product.slug not in known]
            if new:
                rows = [{**msgspec.to_builtins(product), "category_id": category} for product in new]
                connection.execute(insert(products), rows)
            added += len(new)
        if not connection.execute(select(users.c.id).where(users.c.email == DEMO_EMAIL)).first():
            demo = {"email": DEMO_EMAIL, "name": "Robin Demo", "password_hash": hasher.hash(DEMO_PASSWORD)}
            connection.execute(insert(users).values(demo))
    return added


def _category(connection: Connection, shelf: SeedCategory, position: int) -> int:
    known = connection.execute(select(categories.c.id).where(categories.c.slug == shelf.slug)).scalar()
    if known is not None:
        return int(known)
    row = {"slug": shelf.slug, "name": shelf.name, "position": position}
    made = connection.execute(insert(categories).values(row)).inserted_primary_key
    assert made is not None
    return int(made[0])
