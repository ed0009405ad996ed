"""What is kept ready is told as long as it holds, and never longer."""

from random import Random
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database import knowing, organisation_settings
from ovia_shared.database.kpis import schedule, snapshots
from ovia_shared.database.kpis.measuring import basis_of, has, measure
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.models.kpi import Scope, ScopeKind
from ovia_shared.models.kpi_settings import Staleness
from tests.kpis.conftest import ORGANISATION, Books, day, days
from tests.kpis.test_receipts import _busy

WEEKS = [days(start, start + 7) for start in range(-7, 28, 7)]


async def _kept(books: Books, scope: Scope, kpi: str) -> list[bytes]:
    async with books.database.transaction(books.org_id) as conn:
        basis = await basis_of(conn, books.org_id, scope)
        moment = await knowing.settled(conn)
        told = await snapshots.series(conn, books.org_id, basis, kpi, "week", WEEKS, moment)
    return [msgspec.json.encode(one.answer) for one in told]


async def _counted(books: Books, scope: Scope, kpi: str) -> list[bytes]:
    async with books.database.transaction(books.org_id) as conn:
        return [
            msgspec.json.encode((await measure(conn, await books.question(conn, kpi, week, scope))).answer)
            for week in WEEKS
        ]


async def test_whatever_changes_a_series_says_what_counting_it_anew_would(books: Books) -> None:
    accounts, team = await _busy(books)
    people = [row["id"] for row in await books.admin.fetch("select id from people order by display_name")]
    scopes = [ORGANISATION, Scope(ScopeKind.TEAM, str(team))]
    chance = Random(7)

    async def something() -> None:
        at = day(chance.uniform(-5, 25))
        facts = await books.admin.fetch(
            "select id, kind, attributes from facts where known_to = 'infinity' order by id"
        )
        one: Any = chance.choice(facts)
        match chance.randrange(6):
            case 0 | 1:
                await books.disbelieve(one["id"])
            case 2 | 3:
                lasting = one["kind"] in ("work_item.done", "work_item.blocked", "work_item.in_progress")
                await books.fact(
                    one["kind"], at, actor=chance.choice(accounts), value=3.5, attributes=one["attributes"],
                    lasting=lasting,
                )  # fmt: skip
            case 4:
                await books.map(chance.choice(accounts), chance.choice(people))
            case 5:
                async with books.database.transaction(books.org_id) as conn:
                    await organisation_settings.write(
                        conn, books.org_id, "staleness", Staleness(chance.randrange(1, 20)), "test"
                    )

    for _ in range(6):
        await something()
        for scope in scopes:
            for kpi in chance.sample(sorted(CATALOGUE), 12):
                if scope is not ORGANISATION and CATALOGUE[kpi].organisation_only:
                    continue
                assert await _kept(books, scope, kpi) == await _counted(books, scope, kpi), kpi


async def test_what_holds_is_not_counted_again(books: Books) -> None:
    await _busy(books)

    async def counted() -> int:
        async with books.database.transaction(books.org_id) as conn:
            basis = await basis_of(conn, books.org_id, ORGANISATION)
            moment = await knowing.settled(conn)
            return await snapshots.refresh(
                conn, books.org_id, basis, "throughput.merge_requests", "week", WEEKS, moment
            )

    assert [await counted(), await counted()] == [5, 0]
    # One more in the third week: that week alone.
    await books.fact("merge_request.merged", day(8), attributes={"class": "bug"})
    assert [await counted(), await counted()] == [1, 0]
    await books.fact("pipeline.finished", day(8))
    assert await counted() == 0


