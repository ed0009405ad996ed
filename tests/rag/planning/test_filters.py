"""What filters say beside a question: all of it holds, or the plan tells what does not."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from ovia_rag.planning.planner import by_rules
from ovia_rag.planning.reading import read
from ovia_rag.planning.vocabulary import Vocabulary
from ovia_shared.database.ask.vocabulary import NamedTeam
from ovia_shared.errors import InvalidInput, NotAllowed
from ovia_shared.models.ask import Filters, Plan, SourceKind
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.product import ProjectKey
from ovia_shared.models.token import Role
from tests.rag.planning.organisation import (
    CLOCK,
    GITLAB,
    ITEMS,
    JIRA,
    at,
    names,
    person,
    planned,
    product,
    team,
    told,
)

GLD, SKY, TABLET = ProjectKey(JIRA, "1"), ProjectKey(JIRA, "2"), ProjectKey(GITLAB, "11")
OCTOBER: dict[str, Any] = {"since": at("2026-10-01"), "until": at("2026-11-01")}
TELEMETRY, BOOKING = product(1), product(2)
THERMAL, WAVE = team(1), team(2)


def _scopes(plan: Plan) -> list[str]:
    return sorted({line.split(" 20")[0].split(" ", 1)[1] for line in told(plan)})


def test_filters_stand_in_for_what_a_question_does_not_name() -> None:
    given = Filters(team=WAVE, **OCTOBER)
    assert told(planned("wip", filters=given)) == ["flow.wip team:Wave 2026-10-01T02:00..2026-11-01T01:00"]
    assert _scopes(planned("wip", filters=Filters(projects=[GLD, SKY]))) == ["project:GLD", "project:SKY"]
    with pytest.raises(NotAllowed):
        planned("wip", filters=Filters(person=person(1)), role=Role.VIEWER)


@pytest.mark.parametrize(
    ("question", "filters", "scopes", "apart"),
    [
        ("wip", Filters(team=WAVE, product=BOOKING), ["team:Wave"], "Wave, and not narrowed to Sky Booking, which"),
        ("wip", Filters(team=WAVE, projects=[GLD, SKY]), ["team:Wave"],
         "Wave, and not narrowed to Glider Telemetry, Sky Booking, which"),
        ("wip", Filters(person=person(5), team=THERMAL), ["person:Ivan Petrov"],
         "Ivan Petrov, and not narrowed to Thermal, which"),
        ("wip of Sky Booking", Filters(team=WAVE), ["team:Wave"], "Wave, and not narrowed to Sky Booking."),
        ("wip of team Wave", Filters(product=BOOKING), ["team:Wave"], "Wave, and not narrowed to Sky Booking, which"),
        ("wip of Thermal and Wave", Filters(projects=[GLD]), ["team:Thermal", "team:Wave"],
         "Thermal, Wave, and not narrowed to Glider Telemetry, which"),
        ("stale merge requests", Filters(team=WAVE, product=BOOKING), ["stale_merge_requests team:Wave"],
         "Wave, and not narrowed to Sky Booking, which"),
    ],
)  # fmt: skip
def test_what_a_number_is_not_narrowed_to_is_told(
    question: str, filters: Filters, scopes: list[str], apart: str
) -> None:
    plan = planned(question, filters=filters)
    assert _scopes(plan) == scopes
    assert [one for one in plan.assumptions if apart in one], plan.assumptions


@pytest.mark.parametrize(
    ("question", "filters", "scopes"),
    [
        ("wip of GLD", Filters(product=TELEMETRY), ["project:GLD"]),
        ("wip of product Glider Telemetry", Filters(projects=[GLD]), ["project:GLD"]),
        ("wip of GLD", Filters(projects=[GLD, SKY]), ["project:GLD"]),
        ("wip", Filters(product=TELEMETRY, projects=[GLD, SKY, TABLET]),
         ["project:GLD", "project:fernweh/telemetry/apps/pilot-tablet"]),
        ("completion of GLD Sprint 11", Filters(product=TELEMETRY, projects=[GLD, SKY]), ["sprint:GLD Sprint 11"]),
        ("wip of Wave", Filters(team=WAVE), ["team:Wave"]),
    ],
)  # fmt: skip
def test_what_holds_of_all_is_counted_and_nothing_is_told_apart(
    question: str, filters: Filters, scopes: list[str]
) -> None:
    plan = planned(question, filters=filters)
    assert _scopes(plan) == scopes
    assert not [one for one in plan.assumptions if "not narrowed" in one]


def test_a_team_below_that_of_the_filter_is_within_it_and_the_other_way_round() -> None:
    teams = [NamedTeam(THERMAL, "Thermal", None), NamedTeam(WAVE, "Wave", "Thermal", THERMAL)]
    known = Vocabulary(msgspec.structs.replace(names(), teams=teams))
    for named, given in (("Wave", THERMAL), ("Thermal", WAVE)):
        filters = Filters(team=given)
        plan = by_rules(read(f"wip of team {named}", ITEMS, known, CLOCK), filters, Role.MANAGER)
        assert _scopes(plan) == ["team:Wave"]
        assert not [one for one in plan.assumptions if "not narrowed" in one]
        search = by_rules(read(f"What do we know in team {named}?", ITEMS, known, CLOCK), filters, Role.MANAGER).search
        assert search is not None
        assert search.filters.team == WAVE


@pytest.mark.parametrize(
    ("question", "filters", "asked"),
    [
        ("wip of Thermal", Filters(team=WAVE), "ask back Thermal: team Thermal | team Wave"),
        ("Why did the wip of Thermal grow?", Filters(team=WAVE), "ask back Thermal: team Thermal | team Wave"),
        ("cycle time of Ivan Petrov", Filters(person=person(1)),
         "ask back Ivan Petrov: person Ivan Petrov | person Anna Löwenzahn"),
        ("wip of GLD", Filters(projects=[SKY]), "ask back GLD: project Glider Telemetry | project Sky Booking"),
        ("wip of GLD", Filters(product=BOOKING), "ask back GLD: project Glider Telemetry | product Sky Booking"),
        ("wip of product Sky Booking", Filters(product=TELEMETRY),
         "ask back Sky Booking: product Sky Booking | product Glider Telemetry"),
        ("completion of GLD Sprint 11", Filters(product=BOOKING),
         "ask back GLD Sprint 11: sprint GLD Sprint 11 | product Sky Booking"),
        ("What is Ivan Petrov working on?", Filters(person=person(1)),
         "ask back Ivan Petrov: person Ivan Petrov | person Anna Löwenzahn"),
    ],
)  # fmt: skip
def test_a_filter_that_contradicts_the_question_is_asked_back_and_says_why(
    question: str, filters: Filters, asked: str
) -> None:
    plan = planned(question, filters=filters)
    assert told(plan) == [asked]
    assert [one for one in plan.assumptions if "nothing is of both" in one]


def test_a_time_of_the_question_is_cut_to_that_of_the_filters() -> None:
    given = Filters(**OCTOBER)
    plan = planned("merge requests merged from 2026-09-15 to 2026-10-15", filters=given)
    assert told(plan) == ["throughput.merge_requests organisation 2026-10-01T02:00..2026-10-16"]
    assert [one for one in plan.assumptions if "in the question and in the filters" in one]
    plan = planned("merge requests merged last month", filters=Filters(since=at("2026-01-01")))
    assert told(plan) == ["throughput.merge_requests organisation 2026-10-01..2026-11-01"]
    assert not [one for one in plan.assumptions if "in the question and in the filters" in one]


@pytest.mark.parametrize(
    ("question", "filters", "field"),
    [
        ("wip today", Filters(**OCTOBER), "filters.until"),
        ("wip in September", Filters(since=at("2026-11-01")), "filters.since"),
        ("completion of the last sprint of GLD", Filters(until=at("2026-10-01")), "filters.until"),
        ("Which pages about gliders changed since 2026-11-05?", Filters(**OCTOBER), "filters.until"),
        ("wip", Filters(product=BOOKING, projects=[GLD]), "filters.projects"),
    ],
)
def test_what_nothing_can_hold_of_is_refused_with_the_field(question: str, filters: Filters, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        planned(question, filters=filters)
    assert caught.value.field == field


def test_filters_narrow_what_is_searched() -> None:
    given = Filters(
        projects=[GLD], since=at("2026-10-01"), systems=[ConnectionKind.JIRA], connections=[JIRA],
    )  # fmt: skip
    search = planned("How do we restore a backup?", filters=given).search
    assert search is not None
    assert search.filters == given


@pytest.mark.parametrize(
    ("question", "filters", "kept", "apart"),
    [
        ("What did Ivan Petrov write about payments?", Filters(person=person(1)), Filters(person=person(1)),
         "of Anna Löwenzahn, and not of Ivan Petrov"),
        ("How do we restore a backup in project GLD?", Filters(projects=[GLD, SKY]), Filters(projects=[GLD]), None),
        ("How do we restore a backup in project GLD?", Filters(projects=[SKY]), Filters(projects=[SKY]),
         "of Sky Booking, and not of GLD"),
        ("Where in the documentation is the backup?", Filters(kinds=[SourceKind.WORK_ITEM]),
         Filters(kinds=[SourceKind.WORK_ITEM]), "of work_item, and not of document"),
        ("Where in the documentation is the backup?", Filters(kinds=[SourceKind.WORK_ITEM, SourceKind.DOCUMENT]),
         Filters(kinds=[SourceKind.DOCUMENT]), None),
    ],
)  # fmt: skip
def test_what_texts_are_not_narrowed_to_is_told(
    question: str, filters: Filters, kept: Filters, apart: str | None
) -> None:
    plan = planned(question, filters=filters)
    assert plan.search is not None
    assert plan.search.filters == kept
    told_apart = [one for one in plan.assumptions if "Texts are searched as the filters say" in one]
    assert [apart in one for one in told_apart if apart] == ([True] if apart else [])
    assert len(told_apart) == (1 if apart else 0)


@pytest.mark.parametrize(
    ("filters", "apart"),
    [
        (Filters(kinds=[SourceKind.DOCUMENT]), "not narrowed to document:"),
        (Filters(systems=[ConnectionKind.GITLAB]), "not narrowed to gitlab:"),
        (Filters(connections=[GITLAB], team=WAVE), "not narrowed to Code:"),
        (Filters(systems=[ConnectionKind.JIRA], product=TELEMETRY), "not narrowed to jira:"),
        (Filters(systems=[ConnectionKind.GITLAB], projects=[GLD]), "not narrowed to gitlab:"),
        (Filters(systems=[ConnectionKind.JIRA], connections=[JIRA], projects=[GLD]), None),
    ],
)
def test_kinds_and_sources_narrow_numbers_only_as_far_as_their_scope_does(filters: Filters, apart: str | None) -> None:
    said = [one for one in planned("wip", filters=filters).assumptions if "narrow which texts are searched" in one]
    assert [apart in one for one in said if apart] == ([True] if apart else [])
    assert len(said) == (1 if apart else 0)


def test_a_breakdown_says_that_what_it_tells_one_by_one_is_not_narrowed() -> None:
    for question in ("wip by team", "wip of Sky Booking by team", "wip by product"):
        said = planned(question, filters=Filters(product=BOOKING)).assumptions
        assert [one for one in said if "told in whole, and not narrowed to Sky Booking" in one], question
    for filters in (Filters(), Filters(team=WAVE)):
        assert not [one for one in planned("wip by team", filters=filters).assumptions if "told in whole" in one]


def test_what_is_known_of_people_says_that_filters_do_not_narrow_it() -> None:
    question = "What is Ivan Petrov working on?"
    plan = planned(question, filters=Filters(team=WAVE))
    assert told(plan) == ["works_on person:Ivan Petrov"]
    assert [one for one in plan.assumptions if "whatever the filters say" in one]
    assert planned(question).assumptions == []
    russian = planned("Чем занимается Иван Петров?", filters=Filters(connections=[UUID(int=9)]))
    assert [one for one in russian.assumptions if "фильтрами не сужаются" in one]
