"""The schema's state: what the database has, and what this version of the shop needs."""

from sqlalchemy import Connection, text

HEAD = {1: "0001", 2: "0002"}
"""Version of the shop -> the newest revision it brings."""

MINIMUM = {1: "0001", 2: "0002"}
"""Version of the shop -> the oldest schema its code runs on. A newer one is always accepted: revisions only add."""

CURRENT = text("SELECT version_num FROM alembic_version")


def current(connection: Connection) -> str | None:
    """The revision that the database has; None when it has no schema yet."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(CURRENT).scalar()
