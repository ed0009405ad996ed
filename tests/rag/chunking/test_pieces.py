"""Texts are cut along their structure, and nothing is lost, whatever they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_rag.chunking.pieces import LONGEST_WHOLE, TARGET, Piece, pieces

WORDS = st.sampled_from(
    ["wing", "крыло", "a", "##", "# Heading", "h2. Wiki", "```", "~~~~", "{code:java}", "{code}", "| cell |", "||",
     "- item", "    indented", "\t", "\r", "\n", "\r\n", "\n\n", " ", "\u2028", "\x0b", "\x0c", "e\u0301", "👩\u200d🚀",
     ".", "!", "。", "1. one", "x" * 700, "слово " * 200, "> " * 50, "\u202e", "\ufeff", "===", "---"]
)  # fmt: skip
HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3000),
    st.lists(WORDS, max_size=60).map("".join),
    st.lists(WORDS, max_size=60).map("\n".join),
)


def cut(text: str) -> list[str]:
    return [text[one.start : one.end] for one in pieces(text)]


@given(HOSTILE)
def test_the_pieces_hold_every_character_once_and_in_order(text: str) -> None:
    found = list(pieces(text))
    assert "".join("".join(text[one.start : one.end].split()) for one in found) == "".join(text.split())
    places = [place for one in found for place in (one.start, one.end)]
    assert places == sorted(places)


@given(HOSTILE)
def test_no_piece_is_empty_or_begins_or_ends_with_blanks_or_is_too_long(text: str) -> None:
    for one in cut(text):
        assert one == one.strip() != ""
        assert len(one) <= LONGEST_WHOLE + TARGET


@given(HOSTILE)
def test_the_same_text_is_cut_the_same_way(text: str) -> None:
    assert list(pieces(text)) == list(pieces(text))


def test_a_piece_stands_under_its_headings() -> None:
    text = "Before\n# Wings\nWaxed.\n## Left\nLonger.\n## Right\nShorter.\n# Tail\nPainted.\n"
    assert [(text[one.start : one.end], one.headings) for one in pieces(text)] == [
        ("Before", ()),
        ("# Wings\nWaxed.", ("Wings",)),
        ("## Left\nLonger.", ("Wings", "Left")),
        ("## Right\nShorter.", ("Wings", "Right")),
        ("# Tail\nPainted.", ("Tail",)),
    ]


def test_headings_without_text_between_them_lead_one_piece() -> None:
    text = "# Wings\n## Left\nLonger."
    assert list(pieces(text)) == [Piece(0, len(text), ("Wings", "Left"))]


def test_headings_of_wiki_texts_are_headings() -> None:
    assert [one.headings for one in pieces("h1. Wings\r\nWaxed.\r\nh3. Left\r\nLonger.")] == [
        ("Wings",),
        ("Wings", "Left"),
    ]


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("```python", "```"), ("~~~~", "~~~~~"), ("{code:java}", "{code}"), ("{noformat}", "{noformat}")],
)
def test_code_is_kept_whole_and_no_heading_is_seen_in_it(opening: str, closing: str) -> None:
    code = "\n".join([opening, *(f"# step {number}\n\nrun --number {number}" for number in range(100)), closing])
    assert TARGET < len(code) < LONGEST_WHOLE
    text = f"Do this:\n{code}\nThen rest."
    assert cut(text) == [f"Do this:\n{code}", "Then rest."]


def test_indented_code_is_kept_whole() -> None:
    code = "\n".join(f"    # step {number}\n    run --number {number}" for number in range(60))
    assert cut(f"{'Long before. ' * 60}\n{code}\n# After\nRest.")[1:] == [code.strip(), "# After\nRest."]


def test_a_table_is_kept_whole() -> None:
    table = "\n".join(
        ["| Part | Weight |", "|---|---|", *(f"| part {number} | {number} kg |" for number in range(150))]
    )
    assert TARGET < len(table) < LONGEST_WHOLE
    assert cut(f"Weights:\n\n{table}\n\n{'After. ' * 100}")[0] == f"Weights:\n\n{table}"


def test_code_without_an_end_is_cut_between_its_lines() -> None:
    text = "```\n" + "\n".join(f"line {number} of the log" for number in range(2000))
    found = cut(text)
    assert all(len(one) <= LONGEST_WHOLE for one in found)
    assert "\n".join(found) == text


def test_a_long_line_is_cut_after_sentences_then_between_words_then_anywhere() -> None:
    sentences = "The wings of a glider are waxed before each flight. " * 100
    assert all(one.endswith(".") for one in cut(sentences))
    words = "glider " * 1000
    assert {word for one in cut(words) for word in one.split()} == {"glider"}
    assert [len(one) for one in cut("x" * 2500)] == [TARGET, TARGET, 500]


def test_a_character_of_several_signs_is_not_cut() -> None:
    astronaut = "👩\u200d🚀"
    for shift in range(4):
        text = "x" * shift + astronaut * 1500
        assert all(one.strip("x").replace(astronaut, "") == "" for one in cut(text))
    accented = "e\u0301" * 1500
    assert all(not one.startswith("\u0301") for one in cut("x" + accented))


def test_lines_of_a_broken_paragraph_stay_together() -> None:
    paragraph = "\n".join(["The wings", *["of a glider are waxed before each flight and after each"] * 12, "landing."])
    before = "Mind the wind. " * 30
    assert cut(f"{before}\n{paragraph}") == [before.strip(), paragraph]


@pytest.mark.parametrize(
    "text",
    ["", " \n\t\r\n ", "\u2028"],
)
def test_blanks_have_no_pieces(text: str) -> None:
    assert cut(text) == []


@pytest.mark.parametrize(
    "unit", ["#", "# ", "> ", "`", "```\n", "|", "| |\n", "{code}", "{code", "- ", "\n", "\r", "((((", "    a\n", "a\n"]
)
def test_a_long_text_of_one_sign_is_cut(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    assert "".join("".join(one.split()) for one in cut(text)) == "".join(text.split())
