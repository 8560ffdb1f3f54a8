"""Traces: one page is one trace through both services, at a collector that the environment names."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.app.running import ROOT, process, until


@contextmanager
def collector() -> Iterator[tuple[str, list[tuple[str, Span]]]]:
    """An OTLP endpoint with its address, and the spans it was sent, each with its service."""
    spans: list[tuple[str, Span]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                attributes = {one.key: one.value.string_value for one in resource.resource.attributes}
                for scope in resource.scope_spans:
                    spans.extend((attributes["service.name"], span) for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", spans
        finally:
            server.shutdown()


@pytest.mark.slow
def test_a_page_is_one_trace_through_storefront_and_api(sqlite_template: Path) -> None:
    with collector() as (url, spans):
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        database = {"DATABASE_URL": f"sqlite:///{sqlite_template}", "RELEASE": "r-7"}
        with process("serve", "api", environ={**environ, **database}) as (_, api):  # noqa: SIM117
            with process("serve", "storefront", environ={**environ, "API": api}) as (_, storefront):
                headers = {"X-Request-Id": "trace-this-one"}
                assert httpx.get(f"{storefront}/product/harbour-mug", headers=headers).status_code == 200
                assert httpx.get(f"{storefront}/livez").status_code == 200
                until(lambda: {"shop-api", "shop-storefront"} <= {service for service, _ in spans})
    told = {(service, span.name): span for service, span in spans}
    page = told["shop-storefront", "GET /product/{slug}"]
    assert page.trace_id == told["shop-api", "GET /api/products/{slug}"].trace_id
    attributes = {one.key: one.value.string_value for one in page.attributes}
    assert attributes["shop.request_id"] == "trace-this-one"
    assert not [name for _, name in told if "livez" in name]


def test_without_a_collector_nothing_of_it_is_imported() -> None:
    code = "import sys, shop.common.tracing, shop.common.server, shop.api.app, shop.storefront.app; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "app", capture_output=True, text=True, check=True)
    assert [name for name in ran.stdout.split() if name.startswith("opentelemetry")] == []
