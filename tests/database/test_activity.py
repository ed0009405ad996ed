"""The timeline of a person: what is in it, in which order, and at what cost."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from ovia_shared.database import activity, profiles
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection, Database
from ovia_shared.models.activity import Activity, ActivityFilter, ActivityPosition, ActivitySource, ActivityType
from tests.bench import busy_person
from tests.conftest import RoleDsn, SampleOrganisation

Two = tuple[SampleOrganisation, SampleOrganisation]
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
async def busy(database_dsn: str, organisations: Two) -> list[UUID]:
    """Somebody busy in each organisation, with the same events."""
    conn = await asyncpg.connect(database_dsn)
    people = [await busy_person.fill(conn, organisation.id, 240) for organisation in organisations]
    await conn.close()
    return people


async def _all(database: Database, org: UUID, wanted: ActivityFilter, step: int) -> list[Activity]:
    found: list[Activity] = []
    async with database.transaction(org) as conn:
        while True:
            after = activity.position(found[-1]) if found else None
            page = await activity.find(conn, org, wanted, after, step)
            found += page
            if len(page) < step:
                return found


async def test_pages_of_any_size_give_the_same_timeline(
    database: Database, organisations: Two, busy: list[UUID]
) -> None:
    org = organisations[0].id
    whole = await _all(database, org, ActivityFilter(busy[0]), 5000)
    assert len(whole) == 240 + 1
    assert {one.type for one in whole} == set(ActivityType)
    assert len({one.id for one in whole}) == len(whole)
    order = [(one.occurred_at, one.id) for one in whole]
    assert order == sorted(order, reverse=True)
    assert [one.id for one in await _all(database, org, ActivityFilter(busy[0]), 7)] == [one.id for one in whole]
    assert await _all(database, org, ActivityFilter(busy[1]), 5000) == []
    assert await _all(database, organisations[1].id, ActivityFilter(busy[0]), 5000) == []
    linked = [one for one in whole if one.type is not ActivityType.IDENTITY_CHANGED]
    assert all(one.project is not None and one.subject is not None and one.identity_id for one in linked)
    assert all(one.url for one in linked)


async def test_filters_take_what_they_say(database: Database, organisations: Two, busy: list[UUID]) -> None:
    org, person = organisations[0].id, busy[0]
    whole = await _all(database, org, ActivityFilter(person), 5000)
    for source in ActivitySource:
        some = await _all(database, org, ActivityFilter(person, source=source), 11)
        assert [one.id for one in some] == [one.id for one in whole if one.source is source]
        assert some
    for kind in ActivityType:
        some = await _all(database, org, ActivityFilter(person, type=kind), 11)
        assert [one.id for one in some] == [one.id for one in whole if one.type is kind]
    times = sorted(one.occurred_at for one in whole)
    since, until = times[20], times[100]
    some = await _all(database, org, ActivityFilter(person, since, until), 11)
    assert [one.id for one in some] == [one.id for one in whole if since <= one.occurred_at < until]


async def test_what_an_account_did_before_it_was_theirs_is_not_in_it(
    database: Database, database_dsn: str, organisations: Two, busy: list[UUID]
) -> None:
    org = organisations[0].id
    whole = await _all(database, org, ActivityFilter(busy[0]), 5000)
    own = sorted(one.occurred_at for one in whole if one.source is ActivitySource.JIRA)
    moment = own[len(own) // 2]
    conn = await asyncpg.connect(database_dsn)
    await conn.execute("select set_config('ovia.org_id', $1, false)", str(org))
    await conn.execute("update mappings set valid_from = $2 where org_id = $1", org, moment)
    await conn.close()
    later = await _all(database, org, ActivityFilter(busy[0], source=ActivitySource.JIRA), 5000)
    assert [one.occurred_at for one in later] == sorted((at for at in own if at >= moment), reverse=True)


async def test_a_card_counts_what_the_timeline_shows(database: Database, organisations: Two, busy: list[UUID]) -> None:
    org = organisations[0].id
    whole = [
        one for one in await _all(database, org, ActivityFilter(busy[0]), 5000) if one.source is not ActivitySource.OVIA
    ]
    async with database.transaction(org) as conn:
        months, first, last = await profiles.months(conn, org, busy[0])
        products = await profiles.products(conn, org, busy[0])
        assert len(await profiles.accounts(conn, org, busy[0])) == 4
        assert await profiles.months(conn, org, busy[1]) == ([], None, None)
    assert (first, last) == (whole[-1].occurred_at, whole[0].occurred_at)
    assert sum(month.events for month in months) == len(whole)
    assert [product.name for product in products] == ["Glider"]


class _Plans:
    """Stands for a connection: plans and runs a statement instead of giving its rows."""

    def __init__(self, conn: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._conn = conn
        self.text = ""

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        rows = await self._conn.fetch(f"explain (analyze, buffers, costs off, timing off) {statement}", *values)
        self.text = "\n".join(row[0] for row in rows)
        return []


async def test_a_page_costs_the_same_however_much_somebody_did(
    database_dsn: str, organisations: Two, role_dsn: RoleDsn
) -> None:
    org = organisations[0].id
    conn = await asyncpg.connect(database_dsn)
    person = await busy_person.fill(conn, org, 6000)
    await busy_person.fill(conn, org, 6000)
    await busy_person.analyse(conn)
    await conn.close()
    asked = await asyncpg.connect(role_dsn("ovia_api"))
    try:
        await asked.execute("select set_config('ovia.org_id', $1, false)", str(org))
        await asked.execute("set plan_cache_mode = force_generic_plan")
        plans = _Plans(asked)
        after = ActivityPosition((NOON - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1), new_id().hex)
        for place in (None, after):
            await activity.find(cast("Connection", plans), org, ActivityFilter(person), place, 51)
            scanned = set(re.findall(r"Seq Scan on (\w+)", plans.text))
            assert not scanned & busy_person.LARGE, plans.text
            # 20 branches of 51 rows each, and the page's rows looked up: not the 6,000 rows there are.
            found = re.search(r"Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?", plans.text)
            assert found
            assert int(found[1] or 0) + int(found[2] or 0) < 6000, plans.text
    finally:
        await asked.close()


async def test_words_that_only_some_people_see_at_the_source_are_in_no_timeline(
    database_dsn: str, database: Database, organisations: Two, busy: list[UUID]
) -> None:
    org = organisations[0].id
    before = await _all(database, org, ActivityFilter(busy[0]), 5000)
    worded = {one.type for one in before if one.detail.get("text")}
    assert {ActivityType.WORK_ITEM_COMMENTED, ActivityType.MERGE_REQUEST_COMMENTED} <= worded
    conn = await asyncpg.connect(database_dsn)
    await conn.execute("update work_items set restricted = true where org_id = $1", org)
    await conn.execute("update documents set restricted = true where org_id = $1", org)
    await conn.execute(
        "update comments set restricted = true where org_id = $1 and subject_kind = 'merge_request'", org
    )
    await conn.close()
    after = await _all(database, org, ActivityFilter(busy[0]), 5000)
    assert [(one.id, one.subject) for one in after] == [(one.id, one.subject) for one in before]
    hidden = {"work_item", "document"}
    for one in after:
        kind = None if one.subject is None else one.subject.kind
        if kind in hidden or one.type is ActivityType.MERGE_REQUEST_COMMENTED:
            assert not one.detail.get("text")
        if kind in hidden and one.type is not ActivityType.WORK_ITEM_TRANSITIONED:
            assert not {"from", "to"} & set(one.detail)
    assert any(one.detail.get("to") for one in after if one.type is ActivityType.WORK_ITEM_TRANSITIONED)
