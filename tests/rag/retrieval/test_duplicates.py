"""Of texts that nearly repeat each other the best ranked is enough."""

from hypothesis import given
from hypothesis import strategies as st

from ovia_rag.retrieval.duplicates import SAME, alike, collapse, shingles

PAGE = " ".join(f"word{number}" for number in range(100))


def _kept(*texts: str, most: int = 10) -> list[str]:
    return collapse(texts, str, most)


def test_the_same_text_again_is_left_out_whatever_its_case_and_spaces() -> None:
    assert _kept("Tow at 60 knots", "tow  at\n60 KNOTS", "Winch at 55 knots") == [
        "Tow at 60 knots",
        "Winch at 55 knots",
    ]


def test_a_page_with_one_word_changed_is_left_out() -> None:
    assert _kept(PAGE, PAGE.replace("word50", "другое")) == [PAGE]


def test_half_a_page_is_not_the_page() -> None:
    half = " ".join(PAGE.split()[:50])
    assert _kept(PAGE, half) == [PAGE, half]


def test_no_more_are_kept_than_were_asked_for() -> None:
    assert _kept("a b c d e", "f g h i j", "k l m n o", most=2) == ["a b c d e", "f g h i j"]


@given(st.lists(st.text(alphabet="ab ", max_size=30), max_size=12))
def test_what_is_left_out_is_like_something_kept_and_what_is_kept_is_not(texts: list[str]) -> None:
    kept = _kept(*texts, most=len(texts))
    for place, one in enumerate(kept):
        assert all(alike(shingles(one), shingles(other)) < SAME for other in kept[:place])
    for one in texts:
        assert one in kept or any(alike(shingles(one), shingles(other)) >= SAME for other in kept)


@given(st.text(), st.text())
def test_likeness_is_the_same_both_ways_and_whole_with_itself(left: str, right: str) -> None:
    assert alike(shingles(left), shingles(right)) == alike(shingles(right), shingles(left))
    assert alike(shingles(left), shingles(left)) == 1.0
