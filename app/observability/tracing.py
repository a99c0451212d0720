"""Traces told to an OpenTelemetry collector, if ``OTEL_EXPORTER_OTLP_ENDPOINT`` says where.

A span for each request and, below it, for each turn and for what the model took its time for. They
are made of what the log lines hold: no path, no text, a hashed user.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, has_request_context
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from .logs import user_of_request
from .per_request import method_of_request, route_of_request

#: Which of a turn's times are those of the model, one after the other.
MODEL_PHASES = ("load", "prompt", "output")
TURN_LOG = "flask_smorest_chatbot.services.turn"
#: What a turn's span holds of what the log line does.
_TOLD = (
    "turn",
    "outcome",
    "reason",
    "input_tokens",
    "output_tokens",
    "queue_ms",
    "first_token_ms",
    *(f"{phase}_ms" for phase in MODEL_PHASES),
    "duration_ms",
)

_NS_PER_MS = 1_000_000


def init_app(app: Flask) -> None:
    """Trace ``app``'s requests and turns; the standard ``OTEL_*`` variables say more."""
    about = {SERVICE_NAME: "rental-site", SERVICE_VERSION: app.config["SITE_RELEASE"]}
    provider = TracerProvider(resource=Resource.create(about))
    endpoint = app.config["OTEL_EXPORTER_OTLP_ENDPOINT"].rstrip("/")
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces"))
    )
    tracer = provider.get_tracer("site")
    app.before_request(lambda: _begin(tracer))
    app.after_request(_answered)
    app.extensions["site_tracing"] = provider
    logging.getLogger(TURN_LOG).addHandler(_TurnSpans(tracer))


def _begin(tracer: Tracer) -> None:
    route, method = route_of_request(), method_of_request()
    about = {"http.request.method": method, "http.route": route}
    g.site_span = tracer.start_span(f"{method} {route}", kind=SpanKind.SERVER, attributes=about)


def _answered(response: Response) -> Response:
    span: Span | None = g.pop("site_span", None)
    if span is None:  # refused before it began
        return response
    g.site_span = span
    span.set_attribute("http.response.status_code", response.status_code)
    span.set_attribute("request_id", g.request_id)
    if user := user_of_request():
        span.set_attribute("user.hash", user)
    if response.status_code >= 500:
        span.set_status(Status(StatusCode.ERROR))
    response.call_on_close(span.end)  # a stream's span is as long as the stream
    return response


class _TurnSpans(logging.Handler):
    """Makes spans of the line that the plugin logs when a turn has ended."""

    def __init__(self, tracer: Tracer) -> None:
        super().__init__(logging.INFO)
        self._tracer = tracer

    def emit(self, record: logging.LogRecord) -> None:
        fields = getattr(record, "fields", None)
        if record.getMessage() == "turn" and fields:
            self._add(fields)

    def _add(self, fields: Mapping[str, Any]) -> None:
        end = time.time_ns()
        span = self._tracer.start_span(
            "turn",
            context=_context(g.get("site_span") if has_request_context() else None),
            start_time=end - round(fields["duration_ms"] * _NS_PER_MS),
            attributes={name: fields[name] for name in _told(fields)},
        )
        self._add_phases(span, fields, end)
        if fields["outcome"] == "failed":
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)

    def _add_phases(self, turn: Span, fields: Mapping[str, Any], end: int) -> None:
        """Add what the model took its time for, as if it had ended when the turn did."""
        taken = [(phase, fields.get(f"{phase}_ms")) for phase in MODEL_PHASES]
        times = [(phase, round(ms * _NS_PER_MS)) for phase, ms in taken if ms is not None]
        begins = end - sum(time for _, time in times)
        for phase, lasts in times:
            span = self._tracer.start_span(
                f"model {phase}", _context(turn), kind=SpanKind.CLIENT, start_time=begins
            )
            begins += lasts
            span.end(begins)


def _context(parent: Span | None) -> Any:
    return trace.set_span_in_context(parent) if parent is not None else None


def _told(fields: Mapping[str, Any]) -> list[str]:
    """Return the names of what a span holds: only what is known to say nothing of people."""
    return [name for name in _TOLD if fields.get(name) is not None]
