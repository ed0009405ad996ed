"""The HTTP services: how many requests, how many fail, how long they take, and what they have left to work with."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from ovia_dashboards import limits
from ovia_dashboards.boards import board, choice, heading
from ovia_dashboards.panels import Series, graph, logs, number, rows

_CHOSEN = 'service=~"$service", route=~"$route"'
_BUCKETS = "ovia_http_request_seconds_bucket"


def dashboard() -> Dashboard:
    """Services and routes are chosen above the panels."""
    made = board("api", "API", "Requests of every HTTP service: rate, errors, duration, and what they have left.")
    made = made.with_variable(choice("service", "Service", "Which services are shown", "ovia_http_requests_total"))
    made = made.with_variable(
        choice("route", "Route", "Which routes are shown", 'ovia_http_requests_total{service=~"$service"}')
    )
    for part in (_requests, _durations, _routes, _means):
        made = part(made)
    return made


def _requests(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Requests"))
        .with_panel(
            graph(
                "Requests",
                "Requests answered each second, by service. Probes and scrapes are counted too: deselect their routes.",
                Series(requests("service", _CHOSEN), "{{service}}"),
                unit="reqps",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Failed requests",
                "Share of requests that the service itself failed: status 500 and above. A caller's own fault, 4xx,"
                " is none. No traffic has no share.",
                Series(failed_share(_CHOSEN), "{{service}}"),
                unit="percentunit",
                width=8,
                limit=limits.of("OviaErrorRateHigh"),
            )
        )
        .with_panel(
            graph(
                "Answers by status",
                "Requests each second by the status they were answered with. 0 stands for those whose caller went"
                " away before there was an answer.",
                Series(requests("status", _CHOSEN), "{{status}}"),
                unit="reqps",
                width=8,
                stacked=True,
            )
        )
    )


def requests(by: str, chosen: str, over: str = "$__rate_interval") -> str:
    """Requests a second with the labels chosen, added up by those named."""
    return f"sum by ({by}) (rate(ovia_http_requests_total{{{chosen}}}[{over}]))"


def failed(by: str, chosen: str, over: str = "$__rate_interval") -> str:
    """Failed requests a second; 0, not nothing, where there were requests and none failed."""
    every = requests(by, chosen, over)
    return f"""({requests(by, f'{chosen}, status=~"5.."', over)} or {every} * 0)"""


def failed_share(chosen: str) -> str:
    """The share of failed requests by service."""
    return f"{failed('service', chosen)} / {requests('service', chosen)}"


def quantile(share: float, chosen: str, by: str = "service") -> str:
    """How long the share given of requests took at most, in seconds, read from the buckets."""
    return f"histogram_quantile({share}, sum by ({by}, le) (rate({_BUCKETS}{{{chosen}}}[$__rate_interval])))"


def _durations(made: Dashboard) -> Dashboard:
    made = made.with_row(heading("Duration"))
    for name, share, meaning in (
        ("median", 0.5, "Half of the requests took no longer."),
        ("p95", 0.95, "19 of 20 requests took no longer."),
        ("p99", 0.99, "99 of 100 requests took no longer."),
    ):
        made = made.with_panel(
            graph(
                f"Duration, {name}",
                f"{meaning} From the head of a request to the end of its answer, within the width of a bucket.",
                Series(quantile(share, _CHOSEN), "{{service}}"),
                unit="s",
                width=8,
                limit=limits.of("OviaLatencyHigh") if share == 0.95 else None,
            )
        )
    return made


def _routes(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Routes"))
        .with_panel(
            rows(
                "Routes",
                "Each route's requests a second, failed requests a second, and duration, over the range chosen;"
                " the 50 busiest.",
                Series(
                    f"topk(50, {requests('service, method, route', _CHOSEN, '$__range')})",
                    "requests/s",
                ),
                Series(
                    failed("service, method, route", _CHOSEN, "$__range"),
                    "failed/s",
                ),
                Series(
                    f"histogram_quantile(0.95, sum by (service, method, route, le) (rate({_BUCKETS}{{{_CHOSEN}}}"
                    "[$__range])))",
                    "p95 seconds",
                ),
                unit="none",
                width=24,
                height=12,
            )
        )
        .with_panel(
            graph(
                "Slowest routes, p95",
                "The ten routes whose 95th percentile is highest.",
                Series(
                    f"topk(10, {quantile(0.95, _CHOSEN, 'service, route')})",
                    "{{service}} {{route}}",
                ),
                unit="s",
                limit=limits.of("OviaLatencyHigh"),
            )
        )
        .with_panel(
            graph(
                "Busiest routes",
                "The ten routes with most requests.",
                Series(
                    f"topk(10, {requests('service, route', _CHOSEN)})",
                    "{{service}} {{route}}",
                ),
                unit="reqps",
            )
        )
    )


def _means(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("What they have left"))
        .with_panel(
            graph(
                "In flight",
                "Requests being answered at this moment, by replica.",
                Series('ovia_http_requests_in_flight{service=~"$service"}', "{{service}} {{instance}}"),
                unit="none",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Database connections in use",
                "Share of a replica's pool that is lent out. At 1 the next request waits, and after five seconds it"
                " is told to come back later.",
                Series(
                    'ovia_database_pool_in_use{service=~"$service"} / ovia_database_pool_size{service=~"$service"}',
                    "{{service}} {{instance}}",
                ),
                unit="percentunit",
                width=8,
                limit=limits.of("OviaDatabasePoolExhausted"),
            )
        )
        .with_panel(
            graph(
                "Waiting for a database connection",
                "Requests that wait because the whole pool of their replica is lent out.",
                Series('ovia_database_pool_waiting{service=~"$service"}', "{{service}} {{instance}}"),
                unit="none",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Memory",
                "What each replica's process holds in memory.",
                Series('process_resident_memory_bytes{job=~"api|metrics|rag|console"}', "{{job}} {{instance}}"),
                unit="bytes",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Processor",
                "Seconds of processor time each replica uses a second. A replica has one process and uses one core"
                " at most.",
                Series(
                    'rate(process_cpu_seconds_total{job=~"api|metrics|rag|console"}[$__rate_interval])',
                    "{{job}} {{instance}}",
                ),
                unit="short",
                width=8,
            )
        )
        .with_panel(
            number(
                "Replicas that answer",
                "How many replicas of the HTTP services Prometheus can reach, by service.",
                Series('sum by (job) (up{job=~"api|metrics|rag|console"})', "{{job}}"),
                unit="none",
                width=8,
            )
        )
        .with_row(heading("Log"))
        .with_panel(
            logs(
                "Warnings and errors",
                "What the services logged as warning or worse. A request's lines share its request_id.",
                '{service=~"api|metrics|rag|console", level=~"warning|error|critical"}',
            )
        )
    )
