"""Where the data is: one address, SQLite or MySQL, opened for requests (async) or for one-off commands (plain)."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shop.api.hot import Hot, Mysql, Slowed, Sqlite
from shop.common.faults import slow_database
from shop.common.settings import Settings

T = TypeVar("T")

_DRIVERS = {"sqlite": ("sqlite+pysqlite", "sqlite+aiosqlite"), "mysql": ("mysql+pymysql", "mysql+asyncmy")}

WAIT_SECONDS = 5
"""How long a statement waits for another writer's lock, and a new connection for the server."""

POOL_SIZE = 8
"""Connections a process keeps to MySQL, for `hot` and for the rest each; times the replicas both must stay below the
server's limit (RDS small: ~60)."""

_READ_COMMITTED = "/*M!, tx_isolation='READ-COMMITTED' */ /*!80000, transaction_isolation='READ-COMMITTED' */"
"""The variable's name on MariaDB and on MySQL: each reads only the comment that is meant for it."""

DEADLOCK = 1213
"""MySQL's number for "two transactions waited for each other, and yours was taken back": to be tried again."""


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
    """The database as requests use it: `hot` for single statements, and two kinds of short transactions."""

    def __init__(self, settings: Settings) -> None:
        self.engine: AsyncEngine = create_async_engine(**_arguments(settings, asynchronous=True))
        _prepare(self.engine.sync_engine)
        self._writing = self.engine.execution_options(shop_writes=True)
        self.sqlite = self.engine.dialect.name == "sqlite"
        self.hot: Hot = _hot(make_url(settings.database_url), settings)
        self._pause = slow_database(settings)
        if self._pause:
            self.hot = Slowed(self.hot, self._pause)
        # SQLite has one writer at a time. Ours wait in a row here: the database itself lets a random one through.
        self._turn: AbstractAsyncContextManager[object] = asyncio.Lock() if self.sqlite else nullcontext()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads."""
        async with self.engine.connect() as connection:
            if self._pause:
                await self._pause()
            yield connection

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """What `work` gives, in a transaction: committed when it returns, taken back when it raises.

        `work` is done again, up to twice, where MySQL took it back to undo a deadlock.
        """
        for attempt in range(3):
            try:
                async with self._turn, self._writing.begin() as connection:
                    if self._pause:
                        await self._pause()
                    return await work(connection)
            except DBAPIError as error:
                if attempt == 2 or error.orig is None or error.orig.args[:1] != (DEADLOCK,):
                    raise
        raise AssertionError("unreachable")

    def connections(self) -> dict[str, tuple[int, int]]:
        """Name of a pool -> connections that are open, and how many of them are busy."""
        pool: Any = self.engine.sync_engine.pool
        busy = pool.checkedout()
        return {"hot": self.hot.connections(), "transactions": (pool.checkedin() + busy, busy)}

    async def close(self) -> None:
        """Gives all connections back."""
        await self.hot.close()
        await self.engine.dispose()


def _hot(url: URL, settings: Settings) -> Hot:
    if url.drivername == "sqlite":
        return Sqlite(Path(url.database or ""), WAIT_SECONDS)
    where = {"host": url.host, "port": url.port or 3306, "user": url.username, "password": url.password}
    return Mysql({**where, "database": url.database, **_connecting(settings)}, POOL_SIZE, WAIT_SECONDS)


def _arguments(settings: Settings, *, asynchronous: bool) -> dict[str, Any]:
    url = make_url(settings.database_url)
    arguments: dict[str, Any] = {"url": url.set(drivername=_DRIVERS[url.drivername][asynchronous])}
    if url.drivername == "sqlite":
        return {**arguments, "connect_args": {"timeout": WAIT_SECONDS}}
    # pre_ping: a database that was restarted costs a new connection, not a failed request.
    pool = {"pool_pre_ping": True, "pool_recycle": 300, "isolation_level": "READ COMMITTED"}
    size = {"pool_size": POOL_SIZE // 2, "max_overflow": POOL_SIZE // 2}
    return {**arguments, **pool, **size, "connect_args": _connecting(settings)}


def _connecting(settings: Settings) -> dict[str, Any]:
    waits = f"innodb_lock_wait_timeout={WAIT_SECONDS}, lock_wait_timeout={WAIT_SECONDS}"
    connect: dict[str, Any] = {
        "connect_timeout": WAIT_SECONDS,
        "charset": "utf8mb4",
        "init_command": f"SET SESSION {waits}, time_zone='+00:00' {_READ_COMMITTED}",
    }
    if settings.database_tls == "on":
        connect["ssl"] = ssl.create_default_context()
    return connect


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
