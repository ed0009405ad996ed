"""From bytes to payload to rows: nothing lost on the way in, everything storable on the way out."""

import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_ingest.connectors.git.commit_object import MalformedCommit
from ovia_ingest.connectors.git.normalise import CommitRows, normalise, payload, unpack

SHA = "a" * 40
TREE = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
ANN = b"Ann Lee <ann@example.org> 1600000000 +0200"


def rows(author: bytes = ANN, committer: bytes = ANN, message: bytes = b"subject\n\nbody\n") -> CommitRows:
    return normalise(payload(SHA, TREE + b"author " + author + b"\ncommitter " + committer + b"\n\n" + message))


def test_a_plain_commit_gives_a_row_and_two_identities() -> None:
    read = rows(message=b"subject\n\nCo-authored-by: Bo <bo@x>\n")
    moment = datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
    assert (read.commit.sha, read.commit.parent_count, read.commit.summary) == (SHA, 0, "subject")
    assert (read.commit.authored_at, read.commit.authored_offset_minutes) == (moment, 120)
    assert (read.commit.committed_at, read.commit.committed_offset_minutes) == (moment, 120)
    assert read.commit.notes == ()
    assert [(who.role, who.source, who.display_name, who.email) for who in read.identities] == [
        ("author", "git_commit_author", "Ann Lee", "ann@example.org"),
        ("committer", "git_commit_committer", "Ann Lee", "ann@example.org"),
        ("co_author", "git_commit_author", "Bo", "bo@x"),
    ]
    assert read.identities[0].external_id == hashlib.sha256(b"Ann Lee\0ann@example.org").hexdigest()


def test_an_author_who_is_nobody_is_still_an_identity() -> None:
    nobody = rows(b"<> 5 +0000").identities[0]
    assert (nobody.display_name, nobody.email) == (None, None)
    assert nobody.external_id == hashlib.sha256(b"\0").hexdigest()


def test_a_huge_name_is_cut_and_still_told_apart() -> None:
    one, other = (rows(b"n" * 2**20 + tail + b" <a@x> 5 +0000") for tail in (b"1", b"2"))
    assert one.identities[0].display_name == "n" * 1000
    assert one.identities[0].external_id != other.identities[0].external_id
    assert one.identities[0].notes == ("name cut from 1048577 to 1000 characters",)
    assert one.commit.notes == ("author name cut from 1048577 to 1000 characters",)


def test_a_huge_address_is_left_out_with_a_note() -> None:
    read = rows(b"Ann <" + b"e" * 321 + b"> 5 +0000")
    assert read.identities[0].email is None
    assert read.commit.notes == ("author e-mail of 321 characters left out",)


@pytest.mark.parametrize(
    ("when", "note"),
    [
        (b"99999999999999999999 +0000", "author date '99999999999999999999 +0000' is beyond the year 9999"),
        (b"-99999999999999 +0000", "author date '-99999999999999 +0000' is before the year 1"),
        (b"noon +0000", "author date 'noon +0000' is not a date"),
        (b"5 +051800", "author time zone '+051800' is not an offset"),
        (b"", "author date is missing"),
    ],
)
def test_what_had_to_be_bent_is_noted(when: bytes, note: str) -> None:
    assert rows(b"Ann <a@x> " + when).commit.notes == (note,)


@pytest.mark.parametrize(
    ("message", "summary"),
    [
        (b"", ""),
        (b"\n\n  first\nsecond\n\nthird", "first second"),
        (b"first\r\n\r\nsecond", "first"),
        (b" " * 9000 + b"late", "late"),
    ],
)
def test_the_summary_is_the_first_paragraph_on_one_line(message: bytes, summary: str) -> None:
    assert rows(message=message).commit.summary == summary


def test_a_long_summary_is_cut_with_a_note() -> None:
    commit = rows(message=b"s" * 5000).commit
    assert (len(commit.summary), commit.notes) == (500, ("summary cut to 500 characters",))


def test_text_is_kept_as_text_and_the_rest_as_base64() -> None:
    assert json.loads(payload(SHA, "ж\n".encode())) == {"sha": SHA, "object": "ж\n"}
    assert json.loads(payload(SHA, b"\xff")) == {"sha": SHA, "object_base64": "/w=="}
    assert json.loads(payload(SHA, b"a\0b")) == {"sha": SHA, "object_base64": "YQBi"}


@pytest.mark.parametrize("stored", [b"", b"\xff", b"[]", b"{}", b'{"sha": "a"}', b'{"sha": "a", "object_base64": "?"}'])
def test_a_payload_of_another_kind_is_malformed(stored: bytes) -> None:
    with pytest.raises(MalformedCommit):
        normalise(stored)


@given(st.binary())
def test_a_payload_gives_its_object_back_to_the_byte(raw: bytes) -> None:
    stored = payload(SHA, raw)
    assert unpack(stored) == (SHA, raw)
    assert b"\\u0000" not in stored
    json.loads(stored)


@given(st.binary(), st.binary(), st.binary())
def test_every_row_fits_its_column(author: bytes, committer: bytes, message: bytes) -> None:
    try:
        read = rows(author, committer, message)
    except MalformedCommit:
        return
    assert len(read.commit.summary) <= 500
    assert [who.role for who in read.identities[:2]] == ["author", "committer"]
    texts = [read.commit.summary, *read.commit.notes]
    for who in read.identities:
        assert len(who.external_id) == 64
        assert who.email is None or 0 < len(who.email) <= 320
        assert who.display_name is None or 0 < len(who.display_name) <= 1000
        texts += [who.email or "", who.display_name or "", *who.notes]
    for text in texts:
        assert "\0" not in text
        text.encode()
