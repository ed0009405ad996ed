"""One way to make an HTTP service, whatever it serves."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from litestar import Litestar
from litestar.exceptions import HTTPException

from ovia_shared.config.settings import ServerSettings
from ovia_shared.database.pool import Database
from ovia_shared.telemetry import tracing
from ovia_shared.telemetry.collectors import BuildInfo, ContainerMemory, Pool
from ovia_shared.telemetry.metrics import HttpMetrics
from ovia_shared.web import health, problems
from ovia_shared.web.authentication import DEPENDENCIES, Authentication
from ovia_shared.web.documentation import documentation
from ovia_shared.web.draining import Draining
from ovia_shared.web.health import MoreMetrics
from ovia_shared.web.idempotency import Idempotency
from ovia_shared.web.lifecycle import BODY_LIMIT, Lifecycle
from ovia_shared.web.parameters import refuse_unknown
from ovia_shared.web.rate_limits import RateLimits


def create_app(
    *,
    service: str,
    title: str,
    description: str,
    settings: ServerSettings,
    handlers: Sequence[Any] = (),
    database: Database | None = None,
    more_metrics: MoreMetrics | None = None,
    lifespan: Sequence[Callable[[Litestar], AbstractAsyncContextManager[None]]] = (),
) -> Litestar:
    """The application of a service: its handlers, and what all services share.

    Handlers need a token unless they carry `opt=dict(PUBLIC)`, and may ask for `conn` and `caller`. A service without
    a database can have public handlers only. `more_metrics` are told at `/metrics` behind those of the requests.
    `lifespan` are contexts the application lives in. `app.state.draining` knows when the process is told to end.
    """
    metrics = HttpMetrics(service)
    metrics.add(BuildInfo(service, version("ovia-shared"), settings.build))
    metrics.add(ContainerMemory(service))
    if database is not None:
        metrics.add(Pool(service, database.use))
    draining = Draining()
    limits = RateLimits(settings.requests_per_minute, settings.anonymous_requests_per_minute)

    @asynccontextmanager
    async def with_database(_: Litestar) -> AsyncIterator[None]:
        if database is not None:
            await database.open()
        try:
            yield
        finally:
            if database is not None:
                await database.close()

    app = Litestar(
        route_handlers=[health.routes(service, settings.build, database, metrics, draining, more_metrics), *handlers],
        dependencies=DEPENDENCIES,
        middleware=[] if database is None else [Authentication(database, limits), Idempotency()],
        before_request=refuse_unknown,
        exception_handlers={HTTPException: problems.respond, Exception: problems.respond},
        lifespan=[with_database, *lifespan],
        openapi_config=documentation(title, description),
        request_max_body_size=BODY_LIMIT,
        logging_config=None,
    )
    # Around the framework, so that unknown paths and failures have a request id, a count and a log line too.
    app.asgi_handler = Lifecycle(app.asgi_handler, metrics, settings.request_timeout, draining)
    if tracing.on():
        from ovia_shared.web.traced import Traced

        app.asgi_handler = Traced(app.asgi_handler)
    app.state.draining = draining
    return app
