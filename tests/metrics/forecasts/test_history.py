"""Which days, items and people a forecast is made from."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from ovia_metrics.forecasts.gathering import Moment, history_of
from ovia_shared.database import forecast_history
from ovia_shared.database.ids import new_id
from ovia_shared.models.forecast import Cohort, History
from ovia_shared.models.kpi import Scope, ScopeKind
from tests.metrics.forecasts.conftest import Past
from tests.schema.rows import add_identity, add_mapping, add_person, add_team

# A Monday; two weeks before, on 29 March, clocks were put forward in Berlin.
NOON = datetime(2026, 4, 13, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ORGANISATION = Scope(ScopeKind.ORGANISATION)


async def _history(past: Past, scope: Scope = ORGANISATION, *, zone: str = "UTC", days: int = 28) -> History:
    async with past.database.transaction(past.org_id) as conn:
        now = datetime.now(UTC)
        resolved = await forecast_history.items_at(conn, past.org_id, scope, NOON)
        own = await forecast_history.own(conn, past.org_id, resolved, now)
        moment = Moment(at=NOON, known=NOON, as_of=now, zone=ZoneInfo(zone))
        return await history_of(conn, past.org_id, own, moment, days)


async def _open(past: Past, scope: Scope = ORGANISATION) -> int:
    async with past.database.transaction(past.org_id) as conn:
        resolved = await forecast_history.items_at(conn, past.org_id, scope, NOON)
        own = await forecast_history.own(conn, past.org_id, resolved, datetime.now(UTC))
        return await forecast_history.open_items(conn, past.org_id, own, NOON)


async def test_each_day_says_what_was_done_created_and_in_progress(past: Past) -> None:
    past.item(NOON - 40 * DAY, NOON - 3 * DAY, started=NOON - 5 * DAY)
    past.item(NOON - 40 * DAY, NOON - 3 * DAY)
    past.item(NOON - 2 * DAY, started=NOON - 2 * DAY)
    await past.write()
    told = await _history(past, days=5)
    assert told.start == (NOON - 5 * DAY).date()
    assert told.done == [0, 0, 2, 0, 0]
    assert told.created == [0, 0, 0, 1, 0]
    # In progress as the day ends.
    assert told.in_progress == [1, 1, 0, 1, 1]


async def test_today_and_what_came_later_are_in_no_history(past: Past) -> None:
    past.item(NOON - 40 * DAY, NOON - 2 * HOUR)
    past.item(NOON - 40 * DAY, NOON + 2 * DAY)
    await past.write()
    assert sum((await _history(past)).done) == 0
    assert await _open(past) == 1


async def test_an_item_opened_again_counts_as_it_was_at_that_moment(past: Past) -> None:
    past.item(NOON - 40 * DAY, NOON - 3 * DAY, until=NOON - DAY)
    past.item(NOON - 40 * DAY, NOON - 3 * DAY, until=NOON + DAY)
    await past.write()
    assert sum((await _history(past)).done) == 1
    assert await _open(past) == 1


async def test_days_are_those_of_the_organisation_also_where_one_has_23_hours(past: Past) -> None:
    # In Berlin it is past midnight; and 28 March ended at 23:00 UTC, 29 March at 22:00.
    for at in (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 3, 29, 21, 30, tzinfo=UTC),
               datetime(2026, 3, 29, 22, 30, tzinfo=UTC)):  # fmt: skip
        past.item(NOON - 60 * DAY, at)
    await past.write()
    told = await _history(past, zone="Europe/Berlin")
    by_day = {told.start + number * DAY: count for number, count in enumerate(told.done) if count}
    assert {str(day): count for day, count in by_day.items()} == {"2026-03-29": 2, "2026-03-30": 1}
    assert len(told.done) == 28


async def test_a_history_is_no_longer_than_the_scope_has_existed(past: Past) -> None:
    past.item(NOON - 9 * DAY, NOON - 8 * DAY)
    await past.write()
    told = await _history(past, days=90)
    assert len(told.done) == 9
    assert told.done[1] == 1


async def test_who_finished_something_is_counted_once_whatever_their_accounts(past: Past) -> None:
    conn = past.rows.admin
    person = await add_person(conn, past.org_id)
    first, second, nobody = [await add_identity(conn, past.org_id) for _ in range(3)]
    for identity in (first, second):
        await add_mapping(conn, past.org_id, identity, person, valid_from=LONG_AGO)
    for actor in (first, second, nobody, None):
        past.item(NOON - 40 * DAY, NOON - 3 * DAY, actor=actor)
    await past.write()
    assert (await _history(past)).people == 2


async def test_a_product_and_a_project_have_their_own_items(past: Past) -> None:
    product = new_id()
    for number in ("1", "2", "3"):
        await past.rows.put("projects", external_id=number, key=f"P{number}")
    await past.rows.admin.execute(
        "insert into products (org_id, id, name) values ($1, $2, 'Glider')", past.org_id, product
    )
    for number in ("1", "2"):
        await past.rows.admin.execute(
            """insert into product_projects (org_id, product_id, connection_id, project_external_id)
               values ($1, $2, $3, $4)""",
            past.org_id, product, past.connection_id, number,
        )  # fmt: skip
    for number, count in (("1", 3), ("2", 2), ("3", 4)):
        for _ in range(count):
            past.item(NOON - 40 * DAY, NOON - 3 * DAY, project=number)
        past.item(NOON - 40 * DAY, project=number)
    await past.write()
    of_product = Scope(ScopeKind.PRODUCT, str(product))
    of_project = Scope(ScopeKind.PROJECT, f"{past.connection_id}:3")
    assert sum((await _history(past, of_product)).done) == 5
    assert sum((await _history(past, of_project)).done) == 4
    assert sum((await _history(past)).done) == 9
    assert (await _open(past, of_product), await _open(past, of_project), await _open(past)) == (2, 1, 3)


async def test_a_team_has_what_its_members_did_while_they_were_in_it(past: Past) -> None:
    conn = past.rows.admin
    team = await add_team(conn, past.org_id, "Pilots")
    person, account = await add_person(conn, past.org_id), await add_identity(conn, past.org_id)
    await add_mapping(conn, past.org_id, account, person, valid_from=LONG_AGO)
    await _join(past, team, person, NOON - 10 * DAY)
    past.item(NOON - 40 * DAY, NOON - 12 * DAY, actor=account)
    past.item(NOON - 9 * DAY, NOON - 3 * DAY, actor=account)
    past.item(NOON - 9 * DAY, NOON - 3 * DAY)
    await past.write()
    told = await _history(past, Scope(ScopeKind.TEAM, str(team)))
    assert sum(told.done) == 1
    assert len(told.done) == 9


async def test_a_sprint_has_the_items_it_held_then_and_how_those_of_earlier_sprints_went(past: Past) -> None:
    for name, start, board in (("5", 5, "1"), ("4", 19, "1"), ("3", 33, "1"), ("elsewhere", 19, "2"), ("6", -9, "1")):
        await past.rows.put(
            "sprints", external_id=name, state="active", start_at=NOON - start * DAY, board_external_id=board
        )
    held, left, later = [past.item(NOON - 60 * DAY) for _ in range(3)]
    finished = past.item(NOON - 60 * DAY, NOON - 2 * DAY)
    await _plan(past, "5", held, added=NOON - 6 * DAY)
    await _plan(past, "5", finished)
    await _plan(past, "5", left, added=NOON - 6 * DAY, gone=NOON - DAY)
    await _plan(past, "5", later, added=NOON + DAY)
    # Five days into the sprint before: one was done already, one three days later, one never, and one came too late.
    for done in (15, 11, None):
        await _plan(past, "4", past.item(NOON - 60 * DAY, None if done is None else NOON - done * DAY))
    await _plan(past, "4", past.item(NOON - 60 * DAY), added=NOON - 13 * DAY)
    await _plan(past, "3", past.item(NOON - 60 * DAY, NOON - 28 * DAY, until=NOON + DAY))
    await _plan(past, "3", past.item(NOON - 60 * DAY, NOON - 27 * DAY, until=NOON - DAY))
    await _plan(past, "elsewhere", past.item(NOON - 60 * DAY))
    await past.write()
    told = await _history(past, Scope(ScopeKind.SPRINT, f"{past.connection_id}:5"))
    assert [one.external_id for one in told.open_items] == [held]
    assert told.cohorts == [
        Cohort(start=(NOON - 28 * DAY).date(), items=2, days=28, done=[0]),
        Cohort(start=(NOON - 14 * DAY).date(), items=2, days=14, done=[3]),
    ]
    # The days are those of the project all of them are in: what is done and still was.
    assert sum(told.done) == 5 - 1


async def test_a_release_has_the_items_of_its_version_and_how_such_items_went(past: Past) -> None:
    await past.rows.admin.execute(
        """
        insert into releases (org_id, connection_id, raw_record_id, external_id, project_external_id, kind, name,
                              released)
        values ($1, $2, gen_random_uuid(), '9', '1', 'version', 'Spring', false)
        """,
        past.org_id,
        past.connection_id,
    )
    for versions, done in (
        (["Spring"], None), (["Spring"], NOON - DAY), (["Winter"], NOON - 20 * DAY), ([], NOON - DAY), ([], None),
    ):  # fmt: skip
        name = past.item(NOON - 40 * DAY, done)
        await past.rows.put("work_items", external_id=name, key=name, fix_versions=versions)
    await past.write()
    told = await _history(past, Scope(ScopeKind.RELEASE, f"{past.connection_id}:9"), days=30)
    assert len(told.open_items) == 1
    assert told.cohorts == [
        Cohort(start=(NOON - 28 * DAY).date(), items=3, days=28, done=[8, 27]),
        Cohort(start=(NOON - 14 * DAY).date(), items=2, days=14, done=[13]),
    ]
    assert sum(told.done) == 3


async def test_another_organisation_has_another_past(past: Past, other_past: Past) -> None:
    past.item(NOON - 40 * DAY, NOON - 3 * DAY)
    await past.write()
    assert sum((await _history(past)).done) == 1
    assert (await _history(other_past)).done == []


async def _join(past: Past, team: UUID, person: UUID, since: datetime) -> None:
    await past.rows.admin.execute(
        "insert into team_memberships (org_id, id, team_id, person_id, valid_from) values ($1, $2, $3, $4, $5)",
        past.org_id, new_id(), team, person, since,
    )  # fmt: skip


async def _plan(
    past: Past, sprint: str, item: str, *, added: datetime | None = None, gone: datetime | None = None
) -> None:
    await past.rows.put(
        "sprint_memberships", work_item_external_id=item, sprint_external_id=sprint, added_at=added, left_at=gone
    )
