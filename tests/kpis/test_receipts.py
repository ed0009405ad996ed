"""Receipts replay to the same bytes, whatever is read, corrected or chosen after them."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from ovia_shared.database import organisation_settings
from ovia_shared.database.kpis import receipts, snapshots
from ovia_shared.database.kpis.measuring import has
from ovia_shared.errors import NotFound
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.models.kpi import Scope, ScopeKind, Window
from ovia_shared.models.kpi_settings import RiskWeights, Staleness
from tests.kpis.conftest import ORGANISATION, START, Books, day, days

WEEKS = [days(start, start + 7) for start in (0, 7, 14)]


async def _busy(books: Books, since: datetime = START) -> tuple[list[UUID], UUID]:
    """Something of every kind in three weeks; the accounts of two people, of whom the first is in a team with another
    who did nothing."""
    accounts = [await books.account("a"), await books.account("b")]
    people = [await books.person(name, account) for name, account in zip("AB", accounts, strict=True)]
    team = await books.team("Wings", people[0], await books.person("Idle"))
    for number in range(21):
        at, actor = since + timedelta(days=number), accounts[number % 2]
        flags = {"success": number % 3 > 0, "failed": number % 5 == 0, "rework": False, "release": number % 2 == 0,
                 "committed": True, "done": number % 4 > 0, "in_scope": True}  # fmt: skip
        attributes = {"class": "bug", "review_hours": number / 3, "cycle_hours": number, "active_hours": number / 7,
                      "waiting_hours": 1 / 3, "ref": "release/1", "sprint": "5",
                      "quiet": [[at.isoformat(), None]], **flags}  # fmt: skip
        for kind in ("merge_request.merged", "merge_request.first_response", "work_item.created", "sprint.item",
                     "pipeline.finished", "deployment.finished", "change.shipped"):  # fmt: skip
            await books.fact(kind, at, actor=actor, value=number / 9, attributes=attributes)
        for kind in ("work_item.done", "work_item.blocked", "work_item.in_progress", "merge_request.open"):
            await books.fact(kind, at, actor=actor, value=number / 9, attributes=attributes, lasting=True)
    await books.known()
    return accounts, team


async def _answers(books: Books, scopes: list[Scope]) -> dict[tuple[str, str, Window], UUID]:
    found: dict[tuple[str, str, Window], UUID] = {}
    async with books.database.transaction(books.org_id) as conn:
        for scope in scopes:
            for kpi in CATALOGUE.values():
                for window in WEEKS:
                    question = await books.question(conn, kpi.name, window, scope)
                    if has(kpi, question.basis.scope):
                        told = await snapshots.answer(conn, question)
                        found[scope.kind, kpi.name, window] = told.receipt_id
    return found


async def test_a_receipt_replays_to_the_same_bytes_after_all_that_may_change(books: Books) -> None:
    accounts, team = await _busy(books)
    scopes = [ORGANISATION, Scope(ScopeKind.TEAM, str(team))]
    first = await _answers(books, scopes)
    # More is read, something is corrected, somebody was somebody else, and the organisation chooses otherwise.
    await books.fact("merge_request.merged", day(1), actor=accounts[0], value=1e6, attributes={"class": "feature"})
    known = await books.admin.fetch("select id from facts order by occurred_at limit 20")
    for row in known:
        await books.disbelieve(row["id"])
    await books.map(accounts[1], await books.admin.fetchval("select id from people where display_name = 'A'"))
    await books.team("below", parent=team)
    async with books.database.transaction(books.org_id) as conn:
        await organisation_settings.write(conn, books.org_id, "staleness", Staleness(1), "test")
        await organisation_settings.write(conn, books.org_id, "risk_weights", RiskWeights(1, 0, 99), "test")
    second = await _answers(books, scopes)
    assert len([key for key in first if first[key] != second[key]]) > 60
    async with books.database.transaction(books.org_id) as conn:
        for receipt_id in {*first.values(), *second.values()}:
            replayed = await receipts.replay(conn, books.org_id, receipt_id)
            assert replayed.equal, receipt_id
            receipt = await receipts.find(conn, books.org_id, receipt_id)
            assert msgspec.json.encode(receipt.answer) == msgspec.json.encode(replayed.answer)


async def test_a_receipt_that_was_tampered_with_is_not_equal(books: Books) -> None:
    await _busy(books)
    async with books.database.transaction(books.org_id) as conn:
        question = await books.question(conn, "throughput.merge_requests", WEEKS[0])
        told = await snapshots.answer(conn, question)
    await books.admin.execute("delete from facts where kind = 'merge_request.merged' and occurred_at = $1", day(1))
    async with books.database.transaction(books.org_id) as conn:
        replayed = await receipts.replay(conn, books.org_id, told.receipt_id)
    assert (replayed.equal, replayed.answer_equal, replayed.rows_equal) == (False, False, False)


async def test_the_same_answer_to_the_same_question_has_one_receipt(books: Books) -> None:
    await _busy(books)
    assert await _answers(books, [ORGANISATION]) == await _answers(books, [ORGANISATION])


async def test_a_correction_of_who_is_who_shows_at_once_and_taking_it_back_restores_the_number(books: Books) -> None:
    accounts, team = await _busy(books)
    scope = Scope(ScopeKind.TEAM, str(team))
    before = await _answers(books, [scope])
    people = [row["id"] for row in await books.admin.fetch("select id from people order by display_name")]
    await books.map(accounts[1], people[0])
    during = await _answers(books, [scope])
    await books.map(accounts[1], people[1])
    after = await _answers(books, [scope])
    changed = {name for (_, name, _), receipt_id in before.items() if during[scope.kind, name, WEEKS[0]] != receipt_id}
    assert {"throughput.merge_requests", "flow.wip", "dora.change_fail_rate"} <= changed
    assert before == after


async def test_nobody_alters_a_receipt_nor_reads_another_organisations(books: Books) -> None:
    await _busy(books)
    async with books.database.transaction(books.org_id) as conn:
        told = await snapshots.answer(conn, await books.question(conn, "flow.wip", WEEKS[0]))
    other = await books.admin.fetchval("select org_id from organisations where org_id <> $1", books.org_id)
    async with books.database.transaction(other) as conn:
        with pytest.raises(NotFound):
            await receipts.find(conn, other, told.receipt_id)
    with pytest.raises(Exception, match=r"append-only|refuse|permission"):
        await books.admin.execute("update receipts set n = 7")
