"""The database by its driver alone, for the few statements that every visitor causes.

SQLAlchemy's async bridge costs more than these statements do (docs/decisions/2026-11-24-shop-stack.md). Statements are
written with `?`; each is one transaction of its own.
"""

import asyncio
import functools
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import asyncmy
from asyncmy.errors import Error as MysqlError

Row = tuple[Any, ...]


class Unavailable(Exception):
    """The database did not answer, or was locked for too long."""


class Hot(Protocol):
    """What both databases can do."""

    async def fetch(self, sql: str, *values: object) -> list[Row]:
        """The rows of a statement that reads a few rows by an index."""

    async def search(self, sql: str, *values: object) -> list[Row]:
        """The rows of a statement that may have to look at many."""

    async def change(self, sql: str, *values: object) -> tuple[int, int]:
        """Runs a statement that writes: rows it changed, and the id that it made or named last."""

    def connections(self) -> tuple[int, int]:
        """Connections that are open, and how many of them are busy."""

    async def close(self) -> None:
        """Closes them."""


class Sqlite:
    """SQLite in the event loop: a read by an index takes less time than handing it to a thread would.

    A write that finds the database locked by another process waits in a thread.
    """

    def __init__(self, path: Path, wait_seconds: float) -> None:
        self._path = path
        self._wait = wait_seconds
        self._here: dict[str, sqlite3.Connection] = {}
        self._threads = ThreadPoolExecutor(2, "shop-sqlite")
        self._patient = asyncio.Lock()

    async def fetch(self, sql: str, *values: object) -> list[Row]:
        try:
            return self._connection("reads", 0).execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise Unavailable(str(error)) from error
        return await self.search(sql, *values)

    async def search(self, sql: str, *values: object) -> list[Row]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._search, sql, values)

    def _search(self, sql: str, values: Row) -> list[Row]:
        try:
            connection = self._open(self._wait)
            try:
                return connection.execute(sql, values).fetchall()
            finally:
                connection.close()
        except sqlite3.OperationalError as error:
            raise Unavailable(str(error)) from error

    async def change(self, sql: str, *values: object) -> tuple[int, int]:
        try:
            return _written(self._connection("writes", 0).execute(sql, values))
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise Unavailable(str(error)) from error
        async with self._patient:  # They wait in a row here; the database would let a random one through.
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._change, sql, values)

    def _change(self, sql: str, values: Row) -> tuple[int, int]:
        try:
            return _written(self._connection("waits", self._wait).execute(sql, values))
        except sqlite3.OperationalError as error:
            raise Unavailable(str(error)) from error

    def connections(self) -> tuple[int, int]:
        return len(self._here), 0

    async def close(self) -> None:
        self._threads.shutdown()
        for connection in self._here.values():
            connection.close()

    def _connection(self, name: str, wait: float) -> sqlite3.Connection:
        if name not in self._here:
            self._here[name] = self._open(wait)
        return self._here[name]

    def _open(self, wait: float) -> sqlite3.Connection:
        # mode=rw: a database that is not there yet is for `shop migrate` to make.
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=wait,
            isolation_level=None,
            check_same_thread=False,
        )
        # NORMAL: what a killed process wrote is there; a machine that loses power may lose a cart's last click.
        # Orders are written by another connection, with FULL.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection


class Slowed:
    """A database that is slow on purpose: each statement comes after `pause`."""

    def __init__(self, hot: Hot, pause: Callable[[], Awaitable[None]]) -> None:
        self._hot = hot
        self._pause = pause
        self.connections = hot.connections
        self.close = hot.close

    async def fetch(self, sql: str, *values: object) -> list[Row]:
        await self._pause()
        return await self._hot.fetch(sql, *values)

    async def search(self, sql: str, *values: object) -> list[Row]:
        await self._pause()
        return await self._hot.search(sql, *values)

    async def change(self, sql: str, *values: object) -> tuple[int, int]:
        await self._pause()
        return await self._hot.change(sql, *values)


def _written(cursor: sqlite3.Cursor) -> tuple[int, int]:
    return cursor.rowcount, cursor.lastrowid or 0


class Mysql:
    """MySQL by asyncmy: a pool of its own, statements prepared once a connection."""

    def __init__(self, connect: dict[str, Any], size: int, wait_seconds: float) -> None:
        self._connect = {**connect, "autocommit": True, "stmt_cache_size": 64}
        self._size = size
        self._wait = wait_seconds
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def fetch(self, sql: str, *values: object) -> list[Row]:
        try:
            return await self._fetch(sql, values)
        except _Lost:
            # A server that was restarted closed the connections that we kept; reading again harms nobody.
            return await self._fetch(sql, values)

    search = fetch

    async def change(self, sql: str, *values: object) -> tuple[int, int]:
        try:
            return await self._change(sql, values)
        except _Undone:
            return await self._change(sql, values)

    async def _change(self, sql: str, values: Row) -> tuple[int, int]:
        async with asyncio.timeout(2 * self._wait), _told(), (await self._open()).acquire() as connection:
            cursor = connection.cursor()
            await cursor.execute(_pyformat(sql), values)
            return cursor.rowcount, cursor.lastrowid or 0

    async def _fetch(self, sql: str, values: Row) -> list[Row]:
        async with asyncio.timeout(2 * self._wait), _told(), (await self._open()).acquire() as connection:
            cursor = connection.cursor()
            await cursor.execute(_pyformat(sql), values)
            rows = await cursor.fetchall()
            return rows if isinstance(rows, list) else list(rows)

    async def _open(self) -> Any:
        if self._pool is None:
            async with self._opening:
                if self._pool is None:
                    self._pool = await asyncmy.create_pool(
                        minsize=0, maxsize=self._size, pool_recycle=300, **self._connect
                    )
        return self._pool

    def connections(self) -> tuple[int, int]:
        if self._pool is None:
            return 0, 0
        return self._pool.size, self._pool.size - self._pool.freesize

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
            await self._pool.wait_closed()


class _Lost(Unavailable):
    """The connection was gone."""


class _Undone(Unavailable):
    """MySQL took the statement back to undo a deadlock."""


_KINDS = {0: _Lost, 2006: _Lost, 2013: _Lost, 2014: _Lost, 1213: _Undone}
"""MySQL's error numbers that mean something to us."""


class _told:
    """Turns the driver's errors into ours."""

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        if isinstance(error, MysqlError):
            kind = _KINDS.get(error.args[0] if error.args else -1, Unavailable)
            raise kind(str(error.args[-1] if error.args else error)) from error
        if isinstance(error, OSError | asyncio.IncompleteReadError):
            raise _Lost(str(error) or type(error).__name__) from error


@functools.cache
def _pyformat(sql: str) -> str:
    return sql.replace("?", "%s")
