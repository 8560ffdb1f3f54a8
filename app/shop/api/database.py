"""Where the data is: one address, SQLite or MySQL, opened for requests (async) or for one-off commands (plain)."""

import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shop.common.settings import Settings

_DRIVERS = {"sqlite": ("sqlite+pysqlite", "sqlite+aiosqlite"), "mysql": ("mysql+pymysql", "mysql+asyncmy")}

WAIT_SECONDS = 5
"""How long a statement waits for another writer's lock, and a new connection for the server."""

POOL_SIZE = 8
"""Connections a process keeps to MySQL; times the replicas it must stay below the server's limit (RDS small: ~60)."""


def open_engine(settings: Settings) -> Engine:
    """A plain engine for one-off commands: migrate and seed."""
    engine = create_engine(**_arguments(settings, asynchronous=False))
    _prepare(engine)
    return engine


def wait_for(engine: Engine, seconds: int) -> None:
    """Returns when the database answers; a command that just started may be sooner than its network.

    Raises:
        sqlalchemy.exc.OperationalError: it did not answer within `seconds`.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            engine.connect().close()
            return
        except OperationalError as error:
            # 1045, 1044: the server is there and does not want us. Asking again would not change its mind.
            if time.monotonic() >= end or error.orig is None or error.orig.args[:1] in ((1044,), (1045,)):
                raise
            time.sleep(0.5)


class Database:
    """The database as requests use it: a pool, and two kinds of short transactions."""

    def __init__(self, settings: Settings) -> None:
        self.engine: AsyncEngine = create_async_engine(**_arguments(settings, asynchronous=True))
        _prepare(self.engine.sync_engine)
        self._writing = self.engine.execution_options(shop_writes=True)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes: committed at the end of the block, rolled back when the block raises."""
        async with self._writing.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Gives all connections back."""
        await self.engine.dispose()


def _arguments(settings: Settings, *, asynchronous: bool) -> dict[str, Any]:
    url = make_url(settings.database_url)
    arguments: dict[str, Any] = {"url": url.set(drivername=_DRIVERS[url.drivername][asynchronous])}
    if url.drivername == "sqlite":
        return {**arguments, "connect_args": {"timeout": WAIT_SECONDS}}
    waits = f"innodb_lock_wait_timeout={WAIT_SECONDS}, lock_wait_timeout={WAIT_SECONDS}"
    connect: dict[str, Any] = {
        "connect_timeout": WAIT_SECONDS,
        "charset": "utf8mb4",
        "init_command": f"SET SESSION {waits}, time_zone='+00:00'",
    }
    if settings.database_tls == "on":
        connect["ssl"] = ssl.create_default_context()
    # pre_ping: a database that was restarted costs a new connection, not a failed request.
    pool = {"pool_pre_ping": True, "pool_recycle": 300, "isolation_level": "READ COMMITTED"}
    return {**arguments, **pool, "pool_size": POOL_SIZE, "max_overflow": POOL_SIZE, "connect_args": connect}


def _prepare(engine: Engine) -> None:
    """SQLite's driver opens transactions by rules of its own; here we say when, as SQLAlchemy's manual advises."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        # A writer takes the lock at once: one that starts as a reader can be refused half-way (SQLITE_BUSY).
        writes = connection.get_execution_options().get("shop_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
