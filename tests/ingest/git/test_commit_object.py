"""Commit objects of every shape, read from their bytes."""

import time
from datetime import UTC, datetime
from encodings.aliases import aliases

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_ingest.connectors.git import decoding
from ovia_ingest.connectors.git.commit_object import CommitObject, MalformedCommit, parse

TREE = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
ANN = b"Ann Lee <ann@example.org> 1600000000 +0200"
SHA = "a" * 40


def commit(
    author: bytes = ANN, committer: bytes = ANN, message: bytes = b"subject\n", more: bytes = b""
) -> CommitObject:
    return parse(SHA, TREE + b"author " + author + b"\ncommitter " + committer + b"\n" + more + b"\n" + message)


def test_a_plain_commit_is_read_in_full() -> None:
    raw = TREE + b"parent " + b"b" * 40 + b"\nparent " + b"c" * 40 + b"\nauthor " + ANN
    raw += "\ncommitter Остап <o@example.org> 1600000060 -0330\n\nсмысл\n".encode()
    read = parse(SHA, raw)
    assert (read.sha, read.tree) == (SHA, "4b825dc642cb6eb9a060e54bf8d69288fbee4904")
    assert read.parents == ("b" * 40, "c" * 40)
    assert (read.author.name, read.author.email) == ("Ann Lee", "ann@example.org")
    assert read.author.time == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
    assert (read.author.offset_minutes, read.author.raw_time) == (120, "1600000000 +0200")
    assert (read.committer.name, read.committer.offset_minutes) == ("Остап", -210)
    assert (read.message, read.encoding, read.decoding, read.remarks) == ("смысл\n", None, "utf-8", ())


def test_a_commit_before_1970_keeps_its_date() -> None:
    author = commit(b"Ann <a@x> -86400 +0000").author
    assert author.time == datetime(1969, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (b"4102444800 +0000", datetime(2100, 1, 1, tzinfo=UTC)),
        (b"253402300799 +0000", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"253402300800 +0000", None),
        (b"99999999999999999999 +0000", None),
        (b"9" * 5000 + b" +0000", None),
        (b"-99999999999999 +0000", None),
        (b"yesterday +0000", None),
        ("١٢٣ +0000".encode(), None),
        (b"1_000 +0000", None),
        (b"", None),
    ],
)
def test_a_date_no_calendar_holds_is_none_and_its_text_is_kept(stamp: bytes, expected: datetime | None) -> None:
    author = commit(b"Ann <a@x> " + stamp).author
    assert author.time == expected
    assert author.raw_time == stamp.decode()


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [
        (b"+0530", 330),
        (b"-0000", 0),
        (b"-700", -420),
        (b"+051800", None),
        (b"+0260", None),
        (b"+2400", None),
        (b"0200", None),
        (b"CEST", None),
        (b"", None),
    ],
)
def test_a_zone_is_minutes_east_or_nothing(zone: bytes, minutes: int | None) -> None:
    author = commit(b"Ann <a@x> 5 " + zone).author
    assert author.offset_minutes == minutes
    assert author.time == datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "name", "email"),
    [
        (b"<> 5 +0000", "", ""),
        (b" <a@x> 5 +0000", "", "a@x"),
        (b"Ann <> 5 +0000", "Ann", ""),
        (b"A <B> C <a@x> 5 +0000", "A <B> C", "a@x"),
        (b"Ann <<a@x>> 5 +0000", "Ann", "a@x"),
        (b"Ann a@x> 5 +0000", "Ann a@x", ""),
        (b"Ann 5 +0000", "Ann", ""),
        (b"Ann", "Ann", ""),
        (b"", "", ""),
    ],
)
def test_names_and_addresses_of_any_shape_are_kept(line: bytes, name: str, email: str) -> None:
    author = commit(line).author
    assert (author.name, author.email) == (name, email)


def test_a_date_without_an_address_is_still_a_date() -> None:
    assert commit(b"Ann 5 +0100").author.time == datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)


def test_the_declared_encoding_is_used() -> None:
    read = commit("Лев <l@x> 5 +0300".encode("cp1251"), message="привет".encode("cp1251"), more=b"encoding CP1251\n")
    assert (read.author.name, read.message) == ("Лев", "привет")
    assert (read.encoding, read.decoding) == ("CP1251", "cp1251")


def test_bytes_in_no_known_encoding_are_read_as_latin_1_and_say_so() -> None:
    read = commit(b"Jos\xe9 <j@x> 5 +0000", more=b"encoding martian\n")
    assert read.author.name == "José"
    assert read.decoding == "latin-1 (fallback)"
    assert read.remarks == ("encoding 'martian' is unknown",)


