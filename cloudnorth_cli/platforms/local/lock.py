"""One deploy at a time: a lock on a file, which the system lets go when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cloudnorth_cli.errors import Locked
from cloudnorth_cli.model import Actor, LockStatus, Value


class Holder(Value, frozen=True, kw_only=True):
    """What is written into the lock file."""

    who: str
    run: str
    verb: str
    since: datetime


@contextmanager
def hold(file: Path, actor: Actor, verb: str, environment: str) -> Iterator[bool]:
    """Hold the lock while inside; gives whether the holder before was killed. Raises Locked naming the holder."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _locked(_read(handle), environment) from error
        killed = _read(handle) is not None
        holder = Holder(who=actor.who, run=actor.run, verb=verb, since=datetime.now(UTC))
        _write(handle, msgspec.json.encode(holder))
        try:
            yield killed
        finally:
            _write(handle, b"")
    finally:
        os.close(handle)


def status(file: Path) -> LockStatus | None:
    """Who holds it, or None."""
    try:
        handle = os.open(file, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _read(handle)
        return LockStatus(
            holder=holder.who if holder else "somebody",
            since=holder.since if holder else None,
            run=holder.run if holder else None,
        )
    finally:
        os.close(handle)
    return None


def _read(handle: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(handle, 10_000, 0), type=Holder)
    except msgspec.DecodeError:
        return None


def _write(handle: int, text: bytes) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, text, 0)


def _locked(holder: Holder | None, environment: str) -> Locked:
    who = f"{holder.who} since {holder.since:%H:%M:%SZ} ({holder.verb}, run {holder.run})" if holder else "somebody"
    return Locked(f"{environment} is held by {who}", retryable=True, next=(f"cloudnorth status --env {environment}",))
