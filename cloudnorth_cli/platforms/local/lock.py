"""One deploy at a time: a lock on a file, which the system lets go when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cloudnorth_cli import signals
from cloudnorth_cli.errors import Locked
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import LockStatus, Request, Value

STOPPING = 15.0
"""Seconds in which a run that was told to stop has let go."""
LOOK = 0.1
"""Seconds between two looks at whether the lock is free."""


class Holder(Value, frozen=True, kw_only=True):
    """What is written into the lock file."""

    who: str
    run: str
    verb: str
    since: datetime
    pid: int = 0


@contextmanager
def hold(file: Path, request: Request, verb: str, environment: str, step: Step | None = None) -> Iterator[bool]:
    """Hold the lock while inside; gives whether the holder before was killed.

    Waits for `request.wait_lock` seconds, then raises Locked naming the holder. With `request.take_lock` the run that
    has it is stopped first, as by a Ctrl-C: it takes its own release away and lets go.
    """
    if request.take_lock:
        _stop_holder(file, step)
    patience = max(request.wait_lock, STOPPING if request.take_lock else 0.0)
    handle = _open(file, patience, environment, step)
    try:
        killed = _read(handle) is not None
        actor = request.actor
        holder = Holder(who=actor.who, run=actor.run, verb=verb, since=datetime.now(UTC), pid=os.getpid())
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
            verb=holder.verb if holder else "",
        )
    finally:
        os.close(handle)
    return None


def left(file: Path) -> Holder | None:
    """Who held it and was killed: whoever ends otherwise takes his name out. None while somebody holds it."""
    if status(file) is not None:
        return None
    try:
        return _holder(file)
    except OSError:
        return None


def _stop_holder(file: Path, step: Step | None) -> None:
    """Who has the lock lives (the system lets it go when he dies), so his process is his."""
    held = status(file)
    holder = _holder(file) if held else None
    if holder is None or not holder.pid:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(holder.pid, signal.SIGTERM)
    if step:
        step.notice(f"the lock is taken from {_told(holder)}, which stops now", "warning")


def _holder(file: Path) -> Holder | None:
    handle = os.open(file, os.O_RDWR)
    try:
        return _read(handle)
    finally:
        os.close(handle)


def _open(file: Path, patience: float, environment: str, step: Step | None) -> int:
    """The file, locked."""
    end, stopped_before = time.monotonic() + patience, signals.came()
    while True:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        ours = False
        try:
            free = _try(handle)
            ours = free and _is(file, handle)
            if ours:
                return handle
            if not free:
                holder = _read(handle)
                if time.monotonic() >= end:
                    raise _locked(holder, environment)
                if step:
                    step.waiting(f"{_told(holder)} to end")
                time.sleep(LOOK)
        finally:
            if not ours:
                os.close(handle)
        signals.check(stopped_before)


def _try(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is(file: Path, handle: int) -> bool:
    """Whether that is still the file; `down --delete-data` may have taken it away while we waited."""
    try:
        there, ours = file.stat(), os.fstat(handle)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


def _read(handle: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(handle, 10_000, 0), type=Holder)
    except msgspec.DecodeError:
        return None


def _write(handle: int, text: bytes) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, text, 0)


def _locked(holder: Holder | None, environment: str) -> Locked:
    ended = (f"kill {holder.pid}",) if holder and holder.pid else ()
    return Locked(
        f"{environment} is held by {_told(holder)}",
        retryable=True,
        next=(f"cloudnorth status --env {environment}", *ended),
    )


def _told(holder: Holder | None) -> str:
    if holder is None:
        return "somebody"
    return f"{holder.who} since {holder.since:%H:%M:%SZ} ({holder.verb}, run {holder.run})"
