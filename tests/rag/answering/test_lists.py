"""Lists in answers: the rows behind a receipt, each cited, and how many there are."""

from datetime import timedelta

import pytest

from ovia_shared.models.ask import CitationKind, Confidence, Intent, Language, ListAsk, ListKind, Outcome, Plan
from tests.kpis.conftest import ORGANISATION, Books, day, days
from tests.rag.answering.conftest import Ask, cited, plan_of

WINDOW = days(0, 21)


def _list(kind: ListKind, language: Language = Language.ENGLISH, limit: int = 10) -> Plan:
    return plan_of(Intent.LIST, language, lists=[ListAsk(kind=kind, scope=ORGANISATION, window=WINDOW, limit=limit)])


async def _filled(books: Books) -> None:
    """Two open merge requests, of which one was silent for ten days; one blocked item; branches, and deployments."""
    ann = await books.account("ann")
    await books.person("Ann Lee", ann)
    quiet = {"quiet": [[day(8).isoformat(), None]]}
    await books.fact("merge_request.open", day(1), entity="1", actor=ann, lasting=True, attributes={"quiet": []})
    await books.fact("merge_request.open", day(5), entity="2", actor=ann, lasting=True, attributes=quiet)
    await books.fact("merge_request.waiting", day(5), entity="2", actor=ann, lasting=True)
    await books.fact("work_item.created", day(1), entity="10")
    await books.fact("work_item.blocked", day(9), entity="10", actor=ann, lasting=True)
    await books.fact("work_item.in_progress", day(3), entity="10", actor=ann, lasting=True)
    for at, entity, ref, success in (
        (2, "100", "main", False), (3, "101", "main", True), (4, "102", "release/1", True),
        (6, "103", "release/1", False),
    ):  # fmt: skip
        attributes = {"ref": ref, "success": success, "release": ref != "main"}
        await books.fact("pipeline.finished", day(at), entity=entity, attributes=attributes)
    for at in (4, 11):
        await books.fact("deployment.finished", day(at), entity=f"d{at}", attributes={"environment": "production"})
    await books.known()


EXPECTED = {
    ListKind.STALE_MERGE_REQUESTS: ["2"],
    ListKind.OPEN_MERGE_REQUESTS: ["1", "2"],
    ListKind.WAITING_FOR_REVIEW: ["2"],
    ListKind.BLOCKERS: ["10"],
    ListKind.WORK_IN_PROGRESS: ["10"],
    ListKind.FAILING_PIPELINES: ["103"],
    ListKind.DEPLOYMENTS: ["d11", "d4"],
    ListKind.SPILLOVER: [],
    ListKind.OPEN_INCIDENTS: [],
}


async def test_each_list_has_its_rows_in_order_and_counts_them(books: Books, ask: Ask) -> None:
    await _filled(books)
    for kind, expected in EXPECTED.items():
        for language in Language:
            answer = await ask(_list(kind, language))
            rows = [one for one in answer.citations if one.row is not None and "key" in one.row]
            found = [(one.row or {}).get("entity_id") for one in rows]
            assert found == expected, kind
            assert answer.outcome is Outcome.ANSWERED
            assert len(answer.statements) == 1 + len(expected)
            whole = cited(answer)[0]
            counted = (whole.values or whole.row or {})["rows"]
            assert counted == len(expected)
            assert answer.notes == [one for one in answer.notes if "nothing cited" not in one]


async def test_a_row_is_told_with_whose_it_is_and_how_old(books: Books, ask: Ask) -> None:
    await _filled(books)
    answer = await ask(_list(ListKind.BLOCKERS))
    assert [one.text for one in answer.statements] == [
        "Blocked items, Fernweh Gliders, at the end of 2026-03-22: 1.",
        "10 (Ann Lee): 12 days, since 2026-03-11 00:00.",
    ]
    (row,) = cited(answer, 1)
    assert row.kind is CitationKind.ROW
    assert row.row is not None
    assert (row.row["person"], row.row["age_days"]) == ("Ann Lee", 12)


async def test_a_list_that_is_longer_says_how_many_are_shown(books: Books, ask: Ask) -> None:
    for number in range(4):
        await books.fact("work_item.created", day(1), entity=str(number))
        await books.fact("work_item.blocked", day(1) + timedelta(hours=number), entity=str(number), lasting=True)
    await books.known()
    answer = await ask(_list(ListKind.BLOCKERS, limit=3))
    assert answer.statements[-1].text == "Blocked items: 3 of 4 are shown."
    assert len(answer.statements) == 5


@pytest.mark.parametrize("done", [False, True])
async def test_incidents_are_items_of_such_a_type_or_label_that_are_not_done(
    books: Books, ask: Ask, done: bool
) -> None:
    await books.admin.execute(
        """
        insert into work_items (org_id, connection_id, raw_record_id, external_id, project_external_id, key, type,
                                title, status_category, labels, components, fix_versions, affected_versions, fields,
                                notes, created_at)
        values ($1, $2, gen_random_uuid(), '7', '1', 'GLD-7', 'Incident', 'Outage of the tower', $3, '[]', '[]', '[]',
                '[]', '{}', '[]', $4)
        """,
        books.org_id,
        books.connection_id,
        "done" if done else "in_progress",
        day(3),
    )
    answer = await ask(_list(ListKind.OPEN_INCIDENTS))
    assert len(answer.statements) == (1 if done else 2)
    if not done:
        assert answer.statements[1].text.startswith("GLD-7 “Outage of the tower”: ")
    assert answer.confidence is Confidence.HIGH
