"""Counting KPIs from facts: values are aggregates of the rows one can list, for every KPI and scope."""

import statistics
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovia_shared.database import knowing
from ovia_shared.database.kpis import behind
from ovia_shared.database.kpis.measuring import has, measure
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput, NotFound
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Composite, Count, Kpi, Rate, Ratio, Rows, Spread
from ovia_shared.models.kpi import KpiRow, Scope, ScopeKind, Window
from tests.kpis.conftest import ORGANISATION, Books, day, days

INTERVALS = {"work_item.in_progress", "work_item.blocked", "work_item.done", "merge_request.open",
             "merge_request.waiting", "identity.account"}  # fmt: skip
KINDS = sorted({one.source.kind for one in CATALOGUE.values() if isinstance(one.source, Rows)})
FLAGS = ("success", "flaky", "release", "failed", "rework", "committed", "added", "removed", "in_scope", "done")
_HOURS = st.one_of(st.none(), st.floats(0, 5000, allow_nan=False))


@st.composite
def some_fact(draw: Any) -> dict[str, Any]:
    at = day(draw(st.floats(-20, 40)))
    kind = draw(st.sampled_from(KINDS))
    lasts = draw(st.one_of(st.none(), st.floats(0, 60)))
    attributes: dict[str, Any] = {name: draw(st.booleans()) for name in FLAGS}
    for name in ("coding_hours", "pickup_hours", "review_hours", "total_hours", "cycle_hours"):
        attributes[name] = draw(_HOURS)
    attributes = {name: value for name, value in attributes.items() if value is not None}
    attributes |= {
        "class": draw(st.sampled_from(["bug", "feature", "chore"])),
        "ref": draw(st.sampled_from(["main", "release/1"])),
        "active_hours": draw(st.floats(0, 99)), "waiting_hours": draw(st.floats(0, 99)),
        "first_in_progress_at": (at - timedelta(days=1)).isoformat(), "sprint": "5",
        "quiet": [[at.isoformat(), None]],
    }  # fmt: skip
    return {
        "kind": kind, "at": at, "value": draw(_HOURS), "attributes": attributes,
        "until": at + timedelta(days=lasts) if kind in INTERVALS and lasts is not None else None,
        "lasting": kind in INTERVALS, "actor": draw(st.integers(0, 3)), "project": draw(st.sampled_from(["1", "2"])),
    }  # fmt: skip


def aggregate(source: Rows, rows: list[KpiRow], window: Window) -> dict[str, float | None]:
    """By hand what SQL says."""
    numbers = [one.number for one in rows if one.number is not None]
    match source.aggregate:
        case Count():
            found: dict[str, float | None] = {"count": float(len(rows))}
            return found
        case Spread(shares):
            return {f"p{share}": percentile(numbers, share) for share in shares}
        case Ratio():
            weight = sum(one.weight or 0 for one in rows)
            return {"share": sum(numbers) / weight if weight else None}
        case Rate():
            return {"per_day": len(rows) / ((window.end - window.start) / timedelta(days=1))}


def percentile(numbers: list[float], share: int) -> float | None:
    """`percentile_cont`."""
    if len(numbers) < 2:
        return numbers[0] if numbers else None
    return statistics.quantiles(numbers, n=100, method="inclusive")[share - 1]


