"""`/livez`, `/readyz` and `/version`: what probes, balancers and deploy tools ask."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shop.common.answers import json
from shop.common.lifecycle import Lifecycle
from shop.common.settings import Settings


@dataclass(frozen=True)
class Readiness:
    """Whether requests should come here, with the reason when not."""

    ready: bool
    reason: str = ""


Check = Callable[[], Awaitable[Readiness]]
Schema = Callable[[], Awaitable[dict[str, str | None] | None]]


@dataclass
class Cached:
    """A check whose answer is kept for a second: many probers must not become load on what they look at.

    A bad answer is kept for a tenth of one: a service that has just become ready is not held up.
    """

    check: Check
    seconds: float = 1.0
    seconds_bad: float = 0.1
    _answer: Readiness | None = None
    _until: float = field(default=0.0)

    async def __call__(self) -> Readiness:
        if self._answer is None or time.monotonic() >= self._until:
            self._answer = await self.check()
            self._until = time.monotonic() + (self.seconds if self._answer.ready else self.seconds_bad)
        return self._answer


def routes(settings: Settings, lifecycle: Lifecycle, check: Check, schema: Schema, prefix: str = "") -> list[Route]:
    """The three routes. `check` may do I/O and is asked at most once a second; `/livez` does none."""
    readiness = Cached(check)

    async def livez(_: Request) -> Response:
        return json({"status": "alive"})

    async def readyz(_: Request) -> Response:
        if lifecycle.draining:
            return json({"status": "draining"}, 503)
        now = await readiness()
        return json(
            {"status": "ready"} if now.ready else {"status": "not ready", "reason": now.reason},
            200 if now.ready else 503,
        )

    async def version(_: Request) -> Response:
        return json(
            {
                "service": settings.service,
                "version": settings.version,
                "release": settings.release,
                "commit": settings.commit,
                "digest": settings.digest,
                "schema": await schema(),
                "pod": settings.pod,
                "node": settings.node,
                "fault": settings.fault if settings.allow_faults and settings.fault else None,
                "started": lifecycle.started,
            }
        )

    return [Route(f"{prefix}/{handler.__name__}", handler) for handler in (livez, readyz, version)]
