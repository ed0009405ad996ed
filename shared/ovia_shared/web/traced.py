"""A trace for every request, the caller's own continued where it sends `traceparent` (W3C Trace Context)."""

from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind, StatusCode

from ovia_shared.telemetry.logging import mask

# What asks these asks again in a few seconds; nobody looks for its traces.
_QUIET = frozenset({"/health", "/health/started", "/ready", "/metrics"})


class Traced:
    """The ASGI layer around everything else. Used only where traces are collected."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._tracer = trace.get_tracer("ovia")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["path"] in _QUIET:
            await self._app(scope, receive, send)
            return
        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        method = scope["method"]
        attributes = {"http.request.method": method, "url.path": mask(scope["path"]), "url.scheme": scope["scheme"]}
        with self._tracer.start_as_current_span(
            method, context=propagate.extract(sent), kind=SpanKind.SERVER, attributes=attributes
        ) as span:

            async def observed(message: Message) -> None:
                if message["type"] == "http.response.start":
                    status: Any = message["status"]
                    span.set_attribute("http.response.status_code", status)
                    if status >= 500:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            try:
                await self._app(scope, receive, observed)
            finally:
                # Known only now, and the only name with few values.
                route = scope.get("path_template")
                if route:
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)
                request_id = scope.get("state", {}).get("request_id")
                if request_id:
                    span.set_attribute("ovia.request_id", request_id)