async def test_every_value_is_the_aggregate_of_the_rows_one_can_list(books: Books) -> None:
    accounts = [await books.account(name) for name in "abcd"]
    people = [await books.person(name, account) for name, account in zip("ABC", accounts, strict=False)]
    below = await books.team("below", people[1])
    team = await books.team("team", people[0])
    await books.admin.execute("update teams set parent_id = $2 where id = $1", below, team)
    await books.join(team, people[2], day(3), day(12))
    project = f"{books.connection_id}:2"
    await _project(books, "1")
    await _project(books, "2")
    product = await _product(books, "1")
    scopes = [ORGANISATION, Scope(ScopeKind.TEAM, str(team)), Scope(ScopeKind.PRODUCT, str(product)),
              Scope(ScopeKind.PROJECT, project), Scope(ScopeKind.PERSON, str(people[0]))]  # fmt: skip
    seen: set[str] = set()

    @settings(max_examples=3)
    @given(st.lists(some_fact(), min_size=40, max_size=80))
    def check(facts: list[dict[str, Any]]) -> None:
        runner.append(facts)

    runner: list[list[dict[str, Any]]] = []
    check()
    for facts in runner:
        await books.admin.execute("delete from facts")
        for one in facts:
            known = {name: value for name, value in one.items() if name not in ("kind", "at")}
            await books.fact(one["kind"], one["at"], **known | {"actor": accounts[one["actor"]]})
        async with books.database.transaction(books.org_id) as conn:
            for scope in scopes:
                for kpi in CATALOGUE.values():
                    if await _compared(books, conn, kpi, scope):
                        seen.add(f"{kpi.name} {scope.kind}")
    assert len(seen) > 100


async def _compared(books: Books, conn: Connection, kpi: Kpi, scope: Scope) -> bool:
    """Whether there were rows, whose aggregate the values then are."""
    question = await books.question(conn, kpi.name, days(0, 20), scope)
    if isinstance(kpi.source, Composite) or not has(kpi, question.basis.scope):
        return False
    answer = (await measure(conn, question)).answer
    rows = await behind.rows(conn, question, None, 1000, named=True)
    for name, value in aggregate(kpi.source, rows, question.window).items():
        if value is None:
            assert answer.values[name] is None, (kpi.name, scope)
        elif rows or answer.values[name] is not None:
            assert answer.values[name] == pytest.approx(value, rel=1e-9), (kpi.name, scope)
    return bool(rows)


async def _project(books: Books, external_id: str) -> None:
    await books.admin.execute(
        """
        insert into projects (org_id, connection_id, raw_record_id, external_id, kind, key, name, archived)
        values ($1, $2, $2, $3, 'repository', $3, $3, false)
        """,
        books.org_id, books.connection_id, external_id,
    )  # fmt: skip


async def _product(books: Books, project: str) -> UUID:
    product: UUID = await books.admin.fetchval(
        "insert into products (org_id, id, name) values ($1, gen_random_uuid(), 'Shop') returning id", books.org_id
    )
    await books.admin.execute(
        "insert into product_projects (org_id, product_id, connection_id, project_external_id) values ($1, $2, $3, $4)",
        books.org_id, product, books.connection_id, project,
    )  # fmt: skip
    return product


async def test_a_window_holds_its_start_and_not_its_end(books: Books) -> None:
    for moment in (day(0), day(7) - timedelta(microseconds=1), day(7)):
        await books.fact("merge_request.merged", moment, attributes={"class": "bug"})
    async with books.database.transaction(books.org_id) as conn:
        for window, count in ((days(0, 7), 2), (days(7, 14), 1)):
            question = await books.question(conn, "throughput.merge_requests", window)
            answer = (await measure(conn, question)).answer
            assert (answer.value, answer.n, answer.values["bug"]) == (count, count, count)


async def test_nothing_counted_is_0_where_there_ever_was_something_and_null_where_there_was_not(books: Books) -> None:
    async with books.database.transaction(books.org_id) as conn:
        for kpi in CATALOGUE.values():
            answer = (await measure(conn, await books.question(conn, kpi.name, days(0, 7)))).answer
            assert (answer.value, answer.n) == (None, 0), kpi.name
    await books.fact("work_item.created", day(-100))
    async with books.database.transaction(books.org_id) as conn:
        wip = (await measure(conn, await books.question(conn, "flow.wip", days(0, 7)))).answer
        risk = (await measure(conn, await books.question(conn, "release_risk", days(0, 7)))).answer
        response = (await measure(conn, await books.question(conn, "review.first_response_hours", days(0, 7)))).answer
    assert (wip.value, response.value) == (0, None)
    assert (risk.value, risk.level, risk.missing) == (0, "low", ["pipelines", "stale"])


