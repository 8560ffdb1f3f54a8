"""DDL that may be run again: MySQL commits each statement, so a run killed between two is repeated from the start.

`IF NOT EXISTS` would do on MariaDB; MySQL and SQLite do not have it for columns and indexes.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

MYSQL = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}


def exact(length: int) -> sa.types.TypeEngine[str]:
    """The type of a name for programs: told apart by every byte, where MySQL's default takes A for a and é for e."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql")


def create_table(name: str, *columns: Any) -> sa.Table:
    """Makes a table unless it is there."""
    return op.create_table(name, *columns, if_not_exists=True, **MYSQL)


def create_index(name: str, table: str, columns: list[str]) -> None:
    """Makes an index unless it is there."""
    if not sa.inspect(op.get_bind()).has_index(table, name):
        op.create_index(name, table, columns)


def create_search() -> None:
    """Makes `product_words`, which finds products by words of their `title` or of all their `words`.

    SQLite: an FTS5 table whose rowid is the product's id. MySQL: a table with FULLTEXT indexes.
    """
    if op.get_bind().dialect.name == "sqlite":
        # The words come normalised and prefixed (shop.api.search): "ascii" leaves every other letter as it is.
        options = "tokenize = 'ascii', detail = 'column', prefix = '4 5 6'"
        op.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS product_words USING fts5(title, words, {options})")
        return
    create_table(
        "product_words",
        sa.Column("product_id", sa.Integer, sa.ForeignKey("products.id"), primary_key=True, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    for column in ("title", "words"):
        if not sa.inspect(op.get_bind()).has_index("product_words", f"product_{column}"):
            op.create_index(f"product_{column}", "product_words", [column], mysql_prefix="FULLTEXT")


def insert_first(table: sa.Table, row: dict[str, Any]) -> None:
    """Puts `row` in, unless the table has one already: a run that was killed afterwards keeps what it finds."""
    if not op.get_bind().execute(sa.select(table.c.id)).first():
        op.bulk_insert(table, [row])


def add_column(table: str, column: sa.Column[Any]) -> None:
    """Adds a column unless it is there."""
    if column.name not in _columns(table):
        op.add_column(table, column)


def drop_column(table: str, name: str) -> None:
    """Drops a column unless it is gone."""
    if name in _columns(table):
        op.drop_column(table, name)


def require_version(oldest: int) -> None:
    """Writes down that code older than this version of the shop no longer runs here; its /readyz heeds it."""
    op.execute(sa.text("UPDATE compatibility SET oldest_version = :oldest").bindparams(oldest=oldest))


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}
