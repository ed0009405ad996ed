"""Asks why a number changed, of facts written by hand."""

import itertools
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database import knowing
from ovia_shared.database.ids import new_id
from ovia_shared.database.kpis import restating, snapshots
from ovia_shared.database.kpis.explaining import explain
from ovia_shared.database.kpis.grouping import By
from ovia_shared.models.data_quality import Quality
from ovia_shared.models.kpi import Scope, Window
from ovia_shared.models.kpi_change import ChangeGroup, KpiChange
from tests.kpis.conftest import ORGANISATION, Books, day, days

# Nothing was said against the data.
TRUSTED = Quality(score=1.0, freshness=1.0, completeness=1.0, coverage=1.0, parity=None, reasons=[])
FIRST, SECOND = days(0, 7), days(7, 14)
MERGED = "throughput.merge_requests"


async def explained(
    books: Books, kpi: str, scope: Scope = ORGANISATION, *, by: By | None = None, then: datetime | None = None,
    windows: tuple[Window, Window] = (FIRST, SECOND), named: bool = True,
) -> KpiChange:  # fmt: skip
    async with books.database.transaction(books.org_id) as conn:
        earlier = await books.question(conn, kpi, windows[0], scope)
        later = msgspec.structs.replace(earlier, window=windows[1])
        told = await restating.told(conn, earlier, then)
        found = await explain(conn, scope, told, earlier, later, by, TRUSTED, named=named)
    sums(found)
    return found


async def tell(books: Books, kpi: str, scope: Scope = ORGANISATION, window: Window = FIRST) -> None:
    """Somebody reads the number now: there is a receipt of it."""
    async with books.database.transaction(books.org_id) as conn:
        await snapshots.answer(conn, await books.question(conn, kpi, window, scope))


async def now(books: Books) -> datetime:
    async with books.database.transaction(books.org_id) as conn:
        return await knowing.settled(conn)


def sums(found: KpiChange) -> None:
    """To the last bit, in whatever order."""
    if found.parts is None:
        assert found.difference is None
        assert found.groups == []
        return
    parts: dict[str, float] = msgspec.to_builtins(found.parts)
    for order in itertools.permutations(parts.values()):
        total = 0.0
        for part in order:
            total += part
        assert total == found.difference
    mix = rate = 0.0
    for group in found.groups:
        mix, rate = mix + group.mix, rate + group.rate
    assert (mix, rate) == (found.parts.mix, found.parts.rate)
    exact = Fraction(found.after.value or 0.0) - Fraction(found.before.value or 0.0)
    size = sum(abs(part) for part in parts.values()) + sum(abs(one.mix) + abs(one.rate) for one in found.groups)
    assert found.difference is not None
    assert abs(Fraction(found.difference) - exact) <= Fraction(size) / 2**48


def only(found: KpiChange, part: str) -> float:
    """The size of this part, all others being nothing."""
    parts: dict[str, float] = msgspec.to_builtins(found.parts)
    assert {name for name, size in parts.items() if size} <= {part}, parts
    return parts[part]


def by_key(found: KpiChange) -> dict[str, ChangeGroup]:
    return {group.key: group for group in found.groups}


async def merged(books: Books, at: float, class_: str = "bug", **values: Any) -> UUID:
    return await books.fact("merge_request.merged", day(at), attributes={"class": class_}, **values)


async def has_project(books: Books, product: UUID, project: str) -> None:
    await books.admin.execute(
        "insert into product_projects (org_id, product_id, connection_id, project_external_id) values ($1, $2, $3, $4)",
        books.org_id, product, books.connection_id, project,
    )  # fmt: skip


async def derived_anew(books: Books, family: str, fact: UUID | None, at: float | None, reason: str) -> None:
    """As a deriver with other rules does: one fact is no longer believed, another is from the same moment on."""
    moment = await books.admin.fetchval("select clock_timestamp()")
    if at is not None:
        new = await merged(books, at)
        await books.admin.execute("update facts set known_from = $2 where id = $1", new, moment)
    if fact is not None:
        await books.admin.execute("update facts set known_to = $2 where id = $1", fact, moment)
    await books.admin.execute(
        "insert into definition_changes (org_id, id, family, moment, reason) values ($1, $2, $3, $4, $5)",
        books.org_id, new_id(), family, moment, reason,
    )  # fmt: skip
