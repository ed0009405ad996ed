"""Questions over HTTP: asked, kept, listed, judged, and made again."""

import json

import httpx
import msgspec

from ovia_rag.providers.embedded import Embedded
from tests.api.conftest import Organisations, Service
from tests.conftest import OpenDatabase
from tests.kpis.conftest import Books, day
from tests.rag.asking.conftest import MARCH, ask, heard
from tests.rag.filling import Piece, fill

QUESTION = f"How many merge requests were merged {MARCH}?"


async def test_a_number_is_answered_kept_and_can_be_read_again(merged: Books, viewer: httpx.AsyncClient) -> None:
    sent = await viewer.post("/ask", json={"question": QUESTION})
    assert sent.status_code == 200, sent.text
    answer = sent.json()
    assert answer["outcome"] == "answered"
    assert answer["statements"][0]["text"].endswith("from 2026-03-02 to 2026-03-22: 3.")
    (citation,) = [one for one in answer["citations"] if one["number"] in answer["statements"][0]["citations"]]
    assert (citation["kind"], citation["kpi"], citation["values"]["value"]) == (
        "receipt",
        "throughput.merge_requests",
        3,
    )
    assert answer["plan"]["metrics"][0]["kpi"] == "throughput.merge_requests"
    assert sent.headers["location"] == f"/ask/{answer['id']}"
    assert (await viewer.get(f"/ask/{answer['id']}")).json() == answer


async def test_without_an_index_a_question_about_texts_is_refused_honestly(
    merged: Books, viewer: httpx.AsyncClient
) -> None:
    answer = await ask(viewer, "What did we decide about the wind sensor?")
    assert (answer["outcome"], answer["statements"], answer["confidence"]) == ("refused", [], None)
    # The service may have described the KPIs to its index by now, and nothing else.
    assert any("index of texts holds nothing yet" in one or "passages" in one for one in answer["looked_at"])


async def test_numbers_of_one_person_need_a_manager(
    books: Books, viewer: httpx.AsyncClient, rag: Service, organisations: Organisations
) -> None:
    account = await books.account("ann")
    await books.person("Annegret Seidel", account)
    await books.fact("merge_request.merged", day(1), actor=account, attributes={"class": "bug"})
    await books.known()
    question = f"How many merge requests did Annegret Seidel merge {MARCH}?"
    assert (await viewer.post("/ask", json={"question": question})).status_code == 403
    async with rag.client(**organisations[0].authorization("manager")) as manager:
        answer = await ask(manager, question)
        assert answer["statements"][0]["text"].endswith(": 1.")
        assert (await viewer.get(f"/ask/{answer['id']}")).status_code == 404


async def test_history_is_ones_own_and_for_managers_everybodys(
    merged: Books, viewer: httpx.AsyncClient, rag: Service, organisations: Organisations
) -> None:
    for number in range(3):
        await ask(viewer, f"{QUESTION} {'Please!' * number}")
    first = (await viewer.get("/ask/history", params={"limit": 2})).json()
    assert (len(first["data"]), first["total"]) == (2, 3)
    rest = (await viewer.get("/ask/history", params={"limit": 2, "cursor": first["next"]})).json()
    asked = [one["question"] for one in first["data"] + rest["data"]]
    assert [one.count("!") for one in asked] == [2, 1, 0]
    assert (await viewer.get("/ask/history", params={"everybody": True})).status_code == 403
    assert (await viewer.get("/ask/history", params={"outcome": "refused"})).json()["total"] == 0
    async with rag.client(**organisations[0].authorization("manager")) as manager:
        assert (await manager.get("/ask/history")).json()["total"] == 0
        everybody = (await manager.get("/ask/history", params={"everybody": True})).json()
        assert [one["caller"] for one in everybody["data"]] == ["viewer of Fernweh Gliders"] * 3
    async with rag.client(**organisations[1].authorization("admin")) as other:
        assert (await other.get("/ask/history", params={"everybody": True})).json()["total"] == 0
        assert (await other.get(f"/ask/{everybody['data'][0]['id']}")).status_code == 404


