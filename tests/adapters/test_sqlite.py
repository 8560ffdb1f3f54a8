"""A copy of a database that is being written to is whole."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from cloudnorth_cli.adapters import sqlite
from cloudnorth_cli.errors import Failed


def made(file: Path, mode: str = "wal") -> sqlite3.Connection:
    database = sqlite3.connect(file, check_same_thread=False)
    database.execute(f"pragma journal_mode = {mode}")
    database.execute("create table pair (left integer, right integer)")
    database.commit()
    return database


def pairs(file: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute("select left, right from pair").fetchall()


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_every_copy_holds_whole_transactions_while_somebody_writes(tmp_path: Path, mode: str) -> None:
    source = tmp_path / "a shop #1?.db"
    end, written = threading.Event(), threading.Event()

    def write() -> None:
        with closing(made(source, mode)) as database:
            number = 0
            while not end.is_set():
                number += 1
                with database:
                    database.execute("insert into pair values (?, 0)", (number,))
                    database.execute("update pair set right = left where left = ?", (number,))
                if number == 20:
                    written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(20)
        for number in range(5):
            copied = tmp_path / f"copy-{number}.db"
            sqlite.copy(source, copied)
            found = pairs(copied)
            assert len(found) >= 20
            assert all(left == right for left, right in found)
    finally:
        end.set()
        writer.join()


def test_what_is_in_the_write_ahead_log_only_is_in_the_copy_which_stands_alone(tmp_path: Path) -> None:
    source = tmp_path / "shop.db"
    with closing(made(source)) as database:
        with database:
            database.execute("insert into pair values (1, 1)")
        assert (tmp_path / "shop.db-wal").stat().st_size > 0
        sqlite.copy(source, tmp_path / "copy.db")
    assert pairs(tmp_path / "copy.db") == [(1, 1)]
    assert sorted(file.name for file in tmp_path.glob("copy*")) == ["copy.db"]


def test_a_damaged_database_is_no_backup(tmp_path: Path) -> None:
    source = tmp_path / "shop.db"
    with closing(made(source, "delete")) as database, database:
        database.executemany("insert into pair values (?, ?)", [(n, n) for n in range(5000)])
    whole = bytearray(source.read_bytes())
    whole[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    source.write_bytes(whole)
    with pytest.raises(Failed, match="damaged|cannot copy"):
        sqlite.copy(source, tmp_path / "copy.db")


def test_other_files_are_no_databases(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("SQLite format 3 is what this text is about")
    assert not sqlite.is_database(tmp_path / "empty")
    assert not sqlite.is_database(tmp_path / "text")
