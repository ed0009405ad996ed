"""From database rows to models and back in bulk."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import asyncpg
import msgspec

from ovia_shared.database.pool import Connection

Model = TypeVar("Model", bound=msgspec.Struct)


def to_models(kind: type[Model], rows: Sequence[asyncpg.Record]) -> list[Model]:
    """Rows as models; columns and fields agree by name, JSON becomes nested models."""
    return msgspec.convert([dict(row) for row in rows], list[kind])  # type: ignore[valid-type]


def to_model(kind: type[Model], row: asyncpg.Record | None) -> Model | None:
    """One row as a model, or None."""
    return None if row is None else msgspec.convert(dict(row), kind)


async def load_temporary(
    conn: Connection, table: str, columns: str, rows: Iterable[Sequence[Any]], names: Sequence[str]
) -> None:
    """Copies rows into a temporary table that is gone at the end of the transaction.

    `columns` is its definition in SQL, `names` its column names in the order of the rows' values. One COPY and one
    `insert … select` replace an insert per row.
    """
    await conn.execute(f"create temporary table {table} ({columns}) on commit drop")
    await conn.copy_records_to_table(table, records=rows, columns=list(names))