def test_a_message_in_an_old_encoding_does_not_spoil_a_name() -> None:
    read = commit("Лев <l@x> 5 +0300".encode(), message=b"caf\xe9")
    assert (read.author.name, read.message, read.decoding) == ("Лев", "café", "latin-1 (fallback)")


@pytest.mark.parametrize(
    "name", ["hex", "zip", "rot13", "utf-16", "utf-7", "idna", "unicode_escape", "a\0b", "x" * 9999]
)
def test_codecs_that_cannot_be_a_commits_are_not_used(name: str) -> None:
    assert decoding.codec(name) is None


@pytest.mark.parametrize("name", sorted(set(aliases)))
def test_no_codec_of_python_makes_reading_fail(name: str) -> None:
    commit(bytes(range(1, 10)) + bytes(range(11, 256)), message=bytes(range(256)), more=f"encoding {name}\n".encode())


def test_nul_and_surrogates_are_replaced_by_what_a_database_can_hold() -> None:
    read = commit(b"A\0nn <a@x> 5 +0000", message=b"one\0two \xed\xa0\x80")
    assert read.author.name == "A\ufffdnn"
    assert "\0" not in read.message
    read.message.encode()
    assert "NUL characters were replaced" in read.remarks


def test_signatures_and_merge_tags_are_passed_over() -> None:
    more = b"gpgsig -----BEGIN-----\n \n author Eve <e@x> 1 +0000\n tree ff\n -----END-----\n"
    more += b"mergetag object " + b"d" * 40 + b"\n type commit\n tagger Eve <e@x> 1 +0000\n"
    read = commit(more=more)
    assert (read.author.name, read.message, read.remarks) == ("Ann Lee", "subject\n", ())


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_commit_may_have_no_message(end: bytes) -> None:
    assert parse(SHA, TREE + b"author " + ANN + b"\ncommitter " + ANN + end).message == ""


def test_one_of_author_and_committer_may_be_missing() -> None:
    read = parse(SHA, TREE + b"committer " + ANN + b"\n\nx")
    assert (read.author.name, read.committer.name, read.remarks) == ("", "Ann Lee", ("no author line",))
    read = parse(SHA, TREE + b"author " + ANN + b"\n\nx")
    assert (read.author.name, read.committer.name, read.remarks) == ("Ann Lee", "", ("no committer line",))


def test_the_first_of_two_authors_counts() -> None:
    read = commit(more=b"author Eve <e@x> 1 +0000\n")
    assert (read.author.name, read.remarks) == ("Ann Lee", ("more than one author line; the first counts",))


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"author " + ANN + b"\n\nx", TREE + b"\nx", b"\xff\xfe\0"])
def test_what_is_no_commit_is_refused_with_its_reason(raw: bytes) -> None:
    with pytest.raises(MalformedCommit, match=r"no tree|neither author nor committer"):
        parse(SHA, raw)


def test_a_name_and_a_message_of_a_mebibyte_are_kept_whole_and_quickly() -> None:
    started = time.perf_counter()
    read = commit(b"n" * 2**20 + b" <a@x> 5 +0000", message=b"s\n\n" + b"Co-authored-by: x\n " * 2**16)
    assert len(read.author.name) == 2**20
    assert time.perf_counter() - started < 5


@given(st.binary())
def test_bytes_of_any_kind_are_a_commit_or_malformed(raw: bytes) -> None:
    for attempt in (raw, TREE + b"author " + raw, TREE + b"author " + ANN + b"\nencoding " + raw + b"\n\n" + raw):
        try:
            read = parse(SHA, attempt)
        except MalformedCommit:
            continue
        for text in (read.author.name, read.author.email, read.author.raw_time, read.message, *read.remarks):
            assert "\0" not in text
            text.encode()


PLAIN = st.text(st.characters(exclude_characters="<>\n\0", exclude_categories=["Cs"])).map(str.strip)


@given(name=PLAIN, email=PLAIN, moment=st.integers(-62_135_596_800, 253_402_300_799), minutes=st.integers(-839, 839))
def test_name_address_date_and_zone_come_back_as_they_were_written(
    name: str, email: str, moment: int, minutes: int
) -> None:
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    author = commit(f"{name} <{email}> {moment} {zone}".encode()).author
    assert (author.name, author.email, author.offset_minutes) == (name, email, minutes)
    assert author.time is not None
    assert author.time.timestamp() == moment
