"""Bad releases on demand, to show and test how a deploy fails: FAULT says which, ALLOW_FAULTS=1 that it is meant.

Without the second switch a fault is named in the log and has no effect, so that one setting alone can break nothing.
Most faults end by themselves after FAULT_SECONDS: a demonstration that somebody forgot heals.
"""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop.common import metrics
from shop.common.logs import request_id
from shop.common.settings import Settings

log = logging.getLogger("shop.fault")

SLOW_SECONDS = 2.0
"""What `slow-database` adds to each use of the database, while a connection is held."""

LEAK_BYTES = 8 * 2**20
"""What `leak` takes, twice a second: a pod of 256 MiB lives about a quarter of a minute."""

CRASHED = 70
"""Exit status of `crash-at-start`: sysexits.h, EX_SOFTWARE."""


@dataclass(frozen=True)
class Fault:
    """One fault. It acts `after` seconds from when the process was first ready (`errors`) or started (all others),
    and for `seconds`."""

    kind: str
    after: float
    seconds: float

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """What the fault does to the answers of `app`."""
        if self.kind == "never-ready":
            return _NeverReady(app, self)
        if self.kind == "errors":
            return _Errors(app, self)
        return app


def chosen(settings: Settings) -> Fault | None:
    """The fault that these settings ask for; None, and a line in the log, where ALLOW_FAULTS is missing."""
    if not settings.fault:
        return None
    if not settings.allow_faults:
        log.warning(f"FAULT={settings.fault} has no effect without ALLOW_FAULTS=1")
        return None
    fault = Fault(settings.fault, settings.fault_after, settings.fault_seconds)
    log.warning(f"FAULT={fault.kind} is on, for {fault.seconds:g} s")
    metrics.FAULT.labels(fault.kind).set(1)
    return fault


def at_start(fault: Fault) -> None:
    """What happens before the service listens."""
    if fault.kind == "crash-at-start":
        log.error("FAULT=crash-at-start: ending, as asked")
        sys.exit(CRASHED)
    if fault.kind == "slow-start":
        time.sleep(fault.seconds)
    if fault.kind == "leak":
        threading.Thread(target=_leak, args=(fault,), name="leak", daemon=True).start()


def at_migration(fault: Fault) -> None:
    """What happens before `shop migrate` changes anything."""
    if fault.kind == "migration-fails":
        log.error("FAULT=migration-fails: failing, as asked")
        sys.exit(1)
    if fault.kind == "migration-hangs":
        time.sleep(fault.seconds)


def slow_database(settings: Settings) -> Callable[[], Awaitable[None]] | None:
    """For `slow-database`: what each use of the database waits for, holding its connection if it has one; else None."""
    if settings.fault != "slow-database" or not settings.allow_faults:
        return None
    start = time.monotonic() + settings.fault_after

    async def pause() -> None:
        if start <= time.monotonic() < start + settings.fault_seconds:
            await asyncio.sleep(SLOW_SECONDS)

    return pause


class _Window:
    """When a fault acts."""

    def __init__(self, app: ASGIApp, fault: Fault) -> None:
        self.app = app
        self.fault = fault
        self.since: float | None = time.monotonic()

    @property
    def acts(self) -> bool:
        if self.since is None:
            return False
        return self.fault.after <= time.monotonic() - self.since < self.fault.after + self.fault.seconds


class _NeverReady(_Window):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/readyz") and self.acts:
            await _answer(send, 503, {"status": "not ready", "reason": "FAULT=never-ready"})
            return
        await self.app(scope, receive, send)


class _Errors(_Window):
    """Begins to count when the service has said for the first time that it is ready."""

    def __init__(self, app: ASGIApp, fault: Fault) -> None:
        super().__init__(app, fault)
        self.since = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        probe = scope["type"] != "http" or scope["path"].endswith(("/livez", "/readyz"))
        if not probe and self.acts:
            error = {"code": "fault", "message": "FAULT=errors", "request_id": request_id.get()}
            await _answer(send, 500, {"error": error})
            return

        async def watched(message: Message) -> None:
            if self.since is None and message["type"] == "http.response.start" and message["status"] == 200:
                self.since = time.monotonic()
            await send(message)

        await self.app(scope, receive, watched if scope.get("path", "").endswith("/readyz") else send)


async def _answer(send: Send, status: int, told: dict[str, object]) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(told)})


def _leak(fault: Fault) -> None:
    time.sleep(fault.after)
    end, kept = time.monotonic() + fault.seconds, []
    while time.monotonic() < end:
        # Written to, as memory that nobody touched is not there yet.
        kept.append(b"x" * LEAK_BYTES)
        log.warning(f"FAULT=leak: {len(kept) * LEAK_BYTES // 2**20} MiB kept")
        time.sleep(0.5)
