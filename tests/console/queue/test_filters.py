"""What the list is narrowed to, in the address and for the api."""

from types import SimpleNamespace
from typing import Any

import pytest

from ovia_console.queue.filters import Filters, filters_of
from ovia_shared.errors import InvalidInput

TEAM = "01a20af7-18f0-7c1e-9b0a-52a1c3f6d7e8"


def of(**query: str) -> Filters:
    request: Any = SimpleNamespace(query_params=query)
    return filters_of(request)


def test_an_address_without_a_word_asks_for_conflicts() -> None:
    assert of().asked()["status"] == "conflict"
    assert of().shown() == {}
    assert not of().narrowed


def test_an_address_says_again_what_it_said() -> None:
    query = {"tab": "mappings", "status": "auto", "source": "jira", "team": TEAM, "min": "62,5", "max": "90",
             "search": "Ann", "sort": "age_desc"}  # fmt: skip
    wanted = of(**query)
    assert wanted.shown() == query
    assert wanted.narrowed
    asked = wanted.asked()
    assert (asked["min_confidence"], asked["max_confidence"], asked["team_id"]) == (0.625, 0.9, TEAM)


def test_words_nobody_knows_narrow_nothing() -> None:
    assert of(tab="x", status="y", sort="z").shown() == {}
    assert of(tab="orphans", team=TEAM, min="10", sort="age_desc").shown() == {"tab": "orphans"}


@pytest.mark.parametrize("query", [{"min": "101"}, {"max": "-1"}, {"min": "many"}, {"min": "nan"}, {"team": "lift"}])
def test_what_makes_no_sense_is_refused_by_field(query: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        of(**query).asked()
    assert refusal.value.field == next(iter(query))
