"""Answers from what people wrote: quoted, cited, and refused where nothing fits."""

from typing import Any

import pytest

from ovia_rag.answering.knowledge import fitting
from ovia_shared.models.ask import (
    Ambiguity,
    Candidate,
    CitationKind,
    Confidence,
    Intent,
    MentionKind,
    Outcome,
    PersonAsk,
    PersonQuestion,
    Search,
)
from tests.kpis.conftest import Books
from tests.rag.answering.conftest import Ask, FoundSome, cited, passage, plan_of

QUESTION = "Who decides about a rollback of the payments service?"
PLAN = plan_of(Intent.KNOWLEDGE, search=Search(text=QUESTION))
TEXT = (
    "Payments are deployed every day. The person on call decides about a rollback of payments within ten minutes. "
    "Numbers are read on the screens of the club."
)


async def test_the_fitting_sentence_is_quoted_and_cited(ask: Ask) -> None:
    found = FoundSome([passage(TEXT, "Runbook: payments", "Rollback"), passage("Ask the tower.", "Tower")], 40)
    answer = await ask(PLAN, found=found, question=QUESTION)
    assert answer.statements[0].text == (
        "Runbook: payments: “The person on call decides about a rollback of payments within ten minutes.”"
    )
    (source,) = cited(answer)
    assert source.kind is CitationKind.PASSAGE
    assert source.title == "Runbook: payments / Rollback"
    assert "ten minutes" in (source.excerpt or "")
    assert source.source is not None
    assert source.source["version"] == "3"
    assert answer.confidence is Confidence.HIGH


async def test_a_comment_without_a_word_of_the_question_comes_behind_what_has_some(ask: Ask) -> None:
    thanks = passage("Works for me, thank you!", "Rollback of payments", part="comment", part_external_id="7")
    found = FoundSome([thanks, passage(TEXT, "Runbook: payments", score=0.5)], 40)
    answer = await ask(PLAN, found=found, question=QUESTION)
    assert [one.text.partition(":")[0] for one in answer.statements] == ["Runbook", "Rollback of payments"]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.9, 0.8), Confidence.HIGH),
        ((0.9,), Confidence.MEDIUM),
        ((0.4, 0.4), Confidence.MEDIUM),
        ((0.4,), Confidence.LOW),
    ],
)
async def test_confidence_follows_how_well_how_many_sources_fit(
    ask: Ask, scores: tuple[float, ...], expected: Confidence
) -> None:
    found = FoundSome([passage(TEXT, f"Page {n}", score=score) for n, score in enumerate(scores)], 40)
    assert (await ask(PLAN, found=found, question=QUESTION)).confidence is expected


@pytest.mark.parametrize("found", [None, FoundSome(), FoundSome([passage(TEXT, score=0.1)], 40)])
async def test_without_anything_that_fits_it_refuses_and_says_what_it_looked_at(
    ask: Ask, found: FoundSome | None
) -> None:
    answer = await ask(PLAN, found=found, question=QUESTION)
    assert (answer.outcome, answer.statements, answer.citations) == (Outcome.REFUSED, [], [])
    assert answer.confidence is None
    assert answer.looked_at


async def test_passages_and_statements_are_heard_as_they_come(ask: Ask) -> None:
    heard: list[tuple[str, Any]] = []
    answer = await ask(PLAN, found=FoundSome([passage(TEXT, "Runbook")], 40), question=QUESTION, heard=heard)
    assert [name for name, _ in heard] == ["passages", "text"]
    assert heard[1][1] == answer.statements[0]


async def test_what_is_ambiguous_is_asked_back(ask: Ask) -> None:
    candidates = [
        Candidate(kind=MentionKind.TEAM, id="1", label="Checkout team", score=0.9),
        Candidate(kind=MentionKind.PRODUCT, id="2", label="Checkout product", score=0.9),
    ]
    plan = plan_of(Intent.METRIC, ambiguities=[Ambiguity(text="Checkout", candidates=candidates)])
    answer = await ask(plan, question="How many merge requests in Checkout?")
    assert (answer.outcome, answer.statements) == (Outcome.ASKED_BACK, [])
    assert answer.follow_ups == [
        "How many merge requests in Checkout team?", "How many merge requests in Checkout product?",
    ]  # fmt: skip


async def test_who_knows_is_who_wrote_what_fits(books: Books, ask: Ask) -> None:
    account, machine = await books.account("ann"), await books.account("bot")
    await books.person("Ann Lee", account)
    await books.admin.execute("update identities set service_account = true where id = $1", machine)
    plan = plan_of(
        Intent.PERSON, people=[PersonAsk(question=PersonQuestion.KNOWS_ABOUT, topic="rollback")],
        search=Search(text="rollback"),
    )  # fmt: skip
    found = FoundSome([passage(TEXT, "Runbook", identity_ids=[machine, account])], 40)
    answer = await ask(plan, found=found)
    assert [one.text for one in answer.statements] == ["Ann Lee wrote about it in “Runbook”."]


def test_sentences_that_follow_each_other_stay_together_and_a_gap_is_shown() -> None:
    text = "Alpha beta gamma. Delta. Alpha beta delta."
    assert fitting("alpha beta", text) == "Alpha beta gamma. … Alpha beta delta."
    assert fitting("alpha beta", "Alpha beta one. Alpha beta two. Other.") == "Alpha beta one. Alpha beta two."
    assert fitting("nothing alike", "First. Second. Third.") == "First. Second."
    assert fitting("x", "") == ""


@pytest.mark.parametrize("heading", ["## Next", "h2. Next"])
def test_a_heading_is_quoted_only_where_there_is_nothing_else(heading: str) -> None:
    assert fitting("next", f"{heading}\nPayments are deployed.") == "Payments are deployed."
    assert "Next" in fitting("next", heading)
