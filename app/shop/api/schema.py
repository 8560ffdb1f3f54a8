"""The schema's state: what the database has, and what this version of the shop needs."""

from sqlalchemy import Connection, select, text

from shop.api.tables import compatibility

HEAD = {1: "0001", 2: "0002", 3: "0003"}
"""Version of the shop -> the newest revision it brings."""

MINIMUM = {1: "0001", 2: "0002", 3: "0002"}
"""Version of the shop -> the oldest schema its code runs on. A newer one is accepted, unless it says otherwise."""

CURRENT = text("SELECT version_num FROM alembic_version")


def current(connection: Connection) -> str | None:
    """The revision that the database has; None when it has no schema yet."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(CURRENT).scalar()


def unfit(connection: Connection, version: int) -> str | None:
    """Why this version of the shop cannot run on this database; None when it can."""
    now = current(connection)
    if (now or "") < MINIMUM[version]:
        return f"the schema is {now or 'missing'} and should be at least {MINIMUM[version]}: shop migrate"
    oldest = connection.execute(select(compatibility.c.oldest_version)).scalar_one()
    if version < oldest:
        return f"the schema is {now}, which only version {oldest} of the shop or newer runs on; this is {version}"
    return None