async def test_an_opinion_replaces_the_one_before(merged: Books, viewer: httpx.AsyncClient) -> None:
    answer = await ask(viewer, QUESTION)
    path = f"/ask/{answer['id']}/feedback"
    said = (await viewer.post(path, json={"helpful": False, "comment": "I meant GLD."})).json()
    assert (said["helpful"], said["comment"]) == (False, "I meant GLD.")
    assert (await viewer.post(path, json={"helpful": True})).json()["comment"] is None
    assert (await viewer.get("/ask/history")).json()["data"][0]["helpful"] is True
    assert (await viewer.post(path, json={"helpful": True, "stars": 5})).status_code == 400
    unknown = "/ask/01a20af0-a147-7024-8fd4-1781055c22fc/feedback"
    assert (await viewer.post(unknown, json={"helpful": True})).status_code == 404


async def test_an_answer_made_again_is_the_same_until_facts_are_disbelieved(
    merged: Books, viewer: httpx.AsyncClient
) -> None:
    answer = await ask(viewer, QUESTION)
    await merged.fact("merge_request.merged", day(5), attributes={"class": "bug"})
    again = (await viewer.post(f"/ask/{answer['id']}/replay")).json()
    assert (again["same"], again["changes"]) == (True, [])
    assert again["statements"] == answer["statements"]
    assert [one["equal"] for one in again["numbers"]] == [True]
    # What a receipt was counted from is never deleted; if it is all the same, it says so.
    await merged.admin.execute("delete from facts where kind = 'merge_request.merged' and occurred_at = $1", day(0))
    again = (await viewer.post(f"/ask/{answer['id']}/replay")).json()
    assert (again["same"], [one["equal"] for one in again["numbers"]]) == (False, [False])
    assert any(one.startswith("said now: ") and one.endswith(": 2.") for one in again["changes"])


async def test_the_same_key_asks_once(merged: Books, viewer: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "once"}
    first, second = [await viewer.post("/ask", json={"question": QUESTION}, headers=headers) for _ in range(2)]
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert (await viewer.get("/ask/history")).json()["total"] == 1


async def test_what_people_wrote_is_quoted_with_its_source_until_it_says_something_else(
    books: Books, viewer: httpx.AsyncClient, organisations: Organisations, open_database: OpenDatabase
) -> None:
    rag = await open_database("ovia_rag")
    secret = "token glpat-abcdefghijklmnopqrst"
    runbook = Piece(
        id="1", title="Runbook: payments",
        text=f"Payments are deployed daily. The person on call decides about a rollback of payments. Use {secret}.",
    )  # fmt: skip
    others = [Piece(id=str(n), title=f"Page {n}", text=f"The tower keeps list {n} of gliders.") for n in range(2, 20)]
    await fill(rag, organisations[0].id, [runbook, *others], Embedded())
    theirs = msgspec.structs.replace(runbook, text="Nobody decides about a rollback of payments.")
    await fill(rag, organisations[1].id, [theirs], Embedded())
    answer = await ask(viewer, "Who decides about a rollback of payments?")
    assert answer["outcome"] == "answered"
    assert answer["statements"][0]["text"].startswith("Runbook: payments: “")
    assert "The person on call decides about a rollback of payments." in answer["statements"][0]["text"]
    assert "glpat" not in json.dumps(answer)
    assert "Nobody" not in json.dumps(answer)
    (first,) = [one for one in answer["citations"] if one["number"] in answer["statements"][0]["citations"]]
    assert (first["kind"], first["source"]["external_id"]) == ("passage", "1")
    path = f"/ask/{answer['id']}/replay"
    again = (await viewer.post(path)).json()
    assert (again["same"], again["statements"]) == (True, answer["statements"])
    await fill(rag, organisations[0].id, [msgspec.structs.replace(runbook, text="Ask the tower.")], Embedded())
    again = (await viewer.post(path)).json()
    assert again["same"] is False
    assert again["index_version_now"] > again["index_version_then"]
    assert any("is gone or says something else" in one for one in again["changes"])


async def test_an_answer_comes_as_events_and_is_kept_when_it_is_done(merged: Books, viewer: httpx.AsyncClient) -> None:
    found = await heard(viewer, {"question": QUESTION})
    names = [one.name for one in found]
    assert (names[0], names[-1]) == ("plan", "done")
    assert set(names[1:-1]) == {"text"}
    done = found[-1].told
    assert [one.told for one in found if one.name == "text"] == done["statements"]
    assert (await viewer.get(f"/ask/{done['id']}")).json() == done


async def test_what_is_wrong_with_a_question_is_told_before_a_stream_begins(viewer: httpx.AsyncClient) -> None:
    answer = await viewer.post("/ask", json={"question": "?"}, headers={"Accept": "text/event-stream"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
