"""What sources wrote is shown as text, whatever it says."""

from typing import Any

import pytest
from litestar import Request
from litestar.testing import RequestFactory

from ovia_console.ask import narrowing, words
from ovia_console.ask.answers import Answer
from ovia_console.ask.asking import Judged
from ovia_console.ask.explaining import Names, choices_of_meaning, reasons_of
from ovia_console.ask.narrowing import Narrowing
from ovia_console.assets.serving import Assets
from ovia_console.pages.rendering import Templates
from ovia_console.session.reader import Account, Reader, Taste
from ovia_shared.models.token import Role
from tests.console.ask.answering import answer, passage

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'%(x)s{{ 7*7 }}"
READER = Reader(Account("A viewer", Role.VIEWER, HOSTILE), Taste("en", "auto", "UTC"), "")


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates(Assets())


def written(templates: Templates, told: Answer) -> str:
    request: Request[Any, Any, Any] = RequestFactory().get("/console/ask", session={"csrf": "word"})
    taste = READER.taste
    values = {
        "answer": told, "plan": told.plan, "plan_text": HOSTILE, "names": Names({}, {}), "reasons": reasons_of(told),
        "kept": narrowing.of(told.filters, taste.zone), "kpi_page": lambda _: "/", "words": words, "longest": 4000,
        "judged": Judged(), "replay": None, "choices_of_meaning": choices_of_meaning(told, Narrowing()),
    }  # fmt: skip
    return templates.render("ask/answer.html", request, READER, values)


def test_nothing_that_a_source_wrote_becomes_markup(templates: Templates) -> None:
    row = {"number": 2, "kind": "row", "title": HOSTILE, "row": {"person": HOSTILE, HOSTILE: HOSTILE}}
    unsure = {"text": HOSTILE, "meant": {"kind": "team", "id": "1", "label": HOSTILE, "score": 0.5}}
    search = {"text": HOSTILE, "filters": {"kinds": [HOSTILE.replace("%", "")], "systems": [HOSTILE]}}
    told = answer(
        question=HOSTILE,
        confidence="low",
        plan={"language": "en", "intent": "knowledge", "mentions": [unsure], "search": search, "by": HOSTILE},
        statements=[{"text": HOSTILE, "citations": [1, 2]}],
        citations=[passage(1, HOSTILE, title=HOSTILE, excerpt=HOSTILE), row],
        assumptions=[HOSTILE], looked_at=[HOSTILE], follow_ups=[HOSTILE], notes=[HOSTILE],
    )  # fmt: skip
    text = written(templates, told)
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ 7*7 }}" in text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//elsewhere.example"])
def test_an_address_that_is_none_of_the_web_is_no_link(templates: Templates, url: str) -> None:
    assert url not in written(templates, answer(citations=[passage(1, "a", url=url)]))


def test_an_address_of_the_source_is_a_link(templates: Templates) -> None:
    assert 'href="https://wiki.example/a"' in written(
        templates, answer(citations=[passage(1, "a", url="https://wiki.example/a")])
    )


def test_a_refusal_says_what_was_looked_at(templates: Templates) -> None:
    text = written(templates, answer(outcome="refused", looked_at=["20 passages, of which 0 fit"]))
    assert "Nothing supports an answer" in text
    assert "20 passages, of which 0 fit" in text
    assert "What was looked at" not in text
