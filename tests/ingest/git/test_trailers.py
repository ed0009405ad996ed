"""Who is a co-author, and where in a message it may be said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_ingest.connectors.git.signature import Signature
from ovia_ingest.connectors.git.trailers import MAX_CO_AUTHORS, co_authors

ANN = Signature("Ann Lee", "ann@example.org")


def named(message: str) -> list[tuple[str, str]]:
    return [(person.name, person.email) for person in co_authors(message, ANN)[0]]


@pytest.mark.parametrize(
    "message",
    [
        "s\n\nCo-authored-by: Bo <bo@x>\n",
        "s\n\nbody\n\nco-AUTHORED-by : Bo <bo@x>  \n\n\n",
        "s\r\n\r\nCo-authored-by: Bo <bo@x>\r\n",
        "s\n\n* one\n* two\nCo-authored-by: Bo <bo@x>\nSigned-off-by: Ann <a@x>",
        "s\n\nCo-authored-by: Bo <bo@x>\n\nSigned-off-by: Ann <a@x>\n",
        "s\n\nCo-authored-by: Bo\n <bo@x>\n",
        "s\n\n  Co-authored-by: Bo <bo@x>",
    ],
)
def test_a_trailer_at_the_end_names_a_co_author(message: str) -> None:
    assert named(message) == [("Bo", "bo@x")]


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Co-authored-by: Bo <bo@x>",
        "s\n\nlike this:\nCo-authored-by: Bo <bo@x>\n\nand then some prose",
        "s\n\nsays Co-authored-by: Bo <bo@x>",
        "s\n\nCo-authored-by-nobody: Bo <bo@x>",
    ],
)
def test_anywhere_else_it_is_only_text(message: str) -> None:
    assert named(message) == []


def test_the_author_and_repeated_mailboxes_are_left_out() -> None:
    lines = ["Ann <ANN@example.org>", "Bo <bo@x>", "Bo B. <BO@x>", "Cy <>", "cy <>"]
    message = "s\n\n" + "".join(f"Co-authored-by: {line}\n" for line in lines)
    assert named(message) == [("Bo", "bo@x"), ("Cy", "")]


def test_a_line_without_an_address_is_remarked() -> None:
    people, remarks = co_authors("s\n\nCo-authored-by: @bo\n", ANN)
    assert people == ()
    assert remarks == ("co-author without an e-mail address in angle brackets: '@bo'",)


def test_a_crowd_is_cut_and_says_so() -> None:
    people, remarks = co_authors("s\n\n" + "".join(f"Co-authored-by: P <p{n}@x>\n" for n in range(500)), ANN)
    assert len(people) == MAX_CO_AUTHORS
    assert remarks == ("500 co-authors; the first 200 are kept",)


def test_many_bad_lines_give_a_few_remarks() -> None:
    assert len(co_authors("s\n\n" + "Co-authored-by: nobody\n" * 500, ANN)[1]) == 10


@given(st.lists(st.sampled_from(["", " ", "\r", "s", "Co-authored-by: B <b@x>", "co-authored-by:", " <b@x>", "A: b"])))
def test_no_message_is_too_odd(lines: list[str]) -> None:
    people, _ = co_authors("\n".join(lines), ANN)
    assert len(people) <= 2
