"""Numbers of every unit, in both languages."""

from types import SimpleNamespace
from typing import cast

import pytest

from ovia_console.dashboard.spoken import Spoken
from ovia_console.pages.visit import Visit
from ovia_console.session.reader import Taste
from ovia_shared.models.data_quality import Quality


def spoken(language: str = "en") -> Spoken:
    taste = Taste(language=language, theme="auto", timezone="UTC")
    return Spoken(cast("Visit", SimpleNamespace(reader=SimpleNamespace(taste=taste))))


def quality(score: float | None) -> Quality:
    return Quality(score=score, freshness=None, completeness=None, coverage=None, parity=None, reasons=[])


@pytest.mark.parametrize(
    ("value", "unit", "english", "russian"),
    [
        (61.27, "score", "61.3 of 100", "61,3 из 100"),
        (121.67, "hours", "5 d 1 h", "5 д 1 ч"),
        (0.5, "share", "50%", "50%"),
        (12.5, "minutes", "12 min", "12 мин"),
        (83.0, "count", "83", "83"),
        (1.789, "per day", "1.79 a day", "1,79 в день"),
        (0.0, "count", "0", "0"),
        (None, "count", "–", "–"),
        (None, "hours", "–", "–"),
    ],
)
def test_a_value_is_told_with_its_unit(value: float | None, unit: str, english: str, russian: str) -> None:
    # Babel writes Russian percent with a space that does not break.
    assert spoken().amount(value, unit) == english
    assert spoken("ru").amount(value, unit).replace("\xa0", "") == russian


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (0.055, "share", "+5.5 points"),
        (-2.0, "hours", "−2 h"),
        (4.0, "count", "+4"),
        (0.0, "hours", "±0"),
        (1e-12, "share", "±0"),
        (None, "count", "–"),
    ],
)
def test_a_difference_has_its_sign(value: float | None, unit: str, told: str) -> None:
    assert spoken().signed(value, unit) == told


def test_a_count_among_hours_is_no_hours() -> None:
    assert spoken().value("waiting", 34.0, "hours") == "34"
    assert spoken().value("p90", 34.0, "hours") == "1 d 10 h"


@pytest.mark.parametrize(
    ("score", "kind", "words"),
    [
        (1.0, "good", "data good, 100%"),
        (0.9999, "good", "data good, 99%"),
        (0.8, "warn", "data with gaps, 80%"),
        (0.2, "bad", "data doubtful, 20%"),
        (None, "", "no data"),
    ],
)
def test_quality_is_told_in_words_and_never_rounded_up_to_perfect(score: float | None, kind: str, words: str) -> None:
    assert spoken().quality(quality(score)) == (kind, words)


def test_long_hours_stand_beside_an_axis_as_days() -> None:
    divided, written = spoken().axis("hours", [10.0, 240.0])
    assert (divided, written(10)) == (24, "10 d")
    divided, written = spoken().axis("hours", [10.0])
    assert (divided, written(10)) == (1, "10 h")


def test_rows_are_counted_in_the_readers_plural() -> None:
    assert [spoken("ru").rows(count) for count in (1, 3, 5)] == ["1 строка", "3 строки", "5 строк"]
