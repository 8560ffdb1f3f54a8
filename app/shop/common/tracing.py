"""Traces over OTLP, where the environment names a collector (`OTEL_EXPORTER_OTLP_ENDPOINT`); else nothing is imported.

OpenTelemetry's own variables apply: sampling, headers, service name, OTEL_SDK_DISABLED.
"""

import os
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from shop.common.lifecycle import Wrap
from shop.common.logs import request_id
from shop.common.settings import Settings

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

_PROBES = (r"/(livez|readyz)$",)

_inject: Callable[[dict[str, str]], None] | None = None


def wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment names a collector and does not switch the SDK off."""
    return any(environ.get(name) for name in _ENDPOINTS) and environ.get("OTEL_SDK_DISABLED", "").lower() != "true"


def start(settings: Settings) -> Wrap:
    """Sends this process's spans to the collector; returns what has to be put around the app."""
    from opentelemetry import propagate, trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from starlette.middleware.opentelemetry import OpenTelemetryMiddleware

    name = os.environ.get("OTEL_SERVICE_NAME") or f"shop-{settings.service}"
    resource = Resource.create({"service.name": name, "service.version": settings.release})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    global _inject
    _inject = propagate.inject

    def wrap(app: ASGIApp) -> ASGIApp:
        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            trace.get_current_span().set_attribute("shop.request_id", request_id.get())
            await app(scope, receive, send)

        return OpenTelemetryMiddleware(noted, excluded_urls=_PROBES, tracer_provider=provider)

    return wrap


def outgoing() -> dict[str, str]:
    """Headers that carry the current trace on to another service; none without tracing."""
    headers: dict[str, str] = {}
    if _inject:
        _inject(headers)
    return headers
