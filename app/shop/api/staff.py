"""What staff may do with products, and the log of who changed what."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.api import search
from shop.api.accounts import User
from shop.api.catalogue import ProductDetail
from shop.api.orders import told
from shop.api.tables import audit_log, categories, products
from shop.common.answers import Refused
from shop.common.logs import request_id

MOST_STOCK = 1_000_000
MOST_CENTS = 100_000_000

Text = Annotated[str, Meta(min_length=1, max_length=300)]
Cents = Annotated[int, Meta(ge=0, le=MOST_CENTS)]
Hue = Annotated[int, Meta(ge=0, le=359)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Picture = Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}$")]
Slug = Annotated[str, Meta(pattern="^[a-z0-9-]{1,120}$")]
Description = Annotated[str, Meta(min_length=1, max_length=5000)]


class NewProduct(msgspec.Struct, frozen=True):
    """A product as staff bring it in."""

    slug: Slug
    name: Name
    summary: Text
    description: Description
    category: Slug
    price_cents: Cents
    stock: Annotated[int, Meta(ge=0, le=MOST_STOCK)]
    picture: Picture
    hue: Hue


class Changes(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What staff change about a product. `stock_change`: how many pieces came (or, below 0, went)."""

    name: Name | None = None
    summary: Text | None = None
    description: Description | None = None
    category: Slug | None = None
    price_cents: Cents | None = None
    picture: Picture | None = None
    hue: Hue | None = None
    active: bool | None = None
    stock_change: Annotated[int, Meta(ge=-MOST_STOCK, le=MOST_STOCK)] | None = None


class StaffProduct(ProductDetail, frozen=True):
    """A product as staff see it, on sale or not."""

    active: bool


class Entry(msgspec.Struct, frozen=True):
    """A line of the log. `before` and `after` hold what was changed."""

    id: int
    at: str
    who: str
    action: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    request_id: str


_COLUMNS = (
    products.c.slug,
    products.c.name,
    products.c.summary,
    categories.c.slug.label("category"),
    products.c.price_cents,
    products.c.stock,
    products.c.picture,
    products.c.hue,
    products.c.description,
    products.c.active,
)


async def listed(
    connection: AsyncConnection, words: str, after: int, limit: int
) -> tuple[list[StaffProduct], int | None]:
    """Products with `words` in their name, all when it is empty; and the id to go on after."""
    query = select(products.c.id, *_COLUMNS).join_from(products, categories).where(products.c.id > after)
    if words:
        query = query.where(products.c.name.icontains(words, autoescape=True))
    rows = (await connection.execute(query.order_by(products.c.id).limit(limit + 1))).all()
    return [StaffProduct(*row[1:]) for row in rows[:limit]], rows[limit - 1].id if len(rows) > limit else None


async def find(connection: AsyncConnection, slug: str) -> StaffProduct:
    """The product called `slug`. Raises Refused 404."""
    return StaffProduct(*tuple(await _row(connection, slug))[1:])


async def create(connection: AsyncConnection, who: User, new: NewProduct) -> StaffProduct:
    """Brings a product in. Raises Refused: 409 `exists`, 422 for a category that is none."""
    row = {**msgspec.structs.asdict(new), "category_id": await _category(connection, new.category)}
    del row["category"]
    try:
        made = (await connection.execute(insert(products).values(row))).inserted_primary_key
    except IntegrityError as error:
        raise Refused(409, "exists", f"there is a product {new.slug} already") from error
    assert made is not None
    await search.reindex(connection, {**row, "id": made[0]})
    await record(connection, who, "product.create", new.slug, {}, msgspec.to_builtins(new))
    return await find(connection, new.slug)


async def change(connection: AsyncConnection, who: User, slug: str, changes: Changes) -> StaffProduct:
    """Changes a product. Raises Refused: 404; 409 `not_enough` when more pieces should go than there are."""
    await _row(connection, slug, lock=True)
    before = await find(connection, slug)
    values: dict[str, Any] = {name: value for name, value in msgspec.to_builtins(changes).items() if value is not None}
    pieces = values.pop("stock_change", 0)
    if "category" in values:
        values["category_id"] = await _category(connection, values.pop("category"))
    where = [products.c.slug == slug]
    if pieces:
        # By difference: a number written over would undo what was sold since somebody looked.
        values["stock"] = products.c.stock + pieces
        where.append(products.c.stock + pieces >= 0)
    if values:
        changed = await connection.execute(update(products).where(*where).values(values))
        if pieces and changed.rowcount != 1:
            raise Refused(409, "not_enough", f"there are only {before.stock}", available=before.stock)
    after = await find(connection, slug)
    was, became = msgspec.to_builtins(before), msgspec.to_builtins(after)
    different = [name for name in became if became[name] != was[name]]
    if different:
        row = await _row(connection, slug)
        await search.reindex(connection, {**became, "id": row.id})
        told = [{name: side[name] for name in different} for side in (was, became)]
        await record(connection, who, "product.change", slug, *told)
    return after


async def record(
    connection: AsyncConnection, who: User, action: str, subject: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Writes a line of the log, in the transaction of what it tells of: there is none without the other."""
    row = {
        "at": datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        "who": who.email,
        "action": action,
        "subject": subject,
        "before": msgspec.json.encode(before).decode(),
        "after": msgspec.json.encode(after).decode(),
        "request_id": request_id.get(),
    }
    await connection.execute(insert(audit_log).values(row))


async def log(connection: AsyncConnection, after: int, limit: int) -> tuple[list[Entry], int | None]:
    """The log's newest lines older than `after` (0: from the newest), and the id to go on after."""
    query = select(audit_log).order_by(audit_log.c.id.desc()).limit(limit + 1)
    if after:
        query = query.where(audit_log.c.id < after)
    rows = (await connection.execute(query)).all()
    entries = [
        Entry(
            row.id,
            told(row.at),
            row.who,
            row.action,
            row.subject,
            msgspec.json.decode(row.before),
            msgspec.json.decode(row.after),
            row.request_id,
        )
        for row in rows[:limit]
    ]
    return entries, rows[limit - 1].id if len(rows) > limit else None


async def _row(connection: AsyncConnection, slug: str, *, lock: bool = False) -> Any:
    query = select(products.c.id, *_COLUMNS).join_from(products, categories).where(products.c.slug == slug)
    if lock:
        query = query.with_for_update()
    found = (await connection.execute(query)).first()
    if found is None:
        raise Refused(404, "not_found", f"there is no product {slug}")
    return found


async def _category(connection: AsyncConnection, slug: str) -> int:
    found = (await connection.execute(select(categories.c.id).where(categories.c.slug == slug))).scalar()
    if found is None:
        raise Refused(422, "invalid", f"category: there is no {slug}")
    return int(found)