async def test_an_interval_is_open_at_the_end_of_a_window_if_it_begun_before_and_did_not_end_before(
    books: Books,
) -> None:
    await books.fact("work_item.created", day(-9))
    await books.fact("work_item.in_progress", day(1), until=day(7))
    await books.fact("work_item.in_progress", day(7), lasting=True)
    async with books.database.transaction(books.org_id) as conn:
        counts = [
            (await measure(conn, await books.question(conn, "flow.wip", days(0, end)))).answer.value
            for end in (1, 2, 7, 8)
        ]
    assert counts == [0, 1, 1, 1]


async def test_done_and_reopened_in_the_window_is_not_finished_in_it(books: Books) -> None:
    await books.fact("work_item.done", day(1), until=day(3), entity="7", value=5.0, attributes={"class": "chore"})
    await books.fact("work_item.done", day(9), lasting=True, entity="7", value=6.0, attributes={"class": "chore"})
    async with books.database.transaction(books.org_id) as conn:
        short, long, whole = [
            (await measure(conn, await books.question(conn, "throughput.work_items", window))).answer.n
            for window in (days(0, 2), days(0, 7), days(0, 14))
        ]
    assert (short, long, whole) == (1, 0, 1)


async def test_a_team_has_what_its_members_did_while_they_were_in_it(books: Books) -> None:
    account, stranger = await books.account("a"), await books.account("b")
    person = await books.person("Ann", account)
    team = await books.team("Wings")
    await books.join(team, person, day(2), day(5))
    for moment in (1, 2, 4.9, 5):
        await books.fact("merge_request.merged", day(moment), actor=account)
    await books.fact("merge_request.merged", day(3), actor=stranger)
    await books.fact("merge_request.merged", day(3))
    async with books.database.transaction(books.org_id) as conn:
        scope = Scope(ScopeKind.TEAM, str(team))
        question = await books.question(conn, "throughput.merge_requests", days(0, 7), scope)
        assert (await measure(conn, question)).answer.value == 2
        rows = await behind.rows(conn, question, None, 10, named=True)
        hidden = await behind.rows(conn, question, None, 10, named=False)
    assert {one.person.display_name for one in rows if one.person} == {"Ann"}
    assert [one.person for one in hidden] == [None, None]


async def test_mappings_that_wait_or_are_not_sure_enough_are_not_used(books: Books) -> None:
    accounts = [await books.account(name) for name in "abcd"]
    person = await books.person("Ann")
    statuses = (("auto", 0.95), ("auto", 0.89), ("conflict", 0.99), ("rejected", 0.99))
    for account, (status, confidence) in zip(accounts, statuses, strict=True):
        await books.map(account, person, status, confidence)
        await books.fact("merge_request.merged", day(1), actor=account)
    team = await books.team("Wings", person)
    async with books.database.transaction(books.org_id) as conn:
        question = await books.question(conn, "throughput.merge_requests", days(0, 7), Scope(ScopeKind.TEAM, str(team)))
        assert (await measure(conn, question)).answer.value == 1


async def test_what_is_not_there_or_no_id_is_said_so(books: Books) -> None:
    for kind, id_, error in (
        (ScopeKind.TEAM, "7", InvalidInput), (ScopeKind.TEAM, str(UUID(int=7)), NotFound),
        (ScopeKind.SPRINT, "7", InvalidInput), (ScopeKind.SPRINT, f"{UUID(int=7)}:1", NotFound),
        (ScopeKind.ORGANISATION, "7", InvalidInput), (ScopeKind.RELEASE, f"{UUID(int=7)}:", InvalidInput),
    ):  # fmt: skip
        with pytest.raises(error):
            await books.basis(Scope(kind, id_))


async def test_as_of_now_is_before_whoever_is_writing(books: Books) -> None:
    """What is stamped and not yet committed would otherwise change a number as of the same moment."""
    async with books.database.transaction(books.org_id) as writing:
        stamped = await knowing.moment(writing)
        async with books.database.transaction(books.org_id) as reading:
            while_writing = await knowing.settled(reading)
    async with books.database.transaction(books.org_id) as reading:
        after = await knowing.settled(reading)
    assert while_writing < stamped < after
    assert after <= datetime.now(UTC) + timedelta(seconds=1)