async def test_the_latest_snapshot_holds_until_people_or_settings_change(books: Books) -> None:
    accounts, team = await _busy(books)
    stranger = await books.person("Z")
    scope = Scope(ScopeKind.TEAM, str(team))

    async def take() -> None:
        async with books.database.transaction(books.org_id) as conn:
            told = [
                await snapshots.answer(conn, await books.question(conn, name, days(0, 21), scope))
                for name, kpi in CATALOGUE.items() if not kpi.organisation_only
            ]  # fmt: skip
            await snapshots.put_latest(conn, books.org_id, await basis_of(conn, books.org_id, scope), told)

    async def holding() -> int:
        async with books.database.transaction(books.org_id) as conn:
            basis = await basis_of(conn, books.org_id, scope)
            assert all(has(CATALOGUE[one], basis.scope) for one in CATALOGUE if not CATALOGUE[one].organisation_only)
            window, told = await snapshots.latest(conn, books.org_id, basis, await knowing.settled(conn))
            assert window == days(0, 21)
            return len(told)

    await take()
    every = len([one for one in CATALOGUE.values() if not one.organisation_only])
    assert await holding() == every
    await books.map(await books.account("z"), stranger)
    assert await holding() == every
    members: list[UUID] = [row["id"] for row in await books.admin.fetch("select id from people order by display_name")]
    await books.map(accounts[1], members[0])
    assert await holding() == 0
    await take()
    assert await holding() == every
    async with books.database.transaction(books.org_id) as conn:
        await organisation_settings.write(conn, books.org_id, "staleness", Staleness(3), "test")
    assert await holding() == 0


async def test_reading_the_latest_numbers_does_not_put_off_the_next_snapshot(books: Books) -> None:
    await _busy(books)
    async with books.database.transaction(books.org_id) as conn:
        basis = await basis_of(conn, books.org_id, ORGANISATION)
        told = [await snapshots.answer(conn, await books.question(conn, name, days(0, 21))) for name in CATALOGUE]
        await snapshots.put_latest(conn, books.org_id, basis, told)
        first = await schedule.taken(conn, books.org_id)
        again = await snapshots.answer(conn, await books.question(conn, "identity.coverage", days(0, 21)))
        await snapshots.put(conn, books.org_id, basis, "latest", [again])
        assert first is not None
        assert await schedule.taken(conn, books.org_id) == first


async def test_what_was_right_earlier_does_not_replace_what_is_right_later(books: Books) -> None:
    await _busy(books)
    kpi, window = "throughput.merge_requests", WEEKS[1]
    async with books.database.transaction(books.org_id) as conn:
        basis = await basis_of(conn, books.org_id, ORGANISATION)
        early = await snapshots.answer(conn, await books.question(conn, kpi, window))
    await books.fact("merge_request.merged", day(1))
    async with books.database.transaction(books.org_id) as conn:
        late = await snapshots.answer(conn, await books.question(conn, kpi, window))
        await snapshots.put(conn, books.org_id, basis, "week", [late])
        await snapshots.put(conn, books.org_id, basis, "week", [early])
        moment = await knowing.settled(conn)
        (told,) = await snapshots.series(conn, books.org_id, basis, kpi, "week", [window], moment)
    assert (early.answer.n, told.answer.n) == (7, 8)


async def test_a_week_that_is_not_over_is_not_kept(books: Books) -> None:
    await _busy(books)
    async with books.database.transaction(books.org_id) as conn:
        basis, moment = await basis_of(conn, books.org_id, ORGANISATION), await knowing.settled(conn)
        running = days(14, 16)
        await snapshots.series(
            conn, books.org_id, basis, "flow.wip", "week", [*WEEKS[:2], running], moment, running=running
        )
        assert await conn.fetchval("select count(*) from snapshots") == 2


async def test_a_team_keeps_what_was_done_in_one_below_it_that_was_deleted(books: Books) -> None:
    account = await books.account("a")
    person = await books.person("Ann", account)
    above = await books.team("above")
    below = await books.team("below", person, parent=above)
    await books.fact("merge_request.merged", day(1), actor=account)
    await books.admin.execute("update teams set deleted_at = now() where id = $1", below)
    async with books.database.transaction(books.org_id) as conn:
        question = await books.question(conn, "throughput.merge_requests", WEEKS[1], Scope(ScopeKind.TEAM, str(above)))
        assert (await measure(conn, question)).answer.value == 1
