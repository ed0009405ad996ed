"""How something is going, and why a number changed, told by numbers, rows and what people wrote."""

from uuid import UUID

from ovia_shared.models.ask import (
    AskAnswer,
    CitationKind,
    Comparison,
    Filters,
    Intent,
    Language,
    ListAsk,
    ListKind,
    MetricAsk,
    Outcome,
    PersonAsk,
    PersonQuestion,
    Plan,
    Search,
)
from tests.kpis.conftest import ORGANISATION, Books, day, days
from tests.rag.answering.conftest import Ask, FoundSome, cited, passage, plan_of

WEEK = days(7, 14)
NEWS = "The wind sensor freezes below zero. Its heating arrives in April."


def _status(language: Language = Language.ENGLISH) -> Plan:
    kpis = ("delivery_health", "throughput.merge_requests", "blockers.open")
    return plan_of(
        Intent.STATUS,
        language,
        metrics=[
            MetricAsk(kpi=kpi, scope=ORGANISATION, window=WEEK, comparison=Comparison.PREVIOUS) for kpi in kpis
        ],
        lists=[ListAsk(kind=ListKind.BLOCKERS, scope=ORGANISATION, window=WEEK, limit=5)],
        search=Search(text="How is the wind sensor?", filters=Filters(), recent=True),
    )  # fmt: skip


async def _busy(books: Books) -> None:
    for number in (1, 8, 9, 10):
        await books.fact("merge_request.merged", day(number), attributes={"class": "bug"})
    await books.fact("work_item.blocked", day(10), entity="GLD-1", lasting=True)
    await books.known()


def _texts(answer: AskAnswer) -> list[str]:
    return [one.text for one in answer.statements]


async def test_a_status_tells_numbers_beside_the_time_before_then_what_is_blocked_then_what_was_written(
    books: Books, ask: Ask
) -> None:
    await _busy(books)
    found = FoundSome(passages=[passage(NEWS, "Wind sensor"), passage("Nothing fits.", score=0.1)], looked_at=9)
    answer = await ask(_status(), found=found, question="How is the wind sensor?")
    texts = _texts(answer)
    assert answer.outcome is Outcome.ANSWERED
    places = [
        next(place for place, text in enumerate(texts) if text.startswith(start))
        for start in ("Delivery health", "Merge requests merged, Fernweh Gliders, from 2026-03-09", "Blocked items, ",
                      "Wind sensor: “")
    ]  # fmt: skip
    assert places == sorted(places)
    assert any(text.endswith("the window before: 1; the difference is +2.") for text in texts), texts
    assert any("GLD-1" in text for text in texts), texts
    assert texts[-1].startswith("Wind sensor: “The wind sensor freezes below zero.")
    assert [one.kind for one in cited(answer, len(texts) - 1)] == [CitationKind.PASSAGE]
    assert {one.kind for one in answer.citations} == set(CitationKind)
    assert all(one.citations for one in answer.statements)
    assert not [one for one in answer.notes if "nothing cited" in one]
    assert answer.follow_ups


async def test_a_status_in_russian_says_what_has_no_data(books: Books, ask: Ask) -> None:
    answer = await ask(_status(Language.RUSSIAN), question="Как дела с датчиком ветра?")
    texts = _texts(answer)
    assert any(text.startswith("Заблокированные задачи, Fernweh Gliders") for text in texts), texts
    assert not any("$" in text or "{" in text for text in texts)
    assert [one for one in answer.looked_at if "индексе текстов пока ничего нет" in one]


async def test_the_status_of_an_item_is_who_answers_for_it_and_what_was_written(books: Books, ask: Ask) -> None:
    plan = plan_of(
        Intent.STATUS, people=[PersonAsk(question=PersonQuestion.OWNER_OF, item="GLD-1")],
        search=Search(text="status of GLD-1", recent=True),
    )  # fmt: skip
    found = FoundSome(passages=[passage("GLD-1 waits for the tower.", "GLD-1 Wings")], looked_at=3)
    answer = await ask(plan, found=found, question="status of GLD-1")
    assert _texts(answer) == ["GLD-1 Wings: “GLD-1 waits for the tower.”"]
    nothing = await ask(plan, question="status of GLD-1")
    assert (nothing.outcome, nothing.statements, nothing.confidence) == (Outcome.REFUSED, [], None)


def _why() -> Plan:
    metric = MetricAsk(
        kpi="throughput.merge_requests", scope=ORGANISATION, window=WEEK, comparison=Comparison.PREVIOUS
    )  # fmt: skip
    search = Search(text="Why were more merged?", filters=Filters(since=WEEK.start), recent=True)
    return plan_of(Intent.WHY, metrics=[metric], search=search)


async def test_why_tells_what_was_written_at_that_time_after_the_difference(books: Books, ask: Ask) -> None:
    await _busy(books)
    source = str(UUID(int=5))
    found = FoundSome(
        passages=[passage("More were merged because the tower reviews daily.", "Week 11", external_id=source)],
        looked_at=4,
    )
    answer = await ask(_why(), found=found, question="Why were more merged?")
    texts = _texts(answer)
    assert texts[0].startswith("Merge requests merged, Fernweh Gliders: 1 from 2026-03-02 to 2026-03-08, 3 from")
    assert texts[-1] == "Week 11: “More were merged because the tower reviews daily.”"
    (citation,) = cited(answer, len(texts) - 1)
    assert citation.source is not None
    assert (citation.kind, citation.source["external_id"]) == (CitationKind.PASSAGE, source)


async def test_why_without_a_fitting_passage_tells_the_difference_alone(books: Books, ask: Ask) -> None:
    await _busy(books)
    found = FoundSome(passages=[passage("Nothing fits.", score=0.1)], looked_at=4)
    answer = await ask(_why(), found=found, question="Why were more merged?")
    assert answer.statements
    assert CitationKind.PASSAGE not in {one.kind for one in answer.citations}
    assert [one for one in answer.looked_at if "1 passages, of which 0 fit" in one]
