"""Numbers in answers are receipts, and nothing else."""

from uuid import UUID

import pytest

from ovia_shared.database.kpis import receipts as kept
from ovia_shared.errors import InvalidInput, NotAllowed
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Composite
from ovia_shared.models.ask import (
    Breakdown,
    CitationKind,
    Comparison,
    Confidence,
    Intent,
    Language,
    MetricAsk,
    Outcome,
    Plan,
)
from ovia_shared.models.kpi import Scope, ScopeKind, Window
from ovia_shared.models.token import Role
from tests.kpis.conftest import ORGANISATION, Books, day, days
from tests.kpis.test_receipts import _busy
from tests.rag.answering.conftest import Ask, cited, plan_of, receipts

WEEK = days(7, 14)


def _metric(kpi: str, language: Language = Language.ENGLISH, window: Window = WEEK, **more: object) -> Plan:
    asked = MetricAsk(kpi=kpi, scope=more.pop("scope", ORGANISATION), window=window, **more)  # type: ignore[arg-type]
    return plan_of(Intent.METRIC, language, metrics=[asked])


async def _merged(books: Books) -> tuple[list[UUID], UUID]:
    """A merge request and an item a day in two weeks, by two people, of whom the first is in a team with another."""
    accounts = [await books.account("a"), await books.account("b")]
    person = await books.person("A", accounts[0])
    await books.person("B", accounts[1])
    team = await books.team("Wings", person, await books.person("Idle"))
    for number in range(14):
        actor, attributes = accounts[number % 2], {"class": "bug", "success": number % 3 > 0}
        for kind in ("merge_request.merged", "pipeline.finished"):
            await books.fact(kind, day(number), actor=actor, value=number / 9, attributes=attributes)
        await books.fact(
            "work_item.done", day(number), actor=actor, value=number / 9, attributes=attributes, lasting=True
        )
    await books.known()
    return accounts, team


async def test_a_number_is_stated_with_its_receipt_which_replays(books: Books, ask: Ask) -> None:
    await _merged(books)
    answer = await ask(_metric("throughput.merge_requests"))
    assert answer.outcome is Outcome.ANSWERED
    assert answer.statements[0].text == ("Merge requests merged, Fernweh Gliders, from 2026-03-09 to 2026-03-15: 7.")
    (receipt,) = cited(answer)
    assert (receipt.kind, receipt.kpi, receipt.values and receipt.values["count"]) == (
        CitationKind.RECEIPT, "throughput.merge_requests", 7,
    )  # fmt: skip
    assert receipt.receipt_id is not None
    async with books.database.transaction(books.org_id) as conn:
        assert (await kept.find(conn, books.org_id, receipt.receipt_id)).answer.value == 7
        assert (await kept.replay(conn, books.org_id, receipt.receipt_id)).equal


async def test_a_number_is_told_in_russian_too(books: Books, ask: Ask) -> None:
    await _merged(books)
    answer = await ask(_metric("pipeline.success_rate", Language.RUSSIAN))
    assert answer.statements[0].text == "Успешные пайплайны, Fernweh Gliders, с 2026-03-09 по 2026-03-15: 71,4 %."
    answer = await ask(_metric("work_item.lead_hours", Language.RUSSIAN))
    assert answer.statements[1].text == (
        "Время выполнения задач, Fernweh Gliders: 85 % укладываются в 1,3 ч; 90 % укладываются в 1,4 ч; "
        "посчитано по строкам: 7."
    )


async def test_every_kpi_can_be_told_in_full_and_no_sentence_about_it_lacks_support(books: Books, ask: Ask) -> None:
    await _busy(books)
    for place, kpi in enumerate(CATALOGUE.values()):
        language = list(Language)[place % 2]
        answer = await ask(_metric(kpi.name, language, window=days(0, 21), comparison=Comparison.PREVIOUS))
        assert answer.outcome is Outcome.ANSWERED, kpi.name
        assert not [one for one in answer.notes if "nothing cited" in one or "не подтверждается" in one], kpi.name
        assert all(one.citations for one in answer.statements)
        told = receipts(answer)
        assert {one.kpi for one in told} == {kpi.name}
        if isinstance(kpi.source, Composite):
            assert len(answer.statements) > 2


async def test_no_data_is_said_and_never_zero(books: Books, ask: Ask) -> None:
    answer = await ask(_metric("review.duration_hours"))
    assert answer.statements[0].text == "Review, Fernweh Gliders, from 2026-03-09 to 2026-03-15: there is no data."
    assert answer.confidence is Confidence.LOW
    assert await books.admin.fetchval("select count(*) from receipts") == 1


async def test_a_comparison_names_both_receipts_and_the_difference(books: Books, ask: Ask) -> None:
    await _merged(books)
    await books.fact("merge_request.merged", day(8), value=1, attributes={"class": "chore"})
    await books.known()
    answer = await ask(_metric("throughput.merge_requests", comparison=Comparison.PREVIOUS))
    (said,) = [one for one in answer.statements if "before" in one.text]
    assert said.text == (
        "Merge requests merged, Fernweh Gliders, from 2026-03-02 to 2026-03-08, the window before: 7; "
        "the difference is +1."
    )
    later, earlier = [one for one in answer.citations if one.number in said.citations]
    assert (later.values or {})["value"] == 8
    assert ((earlier.values or {})["value"], (earlier.values or {})["difference"]) == (7, 1)


async def test_a_breakdown_by_team_leaves_out_who_would_be_told_apart(books: Books, ask: Ask) -> None:
    accounts, _ = await _merged(books)
    people = [await books.person(f"P{number}") for number in range(4)]
    await books.team("Large", *people, await books.person("Owner", accounts[1]))
    answer = await ask(_metric("throughput.merge_requests", breakdown=Breakdown.TEAM))
    texts = [one.text for one in answer.statements]
    assert any(", Large, from" in one for one in texts)
    assert not any("Wings" in one for one in texts)
    assert "teams of fewer than 4 people are not told one by one; left out: Wings" in answer.assumptions


async def test_numbers_of_one_person_are_for_managers(books: Books, ask: Ask) -> None:
    accounts, _ = await _merged(books)
    person = await books.person("Ann", accounts[0])
    plan = _metric("throughput.merge_requests", scope=Scope(ScopeKind.PERSON, str(person)))
    with pytest.raises(NotAllowed):
        await ask(plan)
    assert (await ask(plan, role=Role.MANAGER)).outcome is Outcome.ANSWERED


async def test_what_is_told_of_the_organisation_only_is_told_of_it_and_says_so(books: Books, ask: Ask) -> None:
    _, team = await _merged(books)
    answer = await ask(_metric("identity.coverage", scope=Scope(ScopeKind.TEAM, str(team))), role=Role.MANAGER)
    assert "Fernweh Gliders" in answer.statements[0].text
    assert any("whole organisation only" in one for one in answer.assumptions)


async def test_a_window_that_is_not_over_is_cut_to_now(books: Books, ask: Ask) -> None:
    await _merged(books)
    answer = await ask(_metric("throughput.merge_requests", window=days(0, 3650)))
    assert any("counted until now" in one for one in answer.assumptions)
    with pytest.raises(InvalidInput):
        await ask(_metric("throughput.merge_requests", window=days(3000, 3650)))


async def test_an_unknown_kpi_is_refused(books: Books, ask: Ask) -> None:
    with pytest.raises(InvalidInput):
        await ask(_metric("no.such"))
