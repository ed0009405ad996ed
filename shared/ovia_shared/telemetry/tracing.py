"""Traces by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT names who collects them; nothing at all elsewhere.

The packages of the extra `tracing` are imported only then. A trace begins with a request, or with a unit of work in the
background (`unit`); what is asked of Postgres and of the sources belongs to it. Logs within it carry its id.

Spans say which statements ran and which addresses were asked, and neither with what values: parameters, query strings
and the words of errors stay out of them.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from structlog.typing import EventDict, WrappedLogger

from ovia_shared.config.settings import tracing_settings
from ovia_shared.errors import BadSettings
from ovia_shared.telemetry.logging import mask

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

_provider: "TracerProvider | None" = None


def configure(service: str, build: str = "") -> None:
    """Begins to trace this process, if that is wanted. Before any log is written and any connection opened.

    Raises `BadSettings` if it is wanted and the packages are not there.
    """
    global _provider  # noqa: PLW0603 (there is one per process, as there is one log)
    wanted = tracing_settings()
    if wanted is None or _provider is not None:
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
        from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise BadSettings(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and what it needs is not installed: ovia-shared[tracing]"
        ) from None
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES count, as anywhere else.
    resource = Resource.create({"service.name": service, "service.version": build or "unknown"})
    provider = TracerProvider(sampler=_sampler(wanted.ratio), resource=resource)
    provider.add_span_processor(BatchSpanProcessor(_discreet(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)
    AsyncPGInstrumentor().instrument(tracer_provider=provider)  # type: ignore[no-untyped-call]
    AioHttpClientInstrumentor().instrument(tracer_provider=provider, url_filter=_without_query)
    _provider = provider


def on() -> bool:
    """Whether this process is traced."""
    return _provider is not None


def end() -> None:
    """Sends what was not sent yet; may take some seconds. Nothing is traced from here on."""
    global _provider
    provider, _provider = _provider, None
    if provider is not None:
        provider.shutdown()


@contextlib.contextmanager
def unit(name: str, **attributes: str) -> Iterator[None]:
    """A unit of work in the background, such as deriving one organisation's facts: a trace of its own."""
    if _provider is None:
        yield
        return
    with _provider.get_tracer("ovia").start_as_current_span(name, attributes=attributes):
        yield


def add_ids(_: WrappedLogger | None, __: str, event: EventDict) -> EventDict:
    """structlog processor: the ids that lead from a log line to its trace."""
    if _provider is not None:
        from opentelemetry import trace

        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            event["trace_id"] = f"{context.trace_id:032x}"
            event["span_id"] = f"{context.span_id:016x}"
    return event


def _without_query(url: Any) -> str:
    return mask(str(url.with_query(None).with_user(None)))


def _sampler(ratio: float) -> Any:
    from opentelemetry.sdk.trace import sampling
    from opentelemetry.trace import SpanKind

    class Units(sampling.TraceIdRatioBased):
        """So many of all traces; none that begins with a statement, which belongs to nothing anybody looks for."""

        def should_sample(
            self, parent_context: Any, trace_id: int, name: str, kind: Any = None, *more: Any, **named: Any
        ) -> sampling.SamplingResult:
            if kind is SpanKind.CLIENT:
                return sampling.SamplingResult(sampling.Decision.DROP)
            return super().should_sample(parent_context, trace_id, name, kind, *more, **named)

    return sampling.ParentBased(Units(ratio))


def _discreet(exporter: Any) -> Any:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Status

    class Discreet(SpanExporter):
        """Exports spans without the words of errors, which may quote what people wrote, and with secrets masked."""

        def export(self, spans: "Sequence[ReadableSpan]") -> Any:
            return exporter.export([self._told(span) for span in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

        def _told(self, span: "ReadableSpan") -> "ReadableSpan":
            attributes = {
                name: mask(value) if isinstance(value, str) else value
                for name, value in (span.attributes or {}).items()
            }
            return ReadableSpan(
                name=mask(span.name),
                context=span.context,
                parent=span.parent,
                resource=span.resource,
                attributes=attributes,
                links=span.links,
                kind=span.kind,
                status=Status(span.status.status_code),
                start_time=span.start_time,
                end_time=span.end_time,
                instrumentation_scope=span.instrumentation_scope,
            )

    return Discreet()
