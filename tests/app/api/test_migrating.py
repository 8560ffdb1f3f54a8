"""Three versions over one database: what each runs on, what a killed run leaves, and what the linter refuses."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from shop.api import migrate, schema
from shop.api.database import open_engine
from shop.api.migrations import lint
from shop.api.tables import metadata
from shop.common.settings import Settings
from tests.app.conftest import Serve, filled, new_guest, sql
from tests.app.running import BUYER, shop, shop_here


class _Named:
    """Stands for Alembic's modules in code that is only read."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        raise AssertionError(f"{name} should be read, not run")


op = once = _Named()


def _buy(api: httpx.Client, who: dict[str, str], key: str, **buyer: str) -> dict[str, object]:
    added = api.post("/api/cart/items", json={"product": "harbour-mug"}, headers=who)
    assert added.status_code == 200, added.text
    made = api.post("/api/orders", json={**BUYER, **buyer}, headers={**who, "Idempotency-Key": key})
    assert made.status_code == 201, made.text
    return dict(made.json())


def test_v1_to_v2_to_v3_each_with_what_one_sees_of_it(empty_database: str, serve: Serve) -> None:
    features = {1: ["phone"], 2: ["gift_note"], 3: ["gift_note", "again"]}
    filled(empty_database, version=1)
    guest: dict[str, str] = {}
    for version in (1, 2, 3):
        filled(empty_database, version=version)
        api = serve("api", database_url=empty_database, version=version)
        guest = guest or new_guest(api)
        assert api.get("/readyz").status_code == 200
        assert api.get("/api/cart", headers=guest).json()["features"] == features[version]
        order = _buy(api, guest, f"key-number-{version}", phone="+47 22 22 55 55", gift_note="For Ada")
        assert ("phone" in order, "gift_note" in order) == (version == 1, version > 1)
        again = api.post(f"/api/orders/{order['number']}/again", headers=guest)
        assert again.status_code == (200 if version == 3 else 404)
        assert len(api.get("/api/orders", headers=guest).json()["orders"]) == version
    assert "phone" not in {column["name"] for column in _columns(empty_database)}


def test_v2_back_to_v1_keeps_what_each_wrote(empty_database: str, serve: Serve) -> None:
    filled(empty_database, version=2)
    new, old = (serve("api", database_url=empty_database, version=version) for version in (2, 1))
    guest = new_guest(new)
    note = _buy(new, guest, "key-number-2", gift_note="For Ada")["number"]
    phone = _buy(old, guest, "key-number-1", phone="22 22 55 55")["number"]
    assert old.get("/readyz").status_code == 200
    assert "gift_note" not in old.get(f"/api/orders/{note}", headers=guest).json()
    assert old.get(f"/api/orders/{phone}", headers=guest).json()["phone"] == "22 22 55 55"
    assert new.get(f"/api/orders/{note}", headers=guest).json()["gift_note"] == "For Ada"
    assert "phone" not in new.get(f"/api/orders/{phone}", headers=guest).json()


def test_v2_serves_while_and_after_v3_takes_away_and_v1_says_that_it_cannot(empty_database: str, serve: Serve) -> None:
    filled(empty_database, version=3)
    two, one = (serve("api", database_url=empty_database, version=version) for version in (2, 1))
    assert two.get("/readyz").status_code == 200
    assert _buy(two, new_guest(two), "key-number-2", gift_note="For Ada")["gift_note"] == "For Ada"
    refused = one.get("/readyz")
    assert (refused.status_code, refused.json()["reason"]) == (
        503,
        "the schema is 0003, which only version 2 of the shop or newer runs on; this is 1",
    )
    plan = shop_here("migrate", "--check", environ={"DATABASE_URL": empty_database, "SHOP_VERSION": "3"})
    assert plan == "schema is 0003, nothing to apply\n"


def _columns(url: str) -> list[dict[str, object]]:
    engine = open_engine(Settings(database_url=url))
    try:
        return [dict(column) for column in sa.inspect(engine).get_columns("orders")]
    finally:
        engine.dispose()


class _Killed(Exception):
    """The process ended here."""


def _statements(url: str, ends_at: int | None) -> int:
    """Migrates to version 3 and returns how many statements that took; dies before statement `ends_at`."""
    engine = open_engine(Settings(database_url=url))
    count = 0

    def before(*_: object) -> None:
        nonlocal count
        count += 1
        if count == ends_at:
            raise _Killed

    event.listen(engine, "before_cursor_execute", before)
    try:
        migrate.migrate(engine, 3)
    except _Killed:
        pass
    finally:
        engine.dispose()
    return count


def _killed_at(url: str, statement: int) -> None:
    _statements(url, statement)
    shop_here("migrate", environ={"DATABASE_URL": url, "SHOP_VERSION": "3"})
    _is_whole(url)


