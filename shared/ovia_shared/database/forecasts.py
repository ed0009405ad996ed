"""Forecasts as they were made, and what came of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_model, to_models
from ovia_shared.models.forecast import (
    CalibrationCount,
    Forecast,
    ForecastFilter,
    ForecastKind,
    ForecastPosition,
    Outcome,
)

_COLUMNS = """id, made_at, made_by, backtest, engine_version, question, history, base, what_if, refusal, confidence,
       confidence_reasons, due_at, scored_at, outcome"""
# Of one scope, or of whichever fit: told apart here, so that one scope's are found by it.
_OF_ONE_SCOPE = "scope_kind = $3 and scope_id = $4"
_OF_ANY_SCOPE = "($3::text is null or scope_kind = $3) and ($4::text is null or scope_id = $4)"
_WANTED = """
  from forecasts
 where org_id = $1 and ($2::text is null or kind = $2) and {scope}
   and ($5::boolean is null or backtest = $5) and ($6::boolean is null or (outcome is not null) = $6)
"""


async def add(conn: Connection, org_id: UUID, forecast: Forecast) -> bool:
    """Stores a forecast; False if there is one with this id."""
    row = msgspec.to_builtins(forecast, builtin_types=(datetime, UUID))
    added = await conn.execute(
        """
        insert into forecasts (org_id, id, kind, scope_kind, scope_id, made_at, made_by, backtest, engine_version,
                               question, history, base, what_if, refusal, confidence, confidence_reasons, due_at,
                               scored_at, outcome)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
            on conflict (org_id, id) do nothing
        """,
        org_id,
        forecast.id,
        forecast.question.kind,
        forecast.question.scope.kind,
        forecast.question.scope.id,
        *(row[name] for name in (
            "made_at", "made_by", "backtest", "engine_version", "question", "history", "base", "what_if", "refusal",
            "confidence", "confidence_reasons", "due_at", "scored_at", "outcome",
        )),
    )  # fmt: skip
    return added.endswith(" 1")


async def find(
    conn: Connection, org_id: UUID, wanted: ForecastFilter, after: ForecastPosition | None, most: int
) -> list[Forecast]:
    """At most `most` forecasts behind `after`, newest first."""
    # As a condition of its own, so that a later page begins where the one before ended and not at the newest.
    behind = "" if after is None else "and (made_at, id) < ($8, $9)"
    rows = await conn.fetch(
        f"select {_COLUMNS} {_wanted(wanted)} {behind} order by made_at desc, id desc limit $7",
        org_id,
        *_given(wanted),
        most,
        *([] if after is None else [after.made_at, after.id]),
    )
    return to_models(Forecast, rows)


async def count(conn: Connection, org_id: UUID, wanted: ForecastFilter) -> int:
    """How many forecasts the filter lets through."""
    total: int = await conn.fetchval(f"select count(*) {_wanted(wanted)}", org_id, *_given(wanted))
    return total


async def find_one(conn: Connection, org_id: UUID, forecast_id: UUID) -> Forecast | None:
    """This forecast, or None."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from forecasts where org_id = $1 and id = $2",  # noqa: S608 (constant columns)
        org_id,
        forecast_id,
    )
    return to_model(Forecast, row)


async def waiting(conn: Connection, org_id: UUID, after: ForecastPosition | None, most: int) -> list[Forecast]:
    """At most `most` of those that name a day and have not been judged, oldest first, behind `after`."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from forecasts
         where org_id = $1 and outcome is null and due_at is not null
           and ($2::timestamptz is null or (made_at, id) > ($2, $3::uuid))
         order by made_at, id limit $4
        """,  # noqa: S608 (constant columns)
        org_id,
        None if after is None else after.made_at,
        None if after is None else after.id,
        most,
    )
    return to_models(Forecast, rows)


async def judge(conn: Connection, org_id: UUID, forecast_id: UUID, outcome: Outcome) -> bool:
    """Writes what came of a forecast, once; False if that was done before."""
    written = await conn.execute(
        """
        update forecasts set outcome = $3, scored_at = clock_timestamp()
         where org_id = $1 and id = $2 and outcome is null
        """,
        org_id,
        forecast_id,
        msgspec.to_builtins(outcome),
    )
    return written.endswith(" 1")


async def calibration_counts(
    conn: Connection, org_id: UUID, due_before: datetime, kind: ForecastKind | None, backtest: bool | None
) -> list[CalibrationCount]:
    """Judged forecasts whose last day was over before a moment, by kind and kind of scope."""
    rows = await conn.fetch(
        """
        select kind, scope_kind, count(*) as forecasts,
               count(outcome->>'p50') as p50_n, count(*) filter (where (outcome->>'p50')::boolean) as p50_kept,
               count(outcome->>'p85') as p85_n, count(*) filter (where (outcome->>'p85')::boolean) as p85_kept,
               count(outcome->>'p95') as p95_n, count(*) filter (where (outcome->>'p95')::boolean) as p95_kept
          from forecasts
         where org_id = $1 and outcome is not null and due_at <= $2
           and ($3::text is null or kind = $3) and ($4::boolean is null or backtest = $4)
         group by kind, scope_kind order by kind, scope_kind
        """,
        org_id,
        due_before,
        kind,
        backtest,
    )
    return to_models(CalibrationCount, rows)


async def count_waiting(
    conn: Connection, org_id: UUID, due_before: datetime, kind: ForecastKind | None, backtest: bool | None
) -> int:
    """Forecasts that will count and do not yet: their last day is to come, or they have not been judged."""
    total: int = await conn.fetchval(
        """
        select count(*) from forecasts
         where org_id = $1 and due_at is not null and (outcome is null or due_at > $2)
           and ($3::text is null or kind = $3) and ($4::boolean is null or backtest = $4)
        """,
        org_id,
        due_before,
        kind,
        backtest,
    )
    return total


def _wanted(wanted: ForecastFilter) -> str:
    one = wanted.scope_kind is not None and wanted.scope_id is not None
    return _WANTED.format(scope=_OF_ONE_SCOPE if one else _OF_ANY_SCOPE)


def _given(wanted: ForecastFilter) -> Sequence[object]:
    return wanted.kind, wanted.scope_kind, wanted.scope_id, wanted.backtest, wanted.scored
