"""`shop loadgen`: finds the shop, sends, shows, checks the orders, and tells."""

import asyncio
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from shop.loadgen import orders, report, sender, shop, table
from shop.loadgen.live import Live
from shop.loadgen.plan import Plan
from shop.loadgen.shoppers import Crowd, Request, paths
from shop.loadgen.tally import Tally

DRAW_SECONDS = 0.25


def run(plan: Plan, *, as_json: bool, page: Path | None) -> int:
    """One run. Returns the exit status: 0 when nothing failed, was dropped, lost or doubled, else 1.

    The table, or with `as_json` one JSON object, goes to standard output; what is said meanwhile to standard error.
    """
    try:
        result = _loop()(_run(plan))
    except shop.NoShop as error:
        print(f"shop loadgen: {plan.url} is not ready for shoppers: {error}", file=sys.stderr)
        return 1
    if page:
        page.write_text(report.page(result))
        print(f"report: {page}", file=sys.stderr)
    print(msgspec.json.encode(result).decode() if as_json else "\n".join(table.lines(result, _columns())), flush=True)
    return 0 if _well(result) else 1


def _columns() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else table.WIDE


def _well(result: dict[str, Any]) -> bool:
    requests, placed = result["requests"], result["orders"] or {}
    return not (requests["failed"] or requests["dropped"] or placed.get("lost") or placed.get("twice"))


def _loop() -> Callable[..., Any]:
    try:
        import uvloop
    except ImportError:  # Windows has none.
        return asyncio.run
    return uvloop.run


async def _run(plan: Plan) -> dict[str, Any]:
    tally, stop, crowd = Tally(), asyncio.Event(), None
    # Asked to end, it stops sending and tells what there was until then.
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with sender.session(plan) as http:
        following: Callable[[], Request]
        if plan.paths:
            wanted = paths(plan.paths)
            following = lambda: next(wanted)  # noqa: E731
        else:
            crowd = Crowd(await shop.find(http), plan.mix, plan.seed)
            following = crowd.next
        started = _now()
        drawing = asyncio.create_task(_draw(Live(plan, tally, sys.stderr)))
        await sender.send(http, plan, following, crowd.met if crowd else _forget, tally, stop)
        drawing.cancel()
        with suppress(asyncio.CancelledError):
            await drawing
        ended = _now()
        placed = await orders.check(http, crowd.everybody) if crowd else None
    told = {"v": 1, "url": plan.url, "rate": plan.rate, "seconds": plan.seconds, "started": started, "ended": ended}
    return {**told, **tally.figures(), "orders": asdict(placed) if placed else None}


def _forget(_request: Request, _status: int, _answer: bytes) -> None:
    pass


async def _draw(live: Live) -> None:
    try:
        while True:
            live.draw()
            await asyncio.sleep(DRAW_SECONDS)
    finally:
        live.draw(last=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
