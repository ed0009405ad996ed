"""Questions in English and Russian, and the plans they become."""

import pytest

from ovia_rag.planning.lexicon import read_file
from ovia_shared.errors import InvalidInput, NotAllowed
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.models.ask import Intent, Language, ListKind, MentionKind, PersonQuestion
from ovia_shared.models.token import Role
from tests.rag.planning.organisation import Question, person, planned, questions, told

QUESTIONS = questions()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.ask)
def test_a_question_becomes_its_plan(question: Question) -> None:
    plan = planned(question.ask)
    assert (told(plan), plan.intent, plan.language) == (question.plan, question.intent, question.language)


def test_the_table_asks_for_every_kpi_in_both_languages() -> None:
    asked = {(one.language, line.split(" ", 1)[0]) for one in QUESTIONS if one.intent == "metric" for line in one.plan}
    assert {(language.value, kpi) for language in Language for kpi in CATALOGUE} <= asked
    assert set(read_file("kpis")) == set(CATALOGUE)


def test_the_table_asks_for_every_list_and_everything_about_people() -> None:
    lines = {line for one in QUESTIONS for line in one.plan}
    assert all(any(line.startswith(f"list {kind} ") for line in lines) for kind in ListKind)
    assert all(any(line.split(" ", 1)[0] == question for line in lines) for question in PersonQuestion)
    assert {one.intent for one in QUESTIONS} == set(Intent)


def test_what_was_not_said_is_told_in_the_language_of_the_question() -> None:
    assert planned("How many merge requests were merged?").assumptions == [
        "The question names no team, product or project: everything of the organisation is counted.",
        "The question names no time: the last 30 days are meant, from 2026-10-28 to 2026-11-27 11:30.",
    ]
    assert planned("Сколько MR влили?").assumptions == [
        "В вопросе не названы команда, продукт или проект: считается вся организация.",
        "В вопросе не названо время: взяты последние 30 дней, с 2026-10-28 по 2026-11-27 11:30.",
    ]


@pytest.mark.parametrize(
    ("question", "assumed"),
    [
        ("cycle time of team thermel last month", "“thermel” was taken for Thermal."),
        ("wip of Thermal", "What is open is told as of 2026-11-27 11:30."),
        ("throughput of Thermal in the past week", "“past week” is taken as from 2026-11-20 to 2026-11-27 11:30."),
        ("throughput of Thermal until 1 October", "“until 1 October” names no beginning: 30 days before are meant, "
         "from 2026-09-01 to 2026-10-01."),
        ("throughput of Thermal this month", "The time asked about is not over: it is counted up to 2026-11-27 11:30."),
        ("release risk of Glider Telemetry", "“Glider Telemetry” was taken for the product, not for a project of that "
         "name."),
        ("accounts mapped in team Wave", "Accounts mapped is only counted for the whole organisation."),
        ("spillover in the last sprint of GLD", "“last sprint” is GLD Sprint 11."),
        ("wip of Thermal in the last sprint", "Sprints have no teams or people: the time of GLD Sprint 11, SKY Sprint "
         "11 is meant, from 2026-11-02 11:00 to 2026-11-17 10:16."),
        ("Who merged the most merge requests?", "People are not ranked by numbers; teams are told instead."),
        ("wip of Ivan Petrov in Sky Booking", "A number is of one thing: it is counted for Ivan Petrov, and not "
         "narrowed to Sky Booking."),
        ("cycle time of Thermal", "“cycle time” may mean several numbers; all are told: Cycle time of merge requests, "
         "Cycle time of work items."),
    ],
)  # fmt: skip
def test_what_a_question_was_taken_for_is_told(question: str, assumed: str) -> None:
    assert assumed in planned(question).assumptions


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        ("deployments on 31 February", "there is no day 2026-02-31"),
        ("merge requests merged on 2026-13-45", "there is no day 2026-13-45"),
        ("сколько MR влили 30 февраля", "there is no day 2026-02-30"),
        ("throughput in the last 99999 days", "20 years at most"),
        ("throughput next month", "yet to come"),
        ("completion of the next sprint", "yet to come"),
        ("cycle time from 2026-11-20 to 2026-11-01", "ends before it begins"),
        ("", "the question is empty"),
        (" \n\t ", "the question is empty"),
        ("?!…", "has no words"),
        ("a" * 10_000, "4,000 characters at most"),
        ("wip\x00", "NUL"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(question: str, fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault) as caught:
        planned(question)
    assert caught.value.field == "question"


@pytest.mark.parametrize("role", [Role.VIEWER])
def test_numbers_of_one_person_need_the_role_manager(role: Role) -> None:
    for question in (
        "cycle time of Ivan Petrov",
        "stale merge requests of Ivan Petrov",
        "Why did the wip of Ivan Petrov grow?",
    ):
        with pytest.raises(NotAllowed, match="manager"):
            planned(question, role=role)
    assert told(planned("What is Ivan Petrov working on?", role=role)) == ["works_on person:Ivan Petrov"]


def test_a_name_that_nothing_has_is_asked_back_with_what_is_called_nearly_so() -> None:
    unclear = planned("cycle time of team Chekoutt").ambiguities
    assert not unclear or unclear[0].candidates[0].label == "Checkout"
    (unknown,) = planned("throughput of product Windkanal").ambiguities
    assert (unknown.text, unknown.candidates) == ("Windkanal", [])


def test_two_people_of_one_name_are_told_apart_by_their_teams() -> None:
    (unclear,) = planned("cycle time of Lucía Ibáñez").ambiguities
    assert {one.label for one in unclear.candidates} == {"Lucía Ibáñez (Thermal)", "Lucía Ibáñez (Wave)"}
    assert planned("cycle time of Lucía Ibáñez").metrics == []
    assert told(planned("wip of Lucía Ibáñez from team Wave"))[0].startswith("flow.wip person:Lucía Ibáñez")
    (named,) = [one for one in planned("wip of Lucía Ibáñez from team Wave").mentions if one.meant.kind == "person"]
    assert named.meant.id == str(person(7))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Иваном Петровым", 5), ("Ивану Петрову", 5), ("Petrov", 5), ("ipetrov", 5), ("Анны Щукиной", 2),
        ("Anna Shchukina", 2), ("Löwenzahn", 1), ("Anna Lowenzahn", 1), ("Саши Парамонова", 4), ("Sasha Paramonov", 4),
        ("Grosskopf", 8), ("Jurgen Großkopf", 8), ("Maja Ornsted", 9), ("Alexander Paramonow", 4),
    ],
)  # fmt: skip
def test_people_are_found_however_their_names_are_spelt(written: str, meant: int) -> None:
    people = [one for one in planned(f"wip of {written} in October").mentions if one.meant.kind is MentionKind.PERSON]
    assert [one.meant.id for one in people] == [str(person(meant))]
    assert written.startswith(people[0].text) or people[0].text in written


def test_an_old_key_of_a_work_item_is_the_item_it_became() -> None:
    plan = planned("Who owns old-7?")
    assert [(one.text, one.meant.id) for one in plan.mentions] == [("old-7", "GLD-70")]
    assert plan.people[0].item == "GLD-70"
