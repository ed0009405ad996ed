"""An answer as it is made: what is known comes early, and what was told stays told."""

import json

import httpx

from ovia_rag.providers.embedded import Embedded
from tests.api.conftest import Organisations
from tests.conftest import OpenDatabase
from tests.kpis.conftest import Books
from tests.rag.asking.conftest import MARCH, PLAN, WORDED, Choose, heard, stated, writes
from tests.rag.filling import Piece, fill
from tests.rag.providers.fake_model import MODEL, FakeModel, Misbehaviour

NUMBER = f"How many merge requests were merged {MARCH}?"
KNOWLEDGE = "Who decides about a rollback of payments?"


async def _runbook(organisations: Organisations, open_database: OpenDatabase) -> None:
    secret = "token glpat-abcdefghijklmnopqrst"
    runbook = Piece(
        id="1", title=f"Runbook: payments {secret}",
        text=f"Payments are deployed daily. The person on call decides about a rollback of payments. Use {secret}.",
    )  # fmt: skip
    others = [Piece(id=str(n), title=f"Page {n}", text=f"The tower keeps list {n} of gliders.") for n in range(2, 20)]
    await fill(await open_database("ovia_rag"), organisations[0].id, [runbook, *others], Embedded())


async def test_passages_are_told_before_what_is_said_of_them_and_without_their_secrets(
    viewer: httpx.AsyncClient, organisations: Organisations, open_database: OpenDatabase, merged: Books
) -> None:
    await _runbook(organisations, open_database)
    events = await heard(viewer, {"question": KNOWLEDGE})
    names = [one.name for one in events]
    assert names[:2] == ["plan", "passages"]
    assert (set(names[2:-1]), names[-1]) == ({"text"}, "done")
    first = events[1].told[0]
    assert first["title_path"][0].startswith("Runbook: payments")
    assert first["kind"] == "document"
    assert 0 < first["score"] < 1
    assert "glpat-abcdefghijklmnopqrst" not in json.dumps([one.told for one in events])
    done = events[-1].told
    assert [one.told for one in events if one.name == "text"] == done["statements"]
    assert done["citations"][0]["source"]["external_id"] == "1"


async def test_the_plan_of_the_rules_does_not_wait_for_the_model(
    merged: Books, viewer: httpx.AsyncClient, choose: Choose, fake_model: FakeModel
) -> None:
    plain = await stated(viewer, NUMBER)
    await choose(patience=3.0)
    fake_model.misbehaves = Misbehaviour.SLOW
    events = await heard(viewer, {"question": NUMBER})
    assert [one.name for one in events] == ["plan", *("text" for _ in plain), "done"]
    assert events[0].told["by"] == "rules"
    assert events[-1].at - events[0].at > 2.5
    assert [one["text"] for one in events[-1].told["statements"]] == plain


async def test_a_plan_that_the_model_makes_otherwise_is_told_too(
    merged: Books, viewer: httpx.AsyncClient, choose: Choose
) -> None:
    await choose()
    events = await heard(viewer, {"question": f"Did gliders bring home much of what reviewers agreed to {MARCH}?"})
    plans = [one.told for one in events if one.name == "plan"]
    assert [one["by"] for one in plans] == ["rules", MODEL]
    assert [one["kpi"] for one in plans[1]["metrics"]] == ["throughput.merge_requests"]
    assert events[-1].told["plan"] == plans[1]


async def test_sentences_are_told_as_soon_as_they_passed_the_check(
    merged: Books, viewer: httpx.AsyncClient, choose: Choose, fake_model: FakeModel
) -> None:
    await choose()
    fake_model.says = writes((WORDED, [1]), ("Fernweh Gliders merged 43 merge requests.", [1]))
    events = await heard(viewer, {"question": NUMBER})
    assert [one.told["text"] for one in events if one.name == "text"] == [WORDED]
    assert events[-1].told["notes"] == ["of what the model worded, 1 sentences were not supported and were replaced"]
    assert [one.get("stream", False) for one in fake_model.asked] == [False, True]
    assert events[-1].told["usage"][1]["completion_tokens"] == 5


async def test_a_stream_that_hangs_after_a_sentence_keeps_it_and_says_that_it_ended(
    merged: Books, viewer: httpx.AsyncClient, choose: Choose, fake_model: FakeModel
) -> None:
    await choose(patience=3.0)
    long = "Fernweh Gliders merged 3 merge requests " + "and merged them well " * 20
    fake_model.says = writes((WORDED, [1]), (long, [1]))
    fake_model.misbehaves = Misbehaviour.SLOW_STREAM
    events = await heard(viewer, {"question": NUMBER})
    (said,) = [one for one in events if one.name == "text"]
    assert said.told["text"] == WORDED
    assert events[-1].at - said.at > 2
    done = events[-1].told
    assert [one["text"] for one in done["statements"]] == [WORDED]
    (note,) = done["notes"]
    assert note.startswith("the model stopped midway, and the rest is told without it: ")
    assert [one.get("failed", False) for one in done["usage"]] == [False, True]


async def test_a_stream_that_is_cut_before_a_sentence_is_whole_leaves_what_was_stated(
    merged: Books, viewer: httpx.AsyncClient, choose: Choose, fake_model: FakeModel
) -> None:
    plain = await stated(viewer, NUMBER)
    await choose()
    for misbehaves in (Misbehaviour.CUT_STREAM, Misbehaviour.DROPPED_STREAM, Misbehaviour.BROKEN_STREAM):
        fake_model.misbehaves = misbehaves
        events = await heard(viewer, {"question": NUMBER})
        assert [one.told["text"] for one in events if one.name == "text"] == plain
        (note,) = events[-1].told["notes"]
        assert note.startswith("no model worded this: ")


async def test_what_fails_after_a_stream_began_ends_it_with_a_problem_and_keeps_nothing(
    merged: Books, viewer: httpx.AsyncClient
) -> None:
    await merged.admin.execute("revoke insert on ask_answers from ovia_rag")
    events = await heard(viewer, {"question": NUMBER})
    assert [one.name for one in events][:2] == ["plan", "text"]
    assert [one.name for one in events if one.name not in ("plan", "text")] == ["problem"]
    problem = events[-1].told
    assert problem["status"] == 500
    assert problem["request_id"]
    assert "ask_answers" not in json.dumps(problem)
    assert (await viewer.get("/ask/history")).json()["total"] == 0


async def test_numbers_of_a_person_that_only_the_model_sees_are_refused_as_a_problem_of_the_stream(
    merged: Books, viewer: httpx.AsyncClient, choose: Choose, fake_model: FakeModel
) -> None:
    account = await merged.account("ann")
    await merged.person("Annegret Seidel", account)
    await choose()
    fake_model.says = writes((WORDED, [1]), plan=PLAN | {"names": ["Seidel"]})
    events = await heard(viewer, {"question": f"What came of Seidel {MARCH}?"})
    assert [one.name for one in events] == ["plan", "problem"]
    assert events[-1].told["status"] == 403
