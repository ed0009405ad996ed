"""Whatever is asked, a plan comes of it or a reason why not."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ovia_rag.planning.lexicon import lexicon, read_file
from ovia_shared.errors import OviaError
from ovia_shared.models.ask import Plan
from tests.rag.planning.organisation import CLOCK, names, planned, questions

_OF_TIME = [word for one in read_file("times").values() if isinstance(one, list) for word in one]
_NAMES = [
    *(one.name for one in names().teams),
    *(one.name for one in names().products),
    *(one.name for one in names().sprints),
    *(one.name for one in names().releases),
]
_WORDS = st.sampled_from(
    sorted(lexicon().words)
    + _OF_TIME
    + _NAMES
    + [one.display_name for one in names().people]
    + [
        "GLD-12",
        "GLD",
        "31",
        "12",
        "2026",
        "Q3",
        "30.02.2026",
        "2026-10-01",
        "-",
        "«",
        "'s",
        "v4.0",
        "\u202e",
        "İ",
        "ß",
    ]
)
_SENTENCES = st.lists(_WORDS, min_size=1, max_size=14).map(" ".join)


def _plan(question: str) -> Plan | None:
    try:
        return planned(question)
    except OviaError:
        return None


def _must_hold(question: str, plan: Plan) -> None:
    for one in plan.mentions:
        assert question[one.start : one.end] == one.text != ""
    for window in [*(one.window for one in plan.metrics), *(one.window for one in plan.lists)]:
        assert window.start < window.end <= CLOCK.latest
    if plan.ambiguities:
        assert [*plan.metrics, *plan.lists, *plan.people] == []
        assert plan.search is None
    else:
        assert plan.metrics or plan.lists or plan.people or plan.search
    assert plan.search is None or 0 < len(plan.search.text) <= 4000


@given(st.text(max_size=300))
@settings(max_examples=80)
def test_any_text_gives_a_plan_or_a_reason(question: str) -> None:
    plan = _plan(question)
    if plan is not None:
        _must_hold(question, plan)


@given(_SENTENCES)
@settings(max_examples=120)
def test_words_of_the_field_in_any_order_give_a_plan_or_a_reason(question: str) -> None:
    plan = _plan(question)
    if plan is not None:
        _must_hold(question, plan)


@given(st.sampled_from(questions()), st.integers(0, 100), st.integers(0, 100))
@settings(max_examples=60)
def test_a_question_that_is_cut_anywhere_gives_a_plan_or_a_reason(one: object, start: int, length: int) -> None:
    question = getattr(one, "ask", "")[start : start + length]
    plan = _plan(question)
    if plan is not None:
        _must_hold(question, plan)


@given(_SENTENCES)
@settings(max_examples=20)
def test_the_same_question_gives_the_same_plan(question: str) -> None:
    assert _plan(question) == _plan(question)
