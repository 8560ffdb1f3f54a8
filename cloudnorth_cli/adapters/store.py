"""The records of a local environment, in SQLite: what a ConfigMap per revision is on Kubernetes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from cloudnorth_cli.errors import Failed
from cloudnorth_cli.model import ATTEMPTS_KEPT, Attempt, Hold, Record

_SCHEMA = """
create table if not exists record (
    revision integer primary key, number integer not null, id text not null, verified integer not null,
    body text not null
);
create table if not exists hold (key text primary key, body text not null);
create table if not exists counter (name text primary key, value integer not null);
create table if not exists attempt (key text primary key, body text not null);
create table if not exists scale (service text primary key, processes integer not null);
"""

_WATCH = "coalesce(json_extract(body, '$.watch'), 0)"
"""Of `deploy --watch`; records of earlier versions do not say."""


class Store:
    """One file of records; each call is one transaction of its own."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def keep(self, record: Record) -> None:
        """Write the record of a revision, in place of an earlier one."""
        row = (
            record.release.revision,
            record.release.number,
            record.release.id,
            record.verified_at is not None,
            msgspec.json.encode(record).decode(),
        )
        with self._open() as database:
            database.execute("insert or replace into record values (?, ?, ?, ?, ?)", row)

    def forget(self, revision: int) -> None:
        """Drop the record of a revision that never came to be."""
        with self._open() as database:
            database.execute("delete from record where revision = ?", (revision,))

    def revision(self, number: int) -> Record | None:
        """The record of one revision."""
        return self._one("select body from record where revision = ?", number)

    def newest_verified(self) -> Record | None:
        """The last revision that was seen to work."""
        return self._one("select body from record where verified order by revision desc limit 1")

    def newest(self, limit: int) -> tuple[Record, ...]:
        """Newest first."""
        return self._all("select body from record order by revision desc limit ?", limit)

    def kept_ids(self, releases: int) -> tuple[str, ...]:
        """The last verified releases, by id; none that `deploy --watch` made."""
        if not self._file.exists():
            return ()
        with self._open() as database:
            query = f"""select id from record where verified and not {_WATCH}
                        group by id order by max(revision) desc limit ?"""
            return tuple(row[0] for row in database.execute(query, (releases,)))

    def forget_watched(self, before: int) -> None:
        """Remove the records that `deploy --watch` made before this revision."""
        with self._open() as database:
            database.execute(f"delete from record where {_WATCH} and revision < ?", (before,))

    def keep_attempt(self, attempt: Attempt) -> None:
        """Write it, and drop those that are too many."""
        with self._open() as database:
            row = (attempt.key, msgspec.json.encode(attempt).decode())
            database.execute("insert or replace into attempt values (?, ?)", row)
            newest = "select key from attempt order by key desc limit ?"
            database.execute(f"delete from attempt where key not in ({newest})", (ATTEMPTS_KEPT,))

    def attempts(self) -> tuple[Attempt, ...]:
        """Newest first."""
        if not self._file.exists():
            return ()
        with self._open() as database:
            rows = database.execute("select body from attempt order by key desc")
            return tuple(msgspec.json.decode(row[0], type=Attempt) for row in rows)

    def hold(self, hold: Hold) -> None:
        """Write what is kept out, in place of an earlier hold of the same."""
        with self._open() as database:
            database.execute(
                "insert or replace into hold values (?, ?)", (hold.key, msgspec.json.encode(hold).decode())
            )

    def lift(self, hold: Hold) -> None:
        with self._open() as database:
            database.execute("delete from hold where key = ?", (hold.key,))

    def holds(self) -> tuple[Hold, ...]:
        """Oldest first."""
        if not self._file.exists():
            return ()
        with self._open() as database:
            found = [msgspec.json.decode(row[0], type=Hold) for row in database.execute("select body from hold")]
        return tuple(sorted(found, key=lambda hold: hold.since))

    def next(self, counter: str) -> int:
        """Count on: 1 at first, never the same again."""
        with self._open() as database:
            query = """insert into counter values (?, 1)
                       on conflict (name) do update set value = value + 1 returning value"""
            return int(database.execute(query, (counter,)).fetchall()[0][0])

    def counts(self) -> dict[str, int]:
        """How many processes each service was scaled to; one that never was is not in it."""
        if not self._file.exists():
            return {}
        with self._open() as database:
            return dict(database.execute("select service, processes from scale").fetchall())

    def keep_counts(self, counts: Mapping[str, int]) -> None:
        """Remember how many processes services are to have from now on."""
        with self._open() as database:
            database.executemany("insert or replace into scale values (?, ?)", counts.items())

    def _one(self, query: str, *values: object) -> Record | None:
        return next(iter(self._all(query, *values)), None)

    def _all(self, query: str, *values: object) -> tuple[Record, ...]:
        if not self._file.exists():
            return ()
        with self._open() as database:
            return tuple(msgspec.json.decode(row[0], type=Record) for row in database.execute(query, values))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._file, timeout=10)) as database:
                database.executescript(_SCHEMA)
                with database:
                    yield database
        except sqlite3.Error as error:
            raise Failed(f"cannot use the records in {self._file}: {error}", code="records") from error
