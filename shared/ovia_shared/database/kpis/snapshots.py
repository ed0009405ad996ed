"""Numbers kept ready, and told again as long as nothing they were counted from has changed.

A snapshot is the newest receipt of a scope, KPI and window. Whether it still holds is told by what changed since: facts
of its kinds in its window, mappings and memberships of its people, its basis, its KPI's version. Asking that takes
milliseconds where counting again takes as long as the window is large.
"""

# ruff: noqa: S608 (constants)
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database.kpis import receipts
from ovia_shared.database.kpis.measuring import Basis, Question, measure
from ovia_shared.database.pool import Connection
from ovia_shared.kpis import needs
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Kpi
from ovia_shared.models.kpi import Answer, Window


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An answer and its receipt. `right_as_of`: it was looked after then, and holds."""

    kpi: str
    window: Window
    answer: Answer
    receipt_id: UUID
    as_of: datetime
    right_as_of: datetime


async def answer(conn: Connection, question: Question) -> Told:
    """Counts, and keeps the receipt."""
    measured = await measure(conn, question)
    receipt_id = await receipts.keep(conn, question, measured)
    return Told(
        kpi=question.kpi, window=question.window, answer=measured.answer, receipt_id=receipt_id,
        as_of=question.facts_as_of, right_as_of=question.facts_as_of,
    )  # fmt: skip


async def series(
    conn: Connection, org_id: UUID, basis: Basis, kpi: str, grain: str, windows: Sequence[Window], as_of: datetime,
    *, running: Window | None = None,
) -> list[Told]:  # fmt: skip
    """The answers of all windows, as of `as_of`, which is now: those kept ready where they hold, the others counted
    and kept ready. `running`, the one that is not over yet, is counted and not kept: a minute later it is another."""
    kept = await _kept(conn, org_id, basis, kpi, grain, windows)
    holding = await _holding(conn, org_id, basis, CATALOGUE[kpi], kept, as_of)
    found = []
    for window in windows:
        told = holding.get(window)
        if told is None:
            told = await answer(
                conn,
                Question(org_id=org_id, kpi=kpi, window=window, basis=basis, facts_as_of=as_of, people_as_of=as_of),
            )
            if window != running:
                await put(conn, org_id, basis, grain, [told])
        found.append(told)
    return found


async def refresh(
    conn: Connection, org_id: UUID, basis: Basis, kpi: str, grain: str, windows: Sequence[Window], as_of: datetime,
) -> int:  # fmt: skip
    """Brings what is kept ready of these windows up to date, and notes that it is; how many had to be counted."""
    found = await series(conn, org_id, basis, kpi, grain, windows, as_of)
    counted = [one for one in found if one.as_of == as_of]
    await put(conn, org_id, basis, grain, [msgspec.structs.replace(one, right_as_of=as_of) for one in found])
    return len(counted)


async def put(conn: Connection, org_id: UUID, basis: Basis, grain: str, told: Sequence[Told]) -> None:
    """Keeps answers ready."""
    await conn.execute(
        """
        insert into snapshots (org_id, scope_kind, scope_id, kpi, grain, window_start, window_end, receipt_id,
                               right_as_of)
        select $1, $2, $3, kpi, $4, start, "end", receipt_id, right_as_of
          from unnest($5::text[], $6::timestamptz[], $7::timestamptz[], $8::uuid[], $9::timestamptz[])
               given (kpi, start, "end", receipt_id, right_as_of)
            on conflict (org_id, scope_kind, scope_id, kpi, grain, window_start, window_end) do update
               set receipt_id = excluded.receipt_id, right_as_of = excluded.right_as_of
             where excluded.right_as_of >= snapshots.right_as_of
        """,
        org_id,
        basis.scope.kind,
        basis.scope.id,
        grain,
        [one.kpi for one in told],
        [one.window.start for one in told],
        [one.window.end for one in told],
        [one.receipt_id for one in told],
        [one.right_as_of for one in told],
    )


async def put_latest(conn: Connection, org_id: UUID, basis: Basis, told: Sequence[Told]) -> None:
    """Keeps these ready as the latest of their scope, in place of those before. Their receipts stay."""
    await conn.execute(
        "delete from snapshots where org_id = $1 and scope_kind = $2 and scope_id = $3 and grain = 'latest'",
        org_id,
        basis.scope.kind,
        basis.scope.id,
    )
    await put(conn, org_id, basis, "latest", told)


async def latest(
    conn: Connection, org_id: UUID, basis: Basis, as_of: datetime
) -> tuple[Window | None, dict[str, Told]]:
    """The window of a scope's latest snapshot and what of it holds: people and settings may have changed since.

    What sources said since is not looked at: the next snapshot tells it.
    """
    rows = await conn.fetch(
        f"""{_SELECT} and s.grain = 'latest'
           and (s.window_end, s.window_start) = (
               select o.window_end, o.window_start from snapshots o
                where o.org_id = $1 and o.scope_kind = $2 and o.scope_id = $3 and o.grain = 'latest'
                order by 1 desc, 2 desc limit 1)
        """,
        org_id,
        basis.scope.kind,
        basis.scope.id,
    )
    told = {row["kpi"]: _told(row) for row in rows}
    if not told:
        return None, {}
    since = min(one.right_as_of for one in told.values())
    people = await _people_changed(conn, org_id, basis, since, as_of)
    right = {
        row["kpi"]
        for row in rows
        if _same_basis(row, basis) and not (people and _by_people(CATALOGUE[row["kpi"]], basis))
    }
    return next(iter(told.values())).window, {kpi: one for kpi, one in told.items() if kpi in right}


_SELECT = """
select s.kpi, s.window_start, s.window_end, s.receipt_id, s.right_as_of, r.as_of, r.answer, r.basis_id, r.kpi_version
  from snapshots s join receipts r on r.org_id = s.org_id and r.id = s.receipt_id
 where s.org_id = $1 and s.scope_kind = $2 and s.scope_id = $3
