"""Series and rows as CSV and Parquet files."""

import io
from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from litestar.openapi.datastructures import ResponseSpec

from ovia_metrics.kpis.series import Series
from ovia_shared.database.kpis import behind
from ovia_shared.database.kpis.measuring import Question
from ovia_shared.database.pool import Database
from ovia_shared.models.kpi import KpiRow
from ovia_shared.web.spreadsheets import BEGINNING, as_csv


class FileFormat(StrEnum):
    """What a file is written in."""

    CSV = "csv"
    PARQUET = "parquet"


MEDIA_TYPES = {FileFormat.CSV: "text/csv; charset=utf-8", FileFormat.PARQUET: "application/vnd.apache.parquet"}
FILE = {
    200: ResponseSpec(
        bytes, description="CSV (RFC 4180, UTF-8) or Apache Parquet.", media_type="application/octet-stream",
        generate_examples=False,
    )
}  # fmt: skip
_MOMENT = pa.timestamp("us", tz="UTC")
ROW_COLUMNS = pa.schema(
    [
        ("fact_id", pa.string()), ("kind", pa.string()), ("entity_kind", pa.string()), ("connection_id", pa.string()),
        ("entity_id", pa.string()), ("key", pa.string()), ("title", pa.string()), ("url", pa.string()),
        ("project", pa.string()), ("person_id", pa.string()), ("person", pa.string()), ("occurred_at", _MOMENT),
        ("until", _MOMENT), ("number", pa.float64()), ("weight", pa.float64()), ("attributes", pa.string()),
    ]
)  # fmt: skip


def headers(name: str, kind: FileFormat) -> dict[str, str]:
    """So that a browser saves it under this name."""
    return {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}


async def rows_file(database: Database, question: Question, kind: FileFormat, *, named: bool) -> AsyncIterator[bytes]:
    """The facts behind a value, as they are read, in a transaction of its own."""
    written = _Passing()
    writer = pq.ParquetWriter(written, ROW_COLUMNS) if kind is FileFormat.PARQUET else None
    if writer is None:
        yield BEGINNING + as_csv([tuple(ROW_COLUMNS.names)])
    async with database.transaction(question.org_id) as conn:
        async for part in behind.all_rows(conn, question, named=named):
            lines = [_line(row) for row in part]
            if writer is None:
                yield as_csv([_plain(line) for line in lines])
            else:
                writer.write_table(_table(ROW_COLUMNS, lines))
                yield written.take()
    if writer is not None:
        writer.close()
        yield written.take()


def series_file(series: Series, kind: FileFormat) -> bytes:
    """A series, a line a point, with a column for each of its values."""
    names = list(dict.fromkeys(name for point in series.points for name in point.values))
    schema = pa.schema(
        [("start", _MOMENT), ("end", _MOMENT), ("label", pa.string()), ("running", pa.bool_()), ("value", pa.float64())]
        + [(f"value_{name}", pa.float64()) for name in names]
        + [("n", pa.int64()), ("receipt_id", pa.string())]
    )
    lines = [
        (one.window.start, one.window.end, one.label, one.running, one.value, *(one.values.get(name) for name in names),
         one.n, str(one.receipt_id))
        for one in series.points
    ]  # fmt: skip
    if kind is FileFormat.CSV:
        return BEGINNING + as_csv([tuple(schema.names), *(_plain(line) for line in lines)])
    written = io.BytesIO()
    pq.write_table(_table(schema, lines), written)
    return written.getvalue()


def _line(row: KpiRow) -> tuple[Any, ...]:
    person = row.person
    return (
        str(row.fact_id), row.kind, row.entity_kind, str(row.connection_id), row.entity_id, row.key, row.title, row.url,
        row.project, None if person is None else str(person.id), None if person is None else person.display_name,
        row.occurred_at, row.until, row.number, row.weight, msgspec.json.encode(row.attributes).decode(),
    )  # fmt: skip


def _plain(line: tuple[Any, ...]) -> tuple[object, ...]:
    return tuple(one.isoformat() if hasattr(one, "isoformat") else one for one in line)


def _table(schema: pa.Schema, lines: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*lines, strict=True)) or [() for _ in schema.names]
    return pa.table([pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)], schema)


class _Passing(io.RawIOBase):
    """A file that is handed on while it is written; it goes on counting, because Parquet notes where things are."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._length += len(part)
        return len(part)

    def tell(self) -> int:
        return self._length

    def take(self) -> bytes:
        """What was written since it was last taken."""
        taken, self._parts = b"".join(self._parts), []
        return taken
