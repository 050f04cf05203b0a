"""OpenTelemetry traces, when asked for: a consumer's message is one trace through all processes.

Asked for means that OTEL_EXPORTER_OTLP_ENDPOINT is set; without it nothing of OpenTelemetry is imported
and a span is a `with` around nothing. Everything else is OpenTelemetry's own environment variables.
A span carries ids, names of ours and amounts; never words, names, telephones or addresses of a consumer.
From one process to the next a trace travels as W3C's traceparent in the message's metadata, where the
burst travels too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ASKED = "OTEL_EXPORTER_OTLP_ENDPOINT"

Carrier = dict[str, str]
"""`{"traceparent": …}`, or {} outside of any trace."""

tracer: Any = None


def start() -> None:
    """From now on the spans of this process are kept and sent, if traces are asked for."""
    global tracer
    if tracer is not None or not os.environ.get(ASKED):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("heqi")


@contextmanager
def span(name: str, parent: Carrier | None = None, **attributes: Any) -> Iterator[Any]:
    """Measures what happens inside; gives the span, None where traces are not asked for.

    Its parent is the span around it, or the one in `parent`; {} begins a trace. A fault inside is marked
    with its type: its words may quote a customer.
    """
    if tracer is None:
        yield None
        return
    from opentelemetry.trace import Status, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = None if parent is None else TraceContextTextMapPropagator().extract(parent)
    known = {key: value for key, value in attributes.items() if value is not None}
    with tracer.start_as_current_span(name, context, attributes=known, record_exception=False, set_status_on_exception=False) as made:
        try:
            yield made
        except BaseException as fault:
            made.set_status(Status(StatusCode.ERROR, type(fault).__name__))
            raise


def carrier() -> Carrier:
    """The span we are in, for another process."""
    found: Carrier = {}
    if tracer is not None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(found)
    return found


def id_of(made: Any) -> str | None:
    """The trace's id as 32 hexadecimal digits; None without a span."""
    return None if made is None else f"{made.get_span_context().trace_id:032x}"
