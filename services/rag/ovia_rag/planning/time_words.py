"""The words of time, by what they mean."""

from collections.abc import Iterable
from functools import cache

from ovia_rag.planning.calendar import Span
from ovia_rag.planning.lexicon import read_file
from ovia_rag.planning.text import forms


@cache
def meanings() -> dict[str, frozenset[str]]:
    """Words of time by what they mean."""
    lists = {name: one for name, one in read_file("times").items() if isinstance(one, list)}
    return {name: frozenset(form for word in one for form in forms(word)) for name, one in lists.items()}


@cache
def table(name: str) -> dict[str, int]:
    """Numbers, months or weekdays by their words."""
    return {form: int(key) for key, words in read_file("times")[name].items() for word in words for form in forms(word)}


def value(name: str, words: Iterable[str]) -> int | None:
    """The number, month or weekday that one of these forms of a word is."""
    return next((one for form in sorted(words) if (one := table(name).get(form)) is not None), None)


@cache
def units() -> dict[str, Span]:
    """Units of time by their words."""
    return {
        form: Span(key) for key, words in read_file("times")["units"].items() for word in words for form in forms(word)
    }
