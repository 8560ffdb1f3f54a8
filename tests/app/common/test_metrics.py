"""What Prometheus reads."""

from __future__ import annotations

import re
import socket

import httpx
from prometheus_client import generate_latest

from shop.common import metrics
from tests.app.running import BUYER, DEMO, process, until


def _count(text: str, **labels: str) -> float:
    """The requests that the histogram in `text` has counted with these labels."""
    wanted = ",".join(f'{name}="{value}"' for name, value in labels.items())
    found = re.search(rf"^shop_request_seconds_count{{{re.escape(wanted)}}} ([0-9.e+]+)$", text, re.M)
    return float(found[1]) if found else 0.0


def test_requests_are_counted_by_the_routes_template_and_never_by_what_was_asked_for(api: httpx.Client) -> None:
    labels = {"method": "GET", "route": "/api/products/{slug}", "status": "200"}
    before = _count(generate_latest().decode(), **labels)
    api.get("/api/products/harbour-mug")
    api.get("/api/products/ridge-tent")
    api.get("/api/products/nobody-sells-this")
    api.request("PROPFIND", "/api/tea")
    until(lambda: _count(generate_latest().decode(), **labels) == before + 2)
    text = generate_latest().decode()
    assert "harbour-mug" not in text
    assert "nobody-sells-this" not in text
    assert "PROPFIND" not in text
    assert _count(text, method="other", route="", status="404") >= 1


def test_what_the_shop_does_is_counted(api: httpx.Client, guest: dict[str, str]) -> None:
    def counted(name: str) -> float:
        found = re.search(rf"^{re.escape(name)} ([0-9.e+]+)$", generate_latest().decode(), re.M)
        return float(found[1]) if found else 0.0

    names = (
        'shop_orders_total{state="paid"}',
        "shop_sold_cents_total",
        'shop_cart_additions_total{result="added"}',
        'shop_cart_additions_total{result="refused"}',
        'shop_logins_total{result="ok"}',
        'shop_logins_total{result="wrong"}',
    )
    before = [counted(name) for name in names]
    api.post("/api/cart/items", json={"product": "harbour-mug"}, headers=guest)
    api.post("/api/cart/items", json={"product": "nobody-sells-this"}, headers=guest)
    order = api.post("/api/orders", json=BUYER, headers={**guest, "Idempotency-Key": "counted-1"}).json()
    api.post("/api/login", json=DEMO)
    api.post("/api/login", json={**DEMO, "password": "not this one"})
    after = [counted(name) for name in names]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, order["total_cents"], 1, 1, 1, 1]


def test_a_process_tells_what_it_is_on_a_port_of_its_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {"METRICS_PORT": str(port), "RELEASE": "r-7", "COMMIT": "8f3c1d2", "IMAGE_DIGEST": "sha256:12"}
    with process("serve", "storefront", environ=environ) as (_, address):
        text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert httpx.get(f"{address}/metrics").status_code == 404, "shoppers come in by the other port"
    build = 'commit="8f3c1d2",digest="sha256:12",release="r-7",service="storefront",version="2"'
    assert re.search(rf"^shop_build_info{{{re.escape(build)}}} 1.0$", text, re.M)
    assert re.search(r"^shop_draining 0.0$", text, re.M)
    assert "process_resident_memory_bytes" in text


def test_pools_are_asked_when_prometheus_asks() -> None:
    metrics.watch_pools(lambda: {"hot": (5, 2)})
    text = generate_latest().decode()
    assert 'shop_database_connections{pool="hot",state="busy"} 2.0' in text
    assert 'shop_database_connections{pool="hot",state="idle"} 3.0' in text