"""


async def _kept(
    conn: Connection, org_id: UUID, basis: Basis, kpi: str, grain: str, windows: Sequence[Window]
) -> list[Told]:
    if not windows:
        return []
    rows = await conn.fetch(
        f"""{_SELECT} and s.kpi = $4 and s.grain = $5
           and (s.window_start, s.window_end) in (select * from unnest($6::timestamptz[], $7::timestamptz[]))
        """,
        org_id,
        basis.scope.kind,
        basis.scope.id,
        kpi,
        grain,
        [one.start for one in windows],
        [one.end for one in windows],
    )
    return [_told(row) for row in rows if _same_basis(row, basis)]


_BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)


def _same_basis(row: Any, basis: Basis) -> bool:
    known = CATALOGUE.get(row["kpi"])
    return row["basis_id"] == basis.id and known is not None and row["kpi_version"] == known.version


def _told(row: Any) -> Told:
    return Told(
        kpi=row["kpi"], window=Window(row["window_start"], row["window_end"]), answer=receipts.answer_of(row),
        receipt_id=row["receipt_id"], as_of=row["as_of"], right_as_of=row["right_as_of"],
    )  # fmt: skip


async def _holding(
    conn: Connection, org_id: UUID, basis: Basis, kpi: Kpi, kept: list[Told], as_of: datetime
) -> dict[Window, Told]:
    """Those of which nothing changed since they were right."""
    if not kept:
        return {}
    since = min(one.right_as_of for one in kept)
    if _by_people(kpi, basis) and await _people_changed(conn, org_id, basis, since, as_of):
        return {}
    # What is unknown may become 0 with the first thing ever, however early.
    earliest = [_BEGINNING if _may_become_0(kpi, one.answer) else one.window.start for one in kept]
    rows = await conn.fetch(
        """
        with changed as materialized (
            select occurred_at, until, known_from as known from facts
             where org_id = $1 and kind = any($2) and known_from > $3
            union all
            select occurred_at, until, known_to from facts
             where org_id = $1 and kind = any($2) and known_to > $3 and known_to < 'infinity')
        select given.place - 1 as place
          from unnest($4::timestamptz[], $5::timestamptz[], $6::timestamptz[]) with ordinality
               given (earliest, "end", right_as_of, place)
         where exists (
             select from changed c
              where c.known > given.right_as_of and c.occurred_at < given."end"
                and (c.occurred_at >= given.earliest - $7::interval or c.until >= given."end"))
        """,
        org_id,
        needs.kinds(kpi),
        since,
        earliest,
        [one.window.end for one in kept],
        [one.right_as_of for one in kept],
        needs.reach(kpi),
    )
    changed = {row["place"] for row in rows}
    return {one.window: one for place, one in enumerate(kept) if place not in changed}


def _may_become_0(kpi: Kpi, answer: Answer) -> bool:
    return needs.counts(kpi) and (bool(answer.missing) or None in answer.values.values())


def _by_people(kpi: Kpi, basis: Basis) -> bool:
    """Whether its answers depend on who is who."""
    return basis.scope.teams is not None or basis.scope.person is not None or needs.about_accounts(kpi)


async def _people_changed(conn: Connection, org_id: UUID, basis: Basis, since: datetime, as_of: datetime) -> bool:
    """Whether a mapping of the scope's people, or a membership, was corrected in between."""
    scope = basis.scope
    changed: bool = await conn.fetchval(
        """
        with corrected as materialized (
            select person_id from mappings where org_id = $1 and known_from > $2 and known_from <= $3
            union all
            select person_id from mappings where org_id = $1 and known_to > $2 and known_to <= $3
               and known_to < 'infinity')
        select exists (
                   select from corrected m
                    where $4::uuid[] is null and $5::uuid is null or m.person_id = $5
                       or exists (select from team_memberships s
                                   where s.org_id = $1 and s.person_id = m.person_id and s.team_id = any($4)))
            or exists (
                   select from team_memberships s
                    where s.org_id = $1 and s.team_id = any($4)
                      and (s.known_from > $2 and s.known_from <= $3 or s.known_to > $2 and s.known_to <= $3))
        """,
        org_id,
        since,
        as_of,
        scope.teams,
        scope.person,
    )
    return changed
