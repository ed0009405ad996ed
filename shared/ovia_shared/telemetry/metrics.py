"""Prometheus metrics that every HTTP service has. Each application has a registry of its own."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector

# When a counter began: one more series for each, and Prometheus finds a restart by itself.
disable_created_metrics()  # type: ignore[no-untyped-call]

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class HttpMetrics:
    """Requests of one service: how many, how long, how many at this moment."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "ovia_http_requests",
            "Requests answered",
            ["service", "method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "ovia_http_request_seconds",
            "Seconds from the head of a request to the end of its answer",
            ["service", "method", "route"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        gauge = Gauge("ovia_http_requests_in_flight", "Requests being answered", ["service"], registry=self._registry)
        self.in_flight = gauge.labels(service)
        # Finding a child by its labels costs more than counting does.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request. `status` is 0 for one that ended without an answer."""
        children = self._children.get((method, route, status))
        if children is None:
            children = (
                self._requests.labels(self._service, method, route, str(status)),
                self._seconds.labels(self._service, method, route),
            )
            self._children[method, route, status] = children
        counter, histogram = children
        counter.inc()
        histogram.observe(seconds)

    def add(self, collector: Collector) -> None:
        """Tells these beside the requests."""
        self._registry.register(collector)

    def text(self) -> bytes:
        """All of it in the Prometheus text format."""
        return generate_latest(self._registry)
