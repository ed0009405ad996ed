"""Whatever the catalogue of KPIs says has words of the console, so that it is said in every language."""

from ovia_console.dashboard import meanings, words
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.describing import describe

DESCRIBED = [describe(kpi) for kpi in CATALOGUE.values()]


def test_every_number_is_called_what_the_catalogue_calls_it() -> None:
    assert {one.name: one.title for one in DESCRIBED} == words.TITLES


def test_every_question_and_definition_is_known() -> None:
    assert {one.question for one in DESCRIBED} == set(meanings.QUESTIONS)
    assert {one.definition for one in DESCRIBED} == set(meanings.DEFINITIONS)


def test_every_caveat_is_known() -> None:
    assert {caveat for one in DESCRIBED for caveat in one.caveats} == set(meanings.CAVEATS)