def _is_whole(url: str) -> None:
    assert sql(url, "SELECT version_num FROM alembic_version") == [("0003",)]
    assert sql(url, "SELECT oldest_version FROM compatibility") == [(2,)]
    assert sql(url, "SELECT count(*) FROM signing_keys") == [(1,)]
    engine = open_engine(Settings(database_url=url))
    found = sa.inspect(engine)
    for name, table in metadata.tables.items():
        wanted = {column.name for column in table.columns} - ({"phone"} if name == "orders" else set())
        assert {column["name"] for column in found.get_columns(name)} == wanted, name
        assert {index.name for index in table.indexes} <= {index["name"] for index in found.get_indexes(name)}
    engine.dispose()


@pytest.mark.parametrize("statement", [5, 31, 57, 83, 122])
def test_a_run_killed_at_any_statement_is_finished_by_the_next(empty_database: str, statement: int) -> None:
    """Five places here, all of them in `make test-full`. MySQL keeps what was done until then, SQLite nothing."""
    _killed_at(empty_database, statement)


@pytest.mark.repeat
def test_a_run_killed_at_each_statement_is_finished_by_the_next(
    request: pytest.FixtureRequest, kind: str, empty_database: str
) -> None:
    total = _statements(empty_database, None)
    for statement in range(1, total + 1):
        _empty(empty_database)
        _killed_at(empty_database, statement)


def _empty(url: str) -> None:
    engine = open_engine(Settings(database_url=url))
    with engine.begin() as connection:
        if engine.dialect.name == "mysql":
            connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 0"))
        else:
            connection.execute(sa.text("DROP TABLE IF EXISTS product_words"))
            connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        for name in sa.inspect(connection).get_table_names():
            connection.execute(sa.text(f"DROP TABLE {name}"))
    engine.dispose()


def test_a_migration_that_waits_for_a_lock_gives_up_and_says_so(empty_database: str) -> None:
    filled(empty_database)
    environ = {"DATABASE_URL": empty_database, "SHOP_VERSION": "3"}
    engine = open_engine(Settings(database_url=empty_database))
    with engine.execution_options(shop_writes=True).begin() as connection:
        # On MySQL reading is enough to keep others from changing the table, on SQLite writing is.
        connection.execute(sa.text("UPDATE orders SET name = name"))
        connection.execute(sa.text("SELECT count(*) FROM orders"))
        ended = shop("migrate", environ=environ)
    engine.dispose()
    assert ended.returncode == 1
    assert ended.stderr.startswith("shop migrate: ")
    assert len(ended.stderr.splitlines()) == 1
    # With the lock gone it goes through.
    shop_here("migrate", environ=environ)
    _is_whole(empty_database)


def test_the_linter_has_nothing_to_say_about_our_own_revisions() -> None:
    assert migrate.lint() == []
    assert shop_here("migrate", "--lint", environ={}) == ""


def _found(version: int, upgrade: Callable[[], None], *others: lint.Brought) -> str:
    return "\n".join(lint.findings([*others, lint.Brought("0009", version, upgrade)], metadata))


def test_the_linter_refuses_what_old_code_does_not_survive() -> None:
    def still_used() -> None:
        once.require_version(2)
        once.drop_column("orders", "gift_note")

    def used_by_all() -> None:
        once.require_version(2)
        op.drop_table("cart_items")

    def no_note() -> None:
        once.drop_column("orders", "phone")

    def cannot_be_left_out() -> None:
        op.add_column("orders", sa.Column("x", sa.Integer, nullable=False))

    def only_one_of_each() -> None:
        op.create_index("i", "orders", ["name"], unique=True)

    def anything() -> None:
        op.execute("DELETE FROM orders")

    def not_said(name: str = "phone") -> None:
        once.require_version(2)
        once.drop_column("orders", name)

    def fine() -> None:
        once.require_version(2)
        once.drop_column("orders", "phone")

    def adds() -> None:
        op.add_column("orders", sa.Column("x", sa.Integer, nullable=True))

    assert "takes column orders.gift_note away, which version 3 itself uses" in _found(3, still_used)
    assert "takes table cart_items away" in _found(3, used_by_all)
    assert "takes away without once.require_version(2)" in _found(3, no_note)
    # The same step one release earlier: the code that needs the column still serves while it runs.
    assert "which version 1 uses and which serves while it runs" in _found(2, fine)
    assert "old code writes none" in _found(3, cannot_be_left_out)
    assert "a unique index refuses what old code writes" in _found(3, only_one_of_each)
    assert "execute can change what old code needs" in _found(3, anything)
    assert "name what is taken away literally" in _found(3, not_said)
    assert _found(3, fine) == ""
    assert "version 3 both adds and takes away" in _found(3, fine, lint.Brought("0008", 3, adds))


def test_every_version_names_the_newest_revision_it_brings_and_one_it_runs_on() -> None:
    for version, head in schema.HEAD.items():
        assert schema.MINIMUM[version] <= head
