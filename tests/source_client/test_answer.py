"""Reading an answer: its JSON, its date and its links."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from ovia_shared.errors import SourceError, SourceFault
from ovia_shared.source_client.answer import Answer

NOW = datetime(2026, 3, 2, 10, 0, 0, tzinfo=UTC)


def answer(body: bytes = b"{}", headers: list[tuple[str, str]] | None = None, url: str | None = None) -> Answer:
    return Answer(
        200,
        CIMultiDictProxy(CIMultiDict(headers or [])),
        body,
        url or "https://tracker.example/api/items?page=1",
        NOW,
    )


def links(*values: str) -> dict[str, str]:
    return answer(headers=[("link", value) for value in values]).links()


class Item(msgspec.Struct):
    id: int
    name: str = ""


def test_a_body_becomes_what_was_asked_for() -> None:
    assert answer(b'[{"id": 1}, {"id": 2, "more": true}]').decode(list[Item]) == [Item(1), Item(2)]


def test_records_can_be_kept_as_they_were_sent() -> None:
    assert [bytes(raw) for raw in answer(b'[{"id":  1}, 2]').decode(list[msgspec.Raw])] == [b'{"id":  1}', b"2"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"id": "x"}', "Expected `int`, got `str` - at `$.id`"),
        (b"[1", "Expected `object`, got `array`"),
        (b'{"id": 1', "truncated"),
        (b'{"id": 1, "name": "\xff"}', "not UTF-8"),
        (b"<html>", "malformed"),
    ],
)
def test_a_body_of_another_shape_names_the_path_and_what_was_wrong(body: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        answer(body).decode(Item)
    assert caught.value.fault is SourceFault.RETRIABLE
    assert caught.value.message.startswith("/api/items answered something unexpected: ")
    assert reason in caught.value.message


def test_the_body_is_not_quoted_in_full() -> None:
    class Kind(msgspec.Struct, tag="known"):
        pass

    with pytest.raises(SourceError) as caught:
        answer(b'{"type": "%s"}' % (b"x" * 5000)).decode(Kind)
    assert len(caught.value.message) < 300


def test_the_date_is_the_sources_own() -> None:
    told = NOW - timedelta(minutes=90)
    assert answer(headers=[("date", format_datetime(told, usegmt=True))]).date == told


def test_a_date_in_another_zone_is_the_same_moment() -> None:
    assert answer(headers=[("Date", "Mon, 02 Mar 2026 11:00:00 +0200")]).date == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    "told",
    [
        None,
        "",
        "soon",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Mon, 02 Mar 2099 10:00:00 GMT",
        "Wed, 04 Mar 2026 10:00:00 GMT",
    ],
)
def test_without_a_date_to_rely_on_our_own_clock_counts(told: str | None) -> None:
    assert answer(headers=[] if told is None else [("Date", told)]).date == NOW


def test_a_header_is_found_whatever_its_case() -> None:
    found = answer(headers=[("X-Total", "3")])
    assert (found.header("x-total"), found.headers["X-TOTAL"], found.header("x-other")) == ("3", "3", None)


def test_links_are_found_by_relation_and_made_absolute() -> None:
    assert links('</api/items?page=2>; rel="next", <?page=9>; rel=last') == {
        "next": "https://tracker.example/api/items?page=2",
        "last": "https://tracker.example/api/items?page=9",
    }


def test_several_headers_and_several_parameters_are_read() -> None:
    found = links(
        '<https://docs.example/gone>; rel="deprecation"; type="text/html"; title="old, and; gone"',
        '<https://tracker.example/api/items?cursor=a,b;c>; title="the \\"next\\" page"; REL="next"',
    )
    assert found == {
        "deprecation": "https://docs.example/gone",
        "next": "https://tracker.example/api/items?cursor=a,b;c",
    }


def test_the_first_link_of_a_relation_counts() -> None:
    found = links('<https://tracker.example/1>; rel="next prev"; rel="other", <https://tracker.example/2>; rel=Next')
    assert found == {"next": "https://tracker.example/1", "prev": "https://tracker.example/1"}


def test_a_cursor_in_a_link_stays_as_it_was_escaped() -> None:
    assert links("</api?cursor=eyJ%3D%2B+a%2fb%41>; rel=next")["next"] == (
        "https://tracker.example/api?cursor=eyJ%3D%2B+a%2fb%41"
    )


@pytest.mark.parametrize(
    "value", ["", "garbage", "<unclosed; rel=next", "<https://x.example>", '<a>; rel=""', "; rel=n"]
)
def test_what_is_no_link_is_left_out(value: str) -> None:
    assert links(value) == {}


def test_a_long_hostile_link_header_is_read_quickly() -> None:
    assert links("<" * 30_000 + '; a="' * 5_000) == {}
    assert links("<x>" + " ;a" * 20_000 + '="') == {}
