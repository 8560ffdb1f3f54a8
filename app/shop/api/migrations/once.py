"""DDL that may be run again: MySQL commits each statement, so a run killed between two is repeated from the start.

`IF NOT EXISTS` would do on MariaDB; MySQL and SQLite do not have it for columns and indexes.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op


def create_index(name: str, table: str, columns: list[str]) -> None:
    """Makes an index unless it is there."""
    if not sa.inspect(op.get_bind()).has_index(table, name):
        op.create_index(name, table, columns)


def add_column(table: str, column: sa.Column[Any]) -> None:
    """Adds a column unless it is there."""
    if column.name not in _columns(table):
        op.add_column(table, column)


def drop_column(table: str, name: str) -> None:
    """Drops a column unless it is gone."""
    if name in _columns(table):
        op.drop_column(table, name)


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}
