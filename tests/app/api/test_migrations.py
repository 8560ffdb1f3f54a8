"""The schema's history: what old and new code find, and what a second or a killed run does."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from shop.api.database import open_engine
from shop.api.tables import metadata
from shop.common.settings import Settings
from tests.app.conftest import Serve, filled, new_guest, sql
from tests.app.running import BUYER, shop, shop_here


def _order(api: httpx.Client, guest: dict[str, str], **buyer: str) -> dict[str, object]:
    api.post("/api/cart/items", json={"product": "harbour-mug"}, headers=guest)
    key = {"Idempotency-Key": "an-order-key"}
    made = api.post("/api/orders", json={**BUYER, **buyer}, headers={**guest, **key})
    assert made.status_code == 201, made.text
    return dict(made.json())


def test_a_check_says_what_is_pending_and_changes_nothing(empty_database: str) -> None:
    environ = {"DATABASE_URL": empty_database}
    looked = [shop_here("migrate", "--check", "--json", environ=environ) for _ in range(2)]
    assert looked[0] == looked[1]
    plan = json.loads(looked[0])
    assert (plan["current"], plan["head"]) == (None, "0002")
    assert plan["pending"] == [
        {"revision": "0001", "name": "base", "expand_only": True, "reversible": False},
        {"revision": "0002", "name": "gift_note", "expand_only": True, "reversible": True},
    ]
    if urlsplit(empty_database).scheme == "sqlite":
        assert not Path(empty_database.removeprefix("sqlite:///")).exists()


def test_a_migration_says_what_it_applied_and_twice_applies_nothing(empty_database: str) -> None:
    environ = {"DATABASE_URL": empty_database}
    assert shop_here("migrate", environ=environ) == "applied 0001 base\napplied 0002 gift_note\nschema is 0002\n"
    assert shop_here("migrate", environ=environ) == "schema is 0002, nothing to apply\n"


def test_the_migrations_make_the_tables_that_the_code_speaks_of(database: str) -> None:
    engine = open_engine(Settings(database_url=database))
    with engine.connect() as connection:
        # The index of words is no table that SQLAlchemy could describe; FTS5 makes several for it.
        ours = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith("product_words")}
        assert compare_metadata(MigrationContext.configure(connection, opts=ours), metadata) == []
    engine.dispose()


def test_a_database_from_before_the_first_release_is_told_and_left_alone(empty_database: str) -> None:
    filled(empty_database)
    sql(empty_database, "DROP TABLE compatibility")
    for words in (["migrate"], ["migrate", "--check"]):
        ran = shop(*words, environ={"DATABASE_URL": empty_database})
        assert ran.returncode == 1
        assert "before the first release" in ran.stderr
        assert "Traceback" not in ran.stderr


def test_two_migrations_at_once_both_end_well(empty_database: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda _: shop("migrate", environ={"DATABASE_URL": empty_database}), range(2)))
    assert [run.returncode for run in ended] == [0, 0], [run.stderr for run in ended]
    assert sorted(len(run.stdout.splitlines()) for run in ended) == [1, 3]


def test_a_run_killed_between_two_statements_is_finished_by_the_next(empty_database: str) -> None:
    # What MySQL leaves behind when a run dies after the statements and before the note that they were done.
    environ = {"DATABASE_URL": empty_database}
    shop_here("migrate", environ=environ)
    key = sql(empty_database, "SELECT secret FROM signing_keys")
    sql(empty_database, "DELETE FROM alembic_version")
    sql(empty_database, "DROP INDEX orders_by_owner" + (" ON orders" if "mysql" in empty_database else ""))
    shop_here("migrate", environ=environ)
    assert sql(empty_database, "SELECT version_num FROM alembic_version") == [("0002",)]
    assert sql(empty_database, "SELECT secret FROM signing_keys") == key


def test_an_order_of_version_1_is_read_by_version_2_after_its_migration(empty_database: str, serve: Serve) -> None:
    filled(empty_database, version=1)
    old = serve("api", database_url=empty_database, version=1)
    guest = new_guest(old)
    order = _order(old, guest, gift_note="lost on version 1")
    assert "gift_note" not in order
    assert old.get("/api/cart", headers=guest).json()["features"] == ["phone"]

    new = serve("api", database_url=empty_database, version=2)
    waiting = new.get("/readyz")
    assert (waiting.status_code, waiting.json()["reason"]) == (
        503,
        "the schema is 0001 and should be at least 0002: shop migrate",
    )
    shop_here("migrate", environ={"DATABASE_URL": empty_database})
    assert new.get(f"/api/orders/{order['number']}", headers=guest).json() == order
    assert new.get("/api/cart", headers=guest).json()["features"] == ["gift_note"]


def test_version_1_serves_on_the_schema_of_version_2(database: str, serve: Serve) -> None:
    old = serve("api", database_url=database, version=1)
    assert old.get("/readyz").status_code == 200
    assert old.get("/version").json()["schema"] == {"current": "0002", "minimum": "0001", "head": "0001"}
    assert _order(old, new_guest(old))["number"]
    kept = shop_here("migrate", environ={"DATABASE_URL": database, "SHOP_VERSION": "1"})
    assert kept == "schema is 0002, nothing to apply\n"


def test_a_database_that_is_not_there_fails_in_one_line_without_the_password() -> None:
    environ = {"DATABASE_URL": "mysql://shop:hunter2@127.0.0.1:1/shop", "DATABASE_WAIT_SECONDS": "1"}
    ended = shop("migrate", environ=environ)
    assert ended.returncode == 1
    assert ended.stderr.startswith("shop migrate: ")
    assert len(ended.stderr.splitlines()) == 1
    assert "hunter2" not in ended.stderr + ended.stdout
