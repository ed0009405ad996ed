"""What cannot be asked, and filters that cannot hold: each is refused over HTTP with the field."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ovia_shared.models.ask import LONGEST_QUESTION
from tests.api.conftest import Organisations
from tests.kpis.conftest import Books, day
from tests.rag.asking.conftest import MARCH, ask

ASK = "what is new?"
UNKNOWN = "01a20af0-a147-7024-8fd4-1781055c22fc"


def _filtered(**filters: Any) -> dict[str, Any]:
    return {"question": ASK, "filters": filters}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"question": ""}, 422, "question"),
        ({"question": "  ?! "}, 422, "question"),
        ({"question": "x" * 10_000}, 422, "question"),
        ({"question": "why " * 2500}, 422, "question"),
        ({"question": "x" * (LONGEST_QUESTION + 1)}, 422, "question"),
        ({"question": "a\u0000b"}, 422, "question"),
        ({"question": 7}, 400, "question"),
        ({}, 400, "question"),
        ({"question": "x", "colour": 1}, 400, "colour"),
        (_filtered(colour=1), 400, "filters.colour"),
        (_filtered(kinds=["poem"]), 422, "filters.kinds[0]"),
        (_filtered(systems=["telegraph"]), 422, "filters.systems[0]"),
        (_filtered(connections=["mine"]), 400, "filters.connections[0]"),
        (_filtered(team="Wave"), 400, "filters.team"),
        (_filtered(since="2026-02-30T00:00:00Z"), 400, "filters.since"),
        (_filtered(until="2026-02-30T00:00:00Z"), 400, "filters.until"),
        (_filtered(since="2026-02-03"), 400, "filters.since"),
        (_filtered(since="2026-02-03T00:00:00"), 400, "filters.since"),
        (_filtered(since="2026-02-02T00:00:00Z", until="2026-01-01T00:00:00Z"), 422, "filters.since"),
        (_filtered(product=UNKNOWN), 422, "filters.product"),
        (_filtered(team=UNKNOWN), 422, "filters.team"),
        (_filtered(person=UNKNOWN), 422, "filters.person"),
        (_filtered(connections=[UNKNOWN]), 422, "filters.connections"),
        (_filtered(projects=[{"connection_id": UNKNOWN, "external_id": "7"}]), 422, "filters.projects"),
        ({"question": "How many merge requests were merged?", "filters": {"team": UNKNOWN}}, 422, "filters.team"),
        ({"question": "How many merge requests were merged on 2026-02-31?"}, 422, "question"),
        ({"question": "How many merge requests were merged from 2031-01-01 to 2031-02-01?"}, 422, "question"),
    ],
    ids=lambda one: str(one)[:60],
)
async def test_what_cannot_be_asked_is_refused_with_the_field(
    viewer: httpx.AsyncClient, body: dict[str, Any], status: int, field: str
) -> None:
    answer = await viewer.post("/ask", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem = answer.json()
    assert field in [problem.get("field"), *(one["field"] for one in problem.get("errors", []))], problem


async def test_a_question_may_be_as_long_as_it_is_said_to_be(merged: Books, viewer: httpx.AsyncClient) -> None:
    question = f"How many merge requests were merged {MARCH}?"
    answer = await ask(viewer, question + " " * (LONGEST_QUESTION - len(question)))
    assert answer["statements"][0]["text"].endswith(": 3.")
    long = ("Which pages describe the wind sensor, the rudder and the tow rope? " * 100)[:LONGEST_QUESTION]
    assert (await ask(viewer, long))["question"] == long.strip()
    described = (await viewer.get("/openapi.json")).json()["components"]["schemas"]
    (asked,) = [one for name, one in described.items() if name.endswith("NewQuestion")]
    assert asked["properties"]["question"]["maxLength"] == LONGEST_QUESTION


async def test_filters_that_say_different_things_are_told_or_asked_back(
    books: Books, viewer: httpx.AsyncClient, organisations: Organisations
) -> None:
    accounts = [await books.account(name) for name in "abcd"]
    people = [await books.person(f"Pilot {name}", account) for name, account in zip("ABCD", accounts, strict=True)]
    wings, tails = await books.team("Wings", *people), await books.team("Tails", *people)
    product = uuid4()
    await books.admin.execute(
        "insert into products (org_id, id, name) values ($1, $2, 'Gliders')", books.org_id, product
    )
    for number, account in enumerate(accounts):
        await books.fact(
            "merge_request.merged", day(number), actor=account, value=10, attributes={"class": "bug"}
        )  # fmt: skip
    await books.known()
    question = f"How many merge requests were merged {MARCH}?"
    told = await ask(viewer, question, filters={"team": str(wings), "product": str(product)})
    assert told["statements"][0]["text"] == "Merge requests merged, Wings, from 2026-03-02 to 2026-03-22: 4."
    assert [one for one in told["assumptions"] if "Wings, and not narrowed to Gliders, which the filters name" in one]
    asked = f"How many merge requests did team Wings merge {MARCH}?"
    back = await ask(viewer, asked, filters={"team": str(tails)})
    assert (back["outcome"], back["statements"]) == ("asked_back", [])
    assert [one for one in back["assumptions"] if "names Wings, the filters Tails" in one]
    assert back["follow_ups"] == [asked, asked.replace("Wings", "Tails")]
    until = (day(0) + timedelta(days=2)).isoformat()
    cut = await ask(viewer, question, filters={"until": until})
    assert cut["statements"][0]["text"].endswith(": 2.")
    assert [one for one in cut["assumptions"] if "in the question and in the filters" in one]
