"""KPIs over HTTP."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream

from ovia_metrics.kpis import exporting, overview, series
from ovia_metrics.kpis.answering import KpiAnswer, answered, kpi_of, quality, shown
from ovia_metrics.kpis.asking import LONGEST, Asking, asking
from ovia_metrics.kpis.exporting import FILE, MEDIA_TYPES, FileFormat
from ovia_metrics.kpis.overview import Overview
from ovia_metrics.kpis.series import Series
from ovia_metrics.kpis.standing_out import marked
from ovia_shared.database.known_quality import KnownQuality
from ovia_shared.database.kpis import behind
from ovia_shared.database.kpis.measuring import Question, measure
from ovia_shared.database.pool import Connection, Database
from ovia_shared.errors import InvalidInput, MalformedInput
from ovia_shared.kpis import windows
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.describing import KpiDescription, describe
from ovia_shared.kpis.kpi import Composite, Kpi
from ovia_shared.kpis.windows import Bucket
from ovia_shared.models.caller import Caller
from ovia_shared.models.kpi import KpiRow, Risk, RowPosition, Window
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

Conn = NamedDependency[SkipValidation[Connection]]
CallerGiven = NamedDependency[SkipValidation[Caller]]
Asked = NamedDependency[SkipValidation[Asking]]
Known = NamedDependency[SkipValidation[KnownQuality]]
KpiName = Annotated[
    str, PathParameter(max_length=100, description="The name of a KPI, such as `review.first_response_hours`.")
]
KpiParameter = Annotated[str, QueryParameter(max_length=100, description="The name of a KPI.")]
BucketParameter = Annotated[Bucket, QueryParameter(description="What the series is cut into.")]
PartParameter = Annotated[
    str | None,
    QueryParameter(max_length=100, description="Of a KPI that is made of others: whose rows, by its name."),
]
FormatParameter = Annotated[FileFormat, QueryParameter(description="What the file is written in.")]


@get(
    "/team/kpi",
    guards=[requires(Role.VIEWER)],
    operation_id="read_kpi_overview",
    tags=["kpi"],
    summary="The latest numbers of a scope",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_overview(conn: Conn, caller: CallerGiven, asked: Asked, known_quality: Known) -> Overview:
    """Every KPI of the scope over the last 30 days, as the latest snapshot has it, taken every hour; delivery health
    and release risk with their parts. A correction of who is who, or of a setting, shows at once. With a window or
    `as_of` of your own it is counted for you."""
    return await overview.overview(conn, caller, asked, await known_quality.signals(conn, caller.org_id))


@get(
    "/team/kpi/catalogue",
    guards=[requires(Role.VIEWER)],
    operation_id="list_kpis",
    tags=["kpi"],
    summary="What each KPI means",
    security=SECURITY,
    responses=problems_of(),
)
async def read_catalogue() -> list[KpiDescription]:
    """Every KPI: the question it answers, its definition in words, its formula, which facts it counts, and caveats."""
    return [describe(kpi) for kpi in CATALOGUE.values()]


@get(
    "/team/kpi/history",
    guards=[requires(Role.VIEWER)],
    operation_id="read_kpi_history",
    tags=["kpi"],
    summary="A KPI through time",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_history(
    conn: Conn,
    caller: CallerGiven,
    asked: Asked,
    known_quality: Known,
    kpi: KpiParameter,
    bucket: BucketParameter = Bucket.WEEK,
) -> Series:
    """A point for each day, week or month of the organisation's calendar, or for each sprint that closed; without
    `from` of the last 26 weeks. The point that is not over yet is `running`. Each point has its receipt."""
    return await _series(conn, caller, asked, known_quality, kpi, bucket)


@get(
    "/team/kpi/history/export",
    guards=[requires(Role.VIEWER)],
    operation_id="export_kpi_history",
    tags=["kpi"],
    summary="A KPI through time, as a file",
    security=SECURITY,
    media_type="application/octet-stream",
    responses=problems_of(404) | FILE,
)
async def export_history(
    conn: Conn,
    caller: CallerGiven,
    asked: Asked,
    known_quality: Known,
    kpi: KpiParameter,
    bucket: BucketParameter = Bucket.WEEK,
    file_format: FormatParameter = FileFormat.CSV,
) -> Response[bytes]:
    """A line a point, with a column for each of its values."""
    found = await _series(conn, caller, asked, known_quality, kpi, bucket)
    return Response(
        exporting.series_file(found, file_format),
        media_type=MEDIA_TYPES[file_format],
        headers=exporting.headers(kpi, file_format),
    )


@get(
    "/team/kpi/risks",
    guards=[requires(Role.VIEWER)],
    operation_id="list_risks",
    tags=["kpi"],
    summary="What endangers the next release",
    security=SECURITY,
    responses=problems_of(404),
)
async def list_risks(
    conn: Conn, caller: CallerGiven, asked: Asked, limit: Limit = 50, cursor: CursorText = None
) -> Page[Risk]:
    """Blocked items, release branches whose last pipeline failed, stale merge requests: the oldest first, each with the
    person whose it is, its age at the end of the window, and a link."""
    paging = Paging[Risk, RowPosition]("risks", RowPosition, lambda one: _position(asked, one.since, one.row.fact_id))
    begun = paging.read(cursor, asked.scope)
    if begun is not None:
        asked = _as_before(asked, begun.after)
    after = None if begun is None else (begun.after.occurred_at, begun.after.fact_id)
    question = asked.question(caller, "release_risk")
    found = await behind.risks(conn, question, after, limit + 1, named=asked.named)
    total = begun.total if begun else await behind.count_risks(conn, question)
    return paging.page(found, limit, total, asked.scope)


@get(
    "/team/kpi/{name:str}",
    guards=[requires(Role.VIEWER)],
    operation_id="read_kpi",
    tags=["kpi"],
    summary="One KPI",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_kpi(
    conn: Conn,
    caller: CallerGiven,
    asked: Asked,
    known_quality: Known,
    name: KpiName,
    compare: Annotated[bool, QueryParameter(description="Also in the window before.")] = False,
) -> KpiAnswer:
    """Its value in the window, with percentiles or counts by class, how many rows are behind it, and its receipt."""
    signals = await known_quality.signals(conn, caller.org_id)
    return await answered(conn, caller, asked, name, signals, compare=compare)


@get(
    "/team/kpi/{name:str}/rows",
    guards=[requires(Role.VIEWER)],
    operation_id="list_kpi_rows",
    tags=["kpi"],
    summary="The rows behind a KPI",
    security=SECURITY,
    responses=problems_of(404),
)
async def list_rows(
    conn: Conn,
    caller: CallerGiven,
    asked: Asked,
    name: KpiName,
    part: PartParameter = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[KpiRow]:
    """Exactly the facts that the value is the aggregate of, newest first, each with a link to where it comes from."""
    rows_of = _whose_rows(kpi_of(name, asked), part)
    wanted = _Wanted(rows_of, asked.scope)
    paging = Paging[KpiRow, RowPosition](
        "rows", RowPosition, lambda row: _position(asked, row.occurred_at, row.fact_id)
    )
    begun = paging.read(cursor, wanted)
    if begun is not None:
        asked = _as_before(asked, begun.after)
    after = None if begun is None else (begun.after.occurred_at, begun.after.fact_id)
    question = asked.question(caller, rows_of)
    found = await behind.rows(conn, question, after, limit + 1, named=asked.named)
    return paging.page(found, limit, begun.total if begun else await _count(conn, question), wanted)


@get(
    "/team/kpi/{name:str}/rows/export",
    guards=[requires(Role.VIEWER)],
    operation_id="export_kpi_rows",
    tags=["kpi"],
    summary="The rows behind a KPI, as a file",
    security=SECURITY,
    media_type="application/octet-stream",
    responses=problems_of(404) | FILE,
)
async def export_rows(
    caller: CallerGiven,
    pool: NamedDependency[SkipValidation[Database]],
    asked: Asked,
    name: KpiName,
    part: PartParameter = None,
    file_format: FormatParameter = FileFormat.CSV,
) -> Stream:
    """All of them, as they are read."""
    rows_of = _whose_rows(kpi_of(name, asked), part)
    return Stream(
        exporting.rows_file(pool, asked.question(caller, rows_of), file_format, named=asked.named),
        media_type=MEDIA_TYPES[file_format],
        headers=exporting.headers(f"{rows_of}.rows", file_format),
    )


class _Wanted(msgspec.Struct, frozen=True):
    kpi: str
    scope: object


async def _series(
    conn: Connection, caller: Caller, asked: Asking, known: KnownQuality, name: str, bucket: Bucket
) -> Series:
    kpi = kpi_of(name, asked)
    if not asked.begun:
        begins = windows.last_days(asked.window.end, series.DEFAULT_DAYS, asked.zone).start
        asked = msgspec.structs.replace(asked, window=Window(begins, asked.window.end))
    return Series(
        name=kpi.name,
        title=kpi.title,
        unit=kpi.unit,
        direction=kpi.direction,
        bucket=bucket,
        scope=await shown(conn, caller, asked.scope),
        window=asked.window,
        quality=quality(kpi, asked, await known.signals(conn, caller.org_id), asked.window.end),
        points=await marked(await series.points(conn, caller, asked, kpi, bucket), bucket, kpi.direction),
    )


async def _count(conn: Connection, question: Question) -> int:
    return (await measure(conn, question)).row_count


def _whose_rows(kpi: Kpi, part: str | None) -> str:
    """The KPI whose rows are meant. Raises `InvalidInput` where that is not clear."""
    if part is not None and part not in kpi.inputs:
        raise InvalidInput(f"{kpi.name} has no such part; there are: {', '.join(kpi.inputs)}", field="part")
    if part is None and isinstance(kpi.source, Composite):
        raise InvalidInput(f"{kpi.name} is made of others; say whose rows: {', '.join(kpi.inputs)}", field="part")
    return part or kpi.name


def _position(asked: Asking, moment: datetime, fact_id: UUID) -> RowPosition:
    return RowPosition(asked.window.start, asked.window.end, asked.as_of, moment, fact_id)


def _as_before(asked: Asking, position: RowPosition) -> Asking:
    """All pages of a list are of one window and one moment, however long somebody reads it. Raises `MalformedInput`."""
    window = Window(position.start, position.end)
    if not timedelta(0) < window.end - window.start <= LONGEST:
        raise MalformedInput("this cursor cannot be read; begin again without it", field="cursor")
    return msgspec.structs.replace(asked, window=window, as_of=min(asked.as_of, position.as_of))


def routes(database: Database) -> Router:
    """All routes about KPIs. Files are read through connections of their own, behind the request's transaction."""
    return Router(
        "/",
        route_handlers=[
            read_overview, read_catalogue, read_history, export_history, list_risks, read_kpi, list_rows, export_rows,
        ],
        dependencies={"asked": Provide(asking), "pool": Provide(lambda: database, sync_to_thread=False)},
    )  # fmt: skip
