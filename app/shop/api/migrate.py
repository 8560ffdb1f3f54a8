"""Bringing a database to this version's schema: what is still to be applied, and applying it."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from shop.api.migrations.lint import Brought, findings, only_adds
from shop.api.schema import HEAD, MINIMUM, current
from shop.api.tables import metadata

LOCK_SECONDS = 30
"""How long one `migrate` waits for another to end."""


class SchemaBusy(Exception):
    """Another migration holds the lock for longer than we wait."""


@dataclass(frozen=True)
class Revision:
    """One step of the schema. `expand_only`: old code keeps working after it. `reversible`: it has a way back."""

    revision: str
    name: str
    expand_only: bool
    reversible: bool


@dataclass(frozen=True)
class Plan:
    """What `shop migrate` would do: from `current` (None: an empty database) through `pending` to `head`."""

    database: str
    current: str | None
    minimum: str
    head: str
    pending: list[Revision]


def plan(engine: Engine, version: int) -> Plan:
    """Looks, and changes nothing. SQLite's file is not even made."""
    database = engine.url.database
    if engine.dialect.name == "sqlite" and not Path(database or "").exists():
        now = None
    else:
        with engine.connect() as connection:
            now = current(connection)
    head = HEAD[version]
    pending = [_describe(script) for script in _scripts() if (now or "") < script.revision <= head]
    return Plan(engine.dialect.name, now, MINIMUM[version], head, pending)


def migrate(engine: Engine, version: int) -> list[Revision]:
    """Brings the database to this version's head and says what it applied; safe to run twice, and twice at once.

    A database that is newer than this version is left as it is.

    Raises:
        SchemaBusy: another migration runs for longer than `LOCK_SECONDS`.
    """
    with _alone(engine) as connection:
        before = current(connection) or ""
        steps = [_describe(script) for script in _scripts() if before < script.revision <= HEAD[version]]
        if steps:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD[version])
        return steps


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "shop.api:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> list[Script]:
    return sorted(ScriptDirectory.from_config(_config()).walk_revisions(), key=lambda script: script.revision)


def lint() -> list[str]:
    """What is wrong with the revisions of this source tree (shop.api.migrations.lint); empty when nothing is."""
    brought = []
    for script in _scripts():
        version = next(number for number, head in sorted(HEAD.items()) if script.revision <= head)
        brought.append(Brought(script.revision, version, script.module.upgrade))
    return findings(brought, metadata)


def _describe(script: Script) -> Revision:
    name = (script.doc or "").partition(":")[0]
    reversible = "raise" not in inspect.getsource(script.module.downgrade)
    return Revision(script.revision, name, only_adds(script.module.upgrade), reversible)


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other migration runs beside: SQLite's own write lock, a named lock on MySQL."""
    if engine.dialect.name == "sqlite":
        try:
            with engine.execution_options(shop_writes=True).begin() as connection:
                yield connection
        except DatabaseError as error:
            if "locked" in str(error):
                raise SchemaBusy("another process is writing to the database") from error
            raise
        return
    with engine.connect() as connection:
        if not connection.execute(text("SELECT GET_LOCK('shop-migrate', :s)"), {"s": LOCK_SECONDS}).scalar():
            raise SchemaBusy(f"another migration has been running for {LOCK_SECONDS} s")
        # MySQL ends the transaction at each DDL statement; the named lock belongs to the session and stays.
        yield connection
        connection.commit()
        connection.execute(text("SELECT RELEASE_LOCK('shop-migrate')"))
        connection.commit()
