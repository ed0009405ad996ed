"""The questions that Ask is judged by: enough of them, in both languages, each with an answer that is known."""

from ovia_demo.answers import answers
from ovia_demo.organisation import generate
from tests.bench.ask_questions import expected
from tests.bench.ask_questions.questions import read


def test_there_are_enough_questions_in_both_languages_and_enough_that_nothing_answers() -> None:
    questions = read()
    every = [one.ask for name in questions.__struct_fields__ for one in getattr(questions, name)]
    russian = [one for one in every if any("а" <= letter <= "я" for letter in one.lower())]
    assert len(every) == len(set(every)) == questions.count >= 150
    assert len(russian) >= 50
    assert len(every) - len(russian) >= 50
    assert len(questions.refused) >= 20


def test_what_each_expects_is_known_of_the_sample() -> None:
    organisation = generate(7, 24, 6)
    known = answers(organisation)
    questions = read()
    for metric in questions.metric:
        n, values = expected.values(known, metric)
        assert values
        assert n >= 0
    for wanted in questions.list:
        keys = expected.keys(organisation, known, wanted)
        assert keys is not None or expected.rows(known, wanted) > 0, wanted.ask
    titles = {one.title for one in organisation.pages} | {one.title for one in organisation.issues}
    for asked in questions.knowledge:
        described = asked.ask.startswith(("What does flow", "How is sprint"))
        assert described or any(title in one for title in asked.titles for one in titles), asked.ask
    people = {one.name for one in known.who_is_who.people} | {one.name for one in known.scopes}
    for person in questions.person:
        assert set(person.says) <= people
