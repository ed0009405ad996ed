"""Dead letters as people see them, and asking for their replay."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ovia_shared.database.pool import Connection
from ovia_shared.models.dead_letter import (
    DeadLetterDetail,
    DeadLetterFilter,
    DeadLetterPosition,
    DeadLetterSummary,
    ReplayWish,
)
from ovia_shared.models.sync_status import ConnectionReference

_FIELDS = """
d.id, c.id as connection_id, c.kind, c.name, d.stream, d.external_id, d.reason, d.normaliser_version,
length(d.payload) as size, d.created_at, d.replay_requested_at, d.resolved_at
"""
_JOIN = "join connections c on c.org_id = d.org_id and c.id = d.connection_id"
# Of a payload, so much is shown: a page is to look at, not to move data with.
SHOWN_BYTES = 64 * 1024


class ReplayState(msgspec.Struct, frozen=True):
    """Whether a letter was understood."""

    resolved_at: datetime | None


async def find(
    conn: Connection, org_id: UUID, wanted: DeadLetterFilter, after: DeadLetterPosition | None, most: int
) -> list[DeadLetterSummary]:
    """At most `most` letters behind `after`, the newest first."""
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    if after is not None:
        values.append(after.id)
        conditions += f" and d.id < ${len(values)}"
    rows = await conn.fetch(
        f"""
        select {_FIELDS} from dead_letters d {_JOIN}
         where d.org_id = $1{conditions} order by d.id desc limit {int(most)}
        """,  # noqa: S608 (fixed fragments)
        *values,
    )
    return [DeadLetterSummary(**_values(row)) for row in rows]


async def count(conn: Connection, org_id: UUID, wanted: DeadLetterFilter) -> int:
    """How many letters the filter lets through."""
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    total: int = await conn.fetchval(
        f"select count(*) from dead_letters d where d.org_id = $1{conditions}",  # noqa: S608 (fixed fragments)
        *values,
    )
    return total


async def find_one(conn: Connection, org_id: UUID, letter_id: UUID) -> DeadLetterDetail | None:
    """This letter with the beginning of what was read, or None."""
    row = await conn.fetchrow(
        f"""
        select {_FIELDS}, substr(d.payload, 1, {SHOWN_BYTES}) as beginning from dead_letters d {_JOIN}
         where d.org_id = $1 and d.id = $2
        """,  # noqa: S608 (fixed fragments)
        org_id,
        letter_id,
    )
    if row is None:
        return None
    # A character the cut went through is left out, not shown as broken.
    cut = row["size"] > SHOWN_BYTES
    return DeadLetterDetail(**_values(row), payload=_text(row["beginning"], cut), cut=cut)


async def lock(conn: Connection, org_id: UUID, letter_id: UUID) -> ReplayState | None:
    """Whether this letter was understood, held until the end of the transaction; None if there is none."""
    row = await conn.fetchrow(
        "select resolved_at from dead_letters where org_id = $1 and id = $2 for no key update", org_id, letter_id
    )
    return None if row is None else ReplayState(row["resolved_at"])


async def request_replay(conn: Connection, org_id: UUID, letter_id: UUID) -> None:
    """Has this letter tried once more. Asking again keeps the first moment."""
    await conn.execute(
        """
        update dead_letters set replay_requested_at = coalesce(replay_requested_at, now())
         where org_id = $1 and id = $2
        """,
        org_id,
        letter_id,
    )


async def request_replays(conn: Connection, org_id: UUID, wish: ReplayWish) -> int:
    """Has all letters tried once more that are open, fit the wish and do not wait for it yet. Returns how many."""
    outcome = await conn.execute(
        """
        update dead_letters set replay_requested_at = now()
         where org_id = $1 and resolved_at is null and replay_requested_at is null
           and ($2::uuid is null or connection_id = $2) and ($3::text is null or stream = $3)
        """,
        org_id,
        wish.connection_id,
        wish.stream,
    )
    return int(outcome.rpartition(" ")[2])


def _conditions(wanted: DeadLetterFilter, values: list[Any]) -> str:
    conditions = ""
    for column in ("connection_id", "stream"):
        if (value := getattr(wanted, column)) is not None:
            values.append(value)
            conditions += f" and d.{column} = ${len(values)}"
    if wanted.resolved is not None:
        conditions += f" and d.resolved_at is {'not null' if wanted.resolved else 'null'}"
    return conditions


def _values(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": row["id"],
        "connection": ConnectionReference(row["connection_id"], row["kind"], row["name"]),
        "stream": row["stream"],
        "external_id": row["external_id"],
        "reason": row["reason"],
        "normaliser_version": row["normaliser_version"],
        "size": row["size"],
        "created_at": row["created_at"],
        "replay_requested_at": row["replay_requested_at"],
        "resolved_at": row["resolved_at"],
    }


def _text(raw: bytes, cut: bool) -> str:
    if cut:
        for shorter in range(4):
            try:
                return raw[: len(raw) - shorter].decode()
            except UnicodeDecodeError:
                continue
    return raw.decode(errors="replace")
