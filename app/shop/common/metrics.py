"""What Prometheus reads. The names are a promise: docs/shop.md lists them, alarms are built on them."""

from collections.abc import Callable, Iterable

from prometheus_client import Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

from shop.common.settings import Settings

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Pools = Callable[[], dict[str, tuple[int, int]]]
"""Name of a pool -> connections that are open, and how many of them are busy."""

REQUESTS = Histogram(
    "shop_request_seconds",
    "Requests by method, route (its template, never the path that was asked for) and status",
    ["method", "route", "status"],
    buckets=BUCKETS,
)
IN_FLIGHT = Gauge("shop_requests_in_flight", "Requests that are being answered")
CONNECTIONS = Gauge("shop_connections", "Connections that are open, idle ones too")
DRAINING = Gauge("shop_draining", "1 from the signal to end on")
BUILD = Gauge(
    "shop_build_info", "Always 1; the labels tell what serves", ["service", "version", "release", "commit", "digest"]
)
FAULT = Gauge("shop_fault_info", "1 while a fault is asked for (docs/shop.md, Bad releases)", ["fault"])
ORDERS = Counter("shop_orders_total", "Orders by the state that they came to", ["state"])
SOLD = Counter("shop_sold_cents_total", "What paid orders came to, in cents")
CART_ADDITIONS = Counter("shop_cart_additions_total", "Products put into a cart, by what came of it", ["result"])
LOGINS = Counter("shop_logins_total", "Logins by what came of them", ["result"])

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_known: dict[tuple[str, str, int], Histogram] = {}


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """One request that was answered. `route` is empty where none matched."""
    key = (method, route, status)
    child = _known.get(key)
    if child is None:
        # A client may invent methods; it must not invent time series.
        child = REQUESTS.labels(method if method in _METHODS else "other", route, str(status))
        if method in _METHODS:
            _known[key] = child
    child.observe(seconds)


class _DatabaseConnections(Collector):
    """Asks the pools only when Prometheus does."""

    pools: Pools = staticmethod(dict)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        found = GaugeMetricFamily(
            "shop_database_connections", "Connections to the database by pool and state", labels=["pool", "state"]
        )
        for pool, (opened, busy) in self.pools().items():
            found.add_metric([pool, "busy"], busy)
            found.add_metric([pool, "idle"], opened - busy)
        yield found


_database = _DatabaseConnections()
REGISTRY.register(_database)


def watch_pools(pools: Pools) -> None:
    """From now on `pools` is asked for the connections to the database."""
    _database.pools = pools


def serve(settings: Settings) -> None:
    """Answers `GET /metrics` on `settings.metrics_port`, a port that no balancer sends shoppers to; 0: not at all."""
    BUILD.labels(settings.service, settings.version, settings.release, settings.commit, settings.digest).set(1)
    if settings.metrics_port:
        start_http_server(settings.metrics_port, settings.host)
