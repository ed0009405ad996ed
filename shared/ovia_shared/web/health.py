"""What every service says about itself: whether it lives, whether it can serve, what it is, and its metrics."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Response, Router, get
from prometheus_client import CONTENT_TYPE_LATEST

from ovia_shared.database import migrate
from ovia_shared.database.pool import Database
from ovia_shared.errors import OviaError
from ovia_shared.telemetry.metrics import HttpMetrics
from ovia_shared.web.authentication import PUBLIC
from ovia_shared.web.draining import Draining

READY_SECONDS = 2.0


class Health(msgspec.Struct, frozen=True):
    """The process lives."""

    status: str = "ok"


class Check(msgspec.Struct, frozen=True):
    """One condition for serving; `detail` says what is missing."""

    name: str
    ok: bool
    detail: str = ""


class Readiness(msgspec.Struct, frozen=True):
    """Whether requests can be served now, and each condition for it."""

    ready: bool
    checks: tuple[Check, ...]


class Info(msgspec.Struct, frozen=True):
    """What is running."""

    service: str
    version: str
    build: str


# What a service tells Prometheus beyond its requests, in the text format.
MoreMetrics = Callable[[], Awaitable[bytes]]


class Conditions:
    """What has to hold for a service to serve, and whether it ever did."""

    def __init__(self, database: Database | None, draining: Draining) -> None:
        self._database = database
        self._draining = draining
        self._was_ready = False

    async def now(self) -> Readiness:
        """Whether requests should be sent here."""
        checks = [] if self._database is None else await _checks(self._database)
        if self._draining.begun:
            checks.append(Check("running", ok=False, detail="the service was told to end"))
        answer = Readiness(all(check.ok for check in checks), tuple(checks))
        self._was_ready = self._was_ready or answer.ready
        return answer

    async def at_least_once(self) -> Readiness:
        """Whether it was ready at some time since it started. Asks the database only until it was."""
        return Readiness(ready=True, checks=()) if self._was_ready else await self.now()


def routes(
    service: str,
    build: str,
    database: Database | None,
    metrics: HttpMetrics,
    draining: Draining,
    more: MoreMetrics | None = None,
) -> Router:
    """`/health`, `/health/started`, `/ready`, `/info`, `/metrics`. None needs a token; the gateway hides the last."""
    running = Info(service, version("ovia-shared"), build)
    conditions = Conditions(database, draining)

    @get("/health", operation_id="health", summary="Whether the process lives", tags=["service"])
    async def health() -> Health:
        """Answers as long as the process does."""
        return Health()

    @get("/health/started", operation_id="started", summary="Whether the service has started", tags=["service"])
    async def started() -> Response[Readiness]:
        """503 until the service was ready for the first time, 200 from then on, whatever becomes of the database.

        This is what decides whether a container lives: a new one has to be able to serve before an old one goes, and
        none is replaced because the database restarts.
        """
        return _told(await conditions.at_least_once())

    @get("/ready", operation_id="ready", summary="Whether the service can serve", tags=["service"])
    async def ready() -> Response[Readiness]:
        """503 while the database is away or lacks migrations, and once the service was told to end."""
        return _told(await conditions.now())

    @get("/info", operation_id="info", summary="What is running", tags=["service"])
    async def info() -> Info:
        """Service, version and build."""
        return running

    @get("/metrics", include_in_schema=False)
    async def prometheus() -> Response[bytes]:
        text = metrics.text() + (b"" if more is None else await more())
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    handlers: list[Any] = [health, started, ready, info, prometheus]
    return Router("/", route_handlers=handlers, opt=dict(PUBLIC))


def _told(answer: Readiness) -> Response[Readiness]:
    headers = {} if answer.ready else {"Retry-After": "5"}
    return Response(answer, status_code=200 if answer.ready else 503, headers=headers)


async def _checks(database: Database) -> list[Check]:
    try:
        async with asyncio.timeout(READY_SECONDS), database.bare_transaction() as conn:
            missing = await migrate.missing(conn)
    except (OviaError, TimeoutError) as error:
        detail = error.message if isinstance(error, OviaError) else "the database does not answer in time"
        return [Check("database", ok=False, detail=detail)]
    lacking = f"not applied: {', '.join(missing)}" if missing else ""
    return [Check("database", ok=True), Check("migrations", ok=not missing, detail=lacking)]
