"""Runs a service under uvicorn, and ends it so that no request is lost.

SIGTERM: `/readyz` turns 503 while everything is still answered for `drain_seconds`, so that whoever balances the load
can notice; then the listening socket closes and requests in flight have `grace_seconds` to finish. A second signal, or
Ctrl-C, skips the first part. The process then ends with status 0: being asked to end is no failure.
"""

import gc
import signal
import time
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from shop.common import metrics
from shop.common.lifecycle import Lifecycle
from shop.common.settings import Settings

KEEP_ALIVE_SECONDS = 75
"""Longer than a balancer keeps an idle connection (ALB: 60 s), so that it is never we who close one in use."""

BODY_LIMIT = 64 * 1024
"""Bytes of a request's body; the largest honest one is an address."""


class DrainingServer(uvicorn.Server):
    """uvicorn that keeps answering for a while after SIGTERM."""

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, drain_seconds: float) -> None:
        super().__init__(config)
        self.lifecycle = lifecycle
        self.drain_seconds = drain_seconds
        self.ends_at = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The signal handler: the first SIGTERM begins the drain, anything after it ends the server."""
        wait = self.drain_seconds if sig == signal.SIGTERM and not self.lifecycle.draining else 0.0
        self.lifecycle.draining = True
        self.ends_at = min(self.ends_at, time.monotonic() + wait)

    async def on_tick(self, counter: int) -> bool:
        """uvicorn's heartbeat, ten a second; True ends the loop."""
        if time.monotonic() >= self.ends_at:
            self.should_exit = True
        return await super().on_tick(counter)


def serve(app: ASGIApp, settings: Settings, lifecycle: Lifecycle) -> None:
    """Answers on `settings.host:settings.port` until a signal; returns when the last request in flight is done."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        # Here and not in the middleware: a request that uvicorn itself refuses is answered by a release, too.
        headers=[("X-Release", settings.release)],
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.grace_seconds,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
    )
    server = DrainingServer(config, lifecycle, settings.drain_seconds)
    metrics.IN_FLIGHT.set_function(lambda: len(server.server_state.tasks))
    metrics.CONNECTIONS.set_function(lambda: len(server.server_state.connections))
    metrics.DRAINING.set_function(lambda: lifecycle.draining)
    metrics.serve(settings)
    # What was made until here stays to the end: the collector need not look at it again with requests waiting.
    gc.collect()
    gc.freeze()
    server.run()
