"""The schema's state: what the database has, and what this version of the shop needs."""

from sqlalchemy import Connection, select, text

from shop.api.tables import compatibility

HEAD = {1: "0001", 2: "0002", 3: "0003"}
"""Version of the shop -> the newest revision it brings."""

MINIMUM = {1: "0001", 2: "0002", 3: "0002"}
"""Version of the shop -> the oldest schema its code runs on. A newer one is accepted, unless it says otherwise."""

CURRENT = text("SELECT version_num FROM alembic_version")


class SchemaForeign(Exception):
    """The database has revisions of ours by name, and other tables."""


def current(connection: Connection) -> str | None:
    """The revision that the database has; None when it has no schema yet.

    Raises:
        SchemaForeign: it was made before the first release of the shop (docs/decisions/2026-11-26-shop-first-base.md).
    """
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    now = connection.execute(CURRENT).scalar()
    if now and not connection.dialect.has_table(connection, compatibility.name):
        raise SchemaForeign(
            f"the schema calls itself {now} and was made by a trial version of the shop, before the first release; "
            "it cannot be brought up to date: name another database, or empty this one"
        )
    return now


def unfit(connection: Connection, version: int) -> str | None:
    """Why this version of the shop cannot run on this database; None when it can."""
    try:
        now = current(connection)
    except SchemaForeign as error:
        return str(error)
    if (now or "") < MINIMUM[version]:
        return f"the schema is {now or 'missing'} and should be at least {MINIMUM[version]}: shop migrate"
    oldest = connection.execute(select(compatibility.c.oldest_version)).scalar_one()
    if version < oldest:
        return f"the schema is {now}, which only version {oldest} of the shop or newer runs on; this is {version}"
    return None
