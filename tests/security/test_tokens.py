"""Tokens: one spelling each, nothing else parses, and only the right secret matches."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ovia_shared.security import tokens

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"

ids = st.uuids()


@given(org_id=ids, token_id=ids)
def test_a_token_comes_apart_as_it_was_made(org_id: UUID, token_id: UUID) -> None:
    text, stored = tokens.make(org_id, token_id)
    parts = tokens.parse(text)
    assert parts is not None
    assert (parts.org_id, parts.token_id) == (org_id, token_id)
    assert tokens.matches(parts.secret, stored)


@given(org_id=ids, token_id=ids)
def test_no_two_tokens_share_a_secret(org_id: UUID, token_id: UUID) -> None:
    first, stored = tokens.make(org_id, token_id)
    second, _ = tokens.make(org_id, token_id)
    other = tokens.parse(second)
    assert first != second
    assert other is not None
    assert not tokens.matches(other.secret, stored)


def test_the_stored_hash_does_not_hold_the_secret() -> None:
    text, stored = tokens.make(UUID(int=1), UUID(int=2))
    parts = tokens.parse(text)
    assert parts is not None
    assert len(stored) == 32
    assert parts.secret not in stored


@given(st.text())
def test_garbage_is_no_token(text: str) -> None:
    assert tokens.parse(text) is None


@given(
    prefix=st.sampled_from(["ovia", "OVIA", "", "ovia ", "glpat"]),
    first=st.text(ALPHABET, min_size=50, max_size=54),
    second=st.text(ALPHABET, min_size=50, max_size=54),
)
def test_what_parses_has_exactly_one_spelling(prefix: str, first: str, second: str) -> None:
    text = f"{prefix}_{first}_{second}"
    parts = tokens.parse(text)
    if parts is not None:
        identifier = tokens._encode(parts.org_id.bytes + parts.token_id.bytes)
        assert text == f"ovia_{identifier}_{tokens._encode(parts.secret)}"


@given(org_id=ids, token_id=ids, place=st.integers(0, 109), letter=st.sampled_from(ALPHABET))
def test_another_letter_makes_another_token_or_none(org_id: UUID, token_id: UUID, place: int, letter: str) -> None:
    text, _ = tokens.make(org_id, token_id)
    other = text[:place] + letter + text[place + 1 :]
    if other != text:
        assert tokens.parse(other) != tokens.parse(text)


@given(org_id=ids, token_id=ids, edge=st.sampled_from([" {}", "{} ", "{}\n", "{}_", "_{}", "{}=", "\ufeff{}"]))
def test_nothing_may_stand_beside_a_token(org_id: UUID, token_id: UUID, edge: str) -> None:
    assert tokens.parse(edge.format(tokens.make(org_id, token_id)[0])) is None


def test_upper_case_is_no_token() -> None:
    assert tokens.parse(tokens.make(UUID(int=1), UUID(int=2))[0].upper()) is None
