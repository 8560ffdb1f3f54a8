"""Backups of data that is in use, and what a restore leaves."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.model import Backup
from cloudnorth_cli.platforms.local import backups
from tests.platforms.local_project import LocalProject

pytestmark = pytest.mark.slow

MIGRATION = """\
import os, sqlite3
database = sqlite3.connect(os.environ["DATABASE"])
database.execute("create table if not exists migrated (at text)")
database.execute("insert into migrated values (datetime())")
database.commit()
if os.path.exists("fail.txt"):
    raise SystemExit("no such column")
"""


@pytest.fixture
def shop(local: LocalProject) -> LocalProject:
    """The plain sample with a migration of a database, deployed, one order in it."""
    (local.root / "migrate.py").write_text(MIGRATION)
    local.config["services"]["web"]["env"]["DATABASE"] = "{data}/shop.db"
    local.config["migrate"] = {"service": "web", "run": "python3 migrate.py"}
    local.config["environments"]["local"]["backups"] = 2
    assert local.deploy().exit_status == 0
    write(local, "create table orders (what text)", "insert into orders values ('a cup')")
    (data(local) / "pictures").mkdir()
    (data(local) / "pictures" / "cup.jpg").write_bytes(b"jpg")
    return local


def data(shop: LocalProject) -> Path:
    return shop.platform().place.data


def write(shop: LocalProject, *statements: str) -> None:
    with closing(sqlite3.connect(data(shop) / "shop.db")) as database, database:
        for statement in statements:
            database.execute(statement)


def orders(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "shop.db")) as database:
        return [row[0] for row in database.execute("select what from orders")]


def backup(shop: LocalProject) -> Backup:
    platform = shop.platform()
    with platform.journal.step("backup") as step:
        return platform.backup(step)


def restore(shop: LocalProject, which: str | None = None) -> int:
    """The number of the backup that what was there became."""
    platform = shop.platform()
    with platform.journal.step("restore") as step, platform.lock(shop.request(), "restore", step):
        return platform.restore(platform.find_backup(which), step).kept.number


def test_a_backup_comes_back_and_what_was_there_is_kept(shop: LocalProject) -> None:
    made = backup(shop)
    assert (made.databases, made.files, made.release) == (1, 1, 1)
    write(shop, "insert into orders values ('a saucer')")
    (data(shop) / "pictures" / "cup.jpg").unlink()
    before = shop.ask()["pid"]

    kept = restore(shop, str(made.number))
    assert orders(data(shop)) == ["a cup"]
    assert (data(shop) / "pictures" / "cup.jpg").read_bytes() == b"jpg"
    assert shop.ask()["pid"] != before
    assert shop.platform().status().healthy

    restore(shop, str(kept))
    assert orders(data(shop)) == ["a cup", "a saucer"]


def test_a_deploy_with_a_migration_takes_a_backup_first_and_names_it(shop: LocalProject) -> None:
    shop.write("two")
    assert shop.deploy().exit_status == 0
    newest = shop.platform().backups()[0]
    assert newest.kind == "before a migration"
    assert any(f"backup {newest.number} of the data of before" in str(event) for event in shop.events)
    with closing(sqlite3.connect(Path(newest.folder) / "data" / "shop.db")) as database:
        assert database.execute("select count(*) from migrated").fetchone() == (1,)


def test_a_migration_that_fails_says_how_to_go_back(shop: LocalProject) -> None:
    (shop.root / "fail.txt").touch()
    failed = shop.deploy()
    assert failed.exit_status == 4
    number = shop.platform().backups()[0].number
    assert failed.next[0].startswith(f"cloudnorth restore {number} --env local")


def test_so_many_of_each_kind_are_kept(shop: LocalProject) -> None:
    for _ in range(3):
        backup(shop)
    shop.write("two")
    shop.deploy()
    kinds = [each.kind for each in shop.platform().backups()]
    assert sorted(kinds) == ["before a migration", "by hand", "by hand"]


def test_a_backup_that_the_services_cannot_run_on_is_taken_back(shop: LocalProject) -> None:
    made = backup(shop)
    write(shop, "insert into orders values ('a saucer')")
    (Path(made.folder) / "data" / "shop.db").write_bytes(b"SQLite format 3\0 and then nothing of the kind")
    with pytest.raises(Failed, match="shop.db"):
        restore(shop, str(made.number))
    assert orders(data(shop)) == ["a cup", "a saucer"]
    assert shop.platform().status().healthy

    again = backup(shop)
    for file in shop.platform().place.bundles.glob("*/migrate.py"):
        file.write_text("raise SystemExit('too old')")
    with pytest.raises(Failed, match=r"backup \d+ does not do: the migration failed.*; the data of before is back"):
        restore(shop, str(again.number))
    assert orders(data(shop)) == ["a cup", "a saucer"]
    assert shop.platform().status().healthy


def test_a_backup_may_be_somewhere_else(shop: LocalProject, tmp_path: Path) -> None:
    made = backup(shop)
    Path(made.folder).rename(tmp_path / "on a disk")
    assert shop.platform().backups() == ()
    restore(shop, str(tmp_path / "on a disk"))
    assert orders(data(shop)) == ["a cup"]


def test_a_backup_that_is_not_there_is_refused_with_those_that_are(shop: LocalProject) -> None:
    with pytest.raises(Refused, match="backups here: none"):
        restore(shop)
    made = backup(shop)
    with pytest.raises(Refused, match=f"there is no backup 99; backups here: {made.number}"):
        restore(shop, "99")


class Killed(BaseException):
    """Stands for an outright kill: nothing after it is done."""


@pytest.mark.parametrize("renames", [0, 1])
def test_a_restore_that_is_killed_within_the_exchange_leaves_data(
    shop: LocalProject, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    made, platform = backup(shop), shop.platform()
    write(shop, "insert into orders values ('a saucer')")
    backups.bring_in(platform.place, made)
    rename, done = Path.rename, 0

    def dying(path: Path, target: Path) -> Path:
        nonlocal done
        if done == renames:
            raise Killed
        done += 1
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", dying)
    with pytest.raises(Killed):
        backups.swap(platform.place, platform.store, "before a restore", 1)
    monkeypatch.undo()
    monkeypatch.setenv("XDG_DATA_HOME", str(platform.place.home.parents[2]))

    assert not shop.platform().status().healthy
    assert shop.deploy().outcome == "done"
    assert orders(data(shop)) == (["a cup", "a saucer"] if renames == 0 else ["a cup"])
    assert any("a restore that was killed" in notice for notice in shop.notices)
    assert shop.platform().status().healthy


def test_everything_of_an_environment_can_be_deleted(shop: LocalProject) -> None:
    platform = shop.platform()
    backup(shop)
    assert str(platform.place.data) in platform.data()
    assert "its 1 backup" in platform.data()
    with platform.journal.step("down") as step, platform.lock(shop.request(), "down", step):
        platform.down(step)
        platform.delete_data(step)
    assert not platform.place.home.exists()
    assert not platform.place.home.parent.exists()
    assert shop.processes() == []
    with pytest.raises(Refused, match="no data"):
        shop.platform().data()
