"""Sends requests at a fixed rate, whatever becomes of them (an open loop), and once each: no retries."""

import asyncio
import time
from collections.abc import Callable

import aiohttp

from shop.loadgen.plan import IN_FLIGHT, Plan
from shop.loadgen.shoppers import Request
from shop.loadgen.tally import Tally

Met = Callable[[Request, int, bytes], None]

_FINE = {"checkout": (201, 202), "guest": (201,)}


def session(plan: Plan) -> aiohttp.ClientSession:
    """Connections that are kept alive, as a balancer keeps them; no limit but the one on requests."""
    http = aiohttp.ClientSession(
        plan.url,
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=plan.timeout),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "shop-loadgen"},
        raise_for_status=False,
    )
    # aiohttp repeats a GET whose kept-alive connection broke, which would hide just what is looked for, and has no
    # public switch for it; its own test client turns it off in this way, and a test of ours holds it.
    http._retry_connection = False
    return http


async def send(
    http: aiohttp.ClientSession,
    plan: Plan,
    following: Callable[[], Request],
    met: Met,
    tally: Tally,
    stop: asyncio.Event,
) -> None:
    """Sends what `following` gives at `plan.rate` until the plan or `stop` ends it; returns when all is answered."""
    start = time.monotonic()
    flying: set[asyncio.Task[None]] = set()
    number = 0
    while (plan.planned is None or number < plan.planned) and not stop.is_set():
        due = number / plan.rate
        if (early := start + due - time.monotonic()) > 0:
            # In short pieces, so that a slow rate hears `stop` soon.
            await asyncio.sleep(min(early, 0.2))
            continue
        request = following()
        if len(flying) >= IN_FLIGHT:
            met(request, 0, b"")
            tally.add(
                due=due,
                late=time.monotonic() - start - due,
                took=0.0,
                outcome="dropped",
                kind=request.kind,
                release=(request.service, ""),
                error="not sent",
            )
        else:
            task = asyncio.create_task(_one(http, request, start, due, met, tally))
            flying.add(task)
            task.add_done_callback(flying.discard)
        number += 1
    if flying:
        await asyncio.wait(flying)


async def _one(http: aiohttp.ClientSession, request: Request, start: float, due: float, met: Met, tally: Tally) -> None:
    late = time.monotonic() - start - due
    status, body, release, error = 0, b"", "", ""
    try:
        async with http.request(
            request.method, request.path, headers=request.headers, json=request.body, allow_redirects=False
        ) as answer:
            status, release = answer.status, answer.headers.get("X-Release", "")
            body = await answer.read()
    except (aiohttp.ClientError, OSError, TimeoutError) as broken:
        status, error = 0, _reason(broken)
    met(request, status, body)
    tally.add(
        due=due,
        late=late,
        took=time.monotonic() - start - due,
        outcome=_outcome(request, status, body),
        kind=request.kind,
        release=(request.service, release),
        status=status,
        error=error,
    )


def _outcome(request: Request, status: int, body: bytes) -> str:
    if not status:
        return "dropped"
    if status == 409 and request.kind in ("add", "checkout") and b"out_of_stock" in body:
        return "sold out"
    if request.kind in _FINE:
        return "ok" if status in _FINE[request.kind] else "failed"
    return "ok" if status < 400 else "failed"


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "could not connect"
    return "connection broke"
