"""Copying an SQLite database while others write to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from cloudnorth_cli.errors import Failed

_MAGIC = b"SQLite format 3\0"
"""How every database file begins (sqlite.org, "Database File Format", 1.3)."""
BESIDE = ("-wal", "-shm", "-journal")
"""Ends of the names of files that belong to the database beside them; what is in them is in the copy."""
BUSY = 30.0
"""Seconds to wait for a writer that has the database to itself."""


def is_database(file: Path) -> bool:
    """Whether it is one, by its first bytes. Raises OSError."""
    with file.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def copy(source: Path, target: Path) -> None:
    """Copy what is committed by now (SQLite's Online Backup API) and check the copy. Raises Failed.

    Writers of a database in WAL mode go on meanwhile; others wait.
    """
    try:
        # Not `mode=ro`: a database in WAL mode that nobody has open needs its index to be made.
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY)) as there,
            closing(sqlite3.connect(target)) as here,
        ):
            there.backup(here)
            # The copy stands alone: in WAL mode it would be three files as soon as somebody looks at it.
            here.execute("pragma journal_mode = delete")
            wrong = [str(row[0]) for row in here.execute("pragma integrity_check(10)") if row[0] != "ok"]
    except sqlite3.Error as error:
        raise Failed(f"cannot copy the database {source}: {error}", code="database") from error
    if wrong:
        raise Failed(f"the database {source} is damaged", code="database-damaged", evidence=wrong)
