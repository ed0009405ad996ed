import base64
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_shared.errors import MalformedInput
from ovia_shared.models.mapping import MappingFilter, MappingPosition, MappingStatus
from ovia_shared.models.orphan import OrphanPosition
from ovia_shared.models.person import PersonFilter, PersonPosition
from ovia_shared.models.sync_status import SyncPosition
from ovia_shared.web.paging import LONGEST_CURSOR, Paging

people: Paging[PersonPosition, PersonPosition] = Paging("people", PersonPosition, lambda row: row)
mappings: Paging[MappingPosition, MappingPosition] = Paging("mappings", MappingPosition, lambda row: row)
ALL: list[Paging[Any, Any]] = [
    people,
    mappings,
    Paging("orphans", OrphanPosition, lambda row: row),
    Paging("sync", SyncPosition, lambda row: row),
]

YEAR_3000 = int(datetime(3000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(value)).decode().rstrip("=")


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=1000),
    st.integers(0, 2**53),
)
def test_a_cursor_leads_back_to_where_it_was_made(name: str, total: int) -> None:
    wanted = PersonFilter(words=("ann",))
    rows = [PersonPosition(name, uuid4()), PersonPosition("z", uuid4())]
    page = people.page(rows, 1, total, wanted)
    assert page.next is not None
    assert len(page.next) <= LONGEST_CURSOR
    begun = people.read(page.next, wanted)
    assert begun is not None
    assert (begun.after, begun.total) == (rows[0], total)


@given(st.floats(0, 1), st.integers(0, YEAR_3000 - 1))
def test_a_place_among_mappings_survives_exactly(confidence: float, created_at: int) -> None:
    row = MappingPosition(confidence, created_at, uuid4())
    page = mappings.page([row, row], 1, 2)
    begun = mappings.read(page.next)
    assert begun is not None
    assert begun.after == row


def test_the_last_page_leads_nowhere() -> None:
    page = people.page([PersonPosition("a", uuid4())], 1, 1)
    assert (page.next, page.total, len(page.data)) == (None, 1, 1)


def test_a_cursor_of_other_filters_or_of_another_list_is_refused() -> None:
    row = MappingPosition(0.5, 1, uuid4())
    text = mappings.page([row, row], 1, 2, MappingFilter(status=MappingStatus.AUTO)).next
    with pytest.raises(MalformedInput):
        mappings.read(text, MappingFilter(status=MappingStatus.CONFLICT))
    with pytest.raises(MalformedInput):
        mappings.read(text)
    with pytest.raises(MalformedInput):
        people.read(text)


@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="))))
def test_a_text_that_is_no_cursor_is_refused(text: str) -> None:
    for paging in ALL:
        with pytest.raises(MalformedInput):
            paging.read(text)


@pytest.mark.parametrize(
    "position",
    [
        [float("nan"), 1, str(uuid4())],
        [float("inf"), 1, str(uuid4())],
        [-0.1, 1, str(uuid4())],
        [0.5, -1, str(uuid4())],
        [0.5, 2**63, str(uuid4())],
        [0.5, YEAR_3000 * 10, str(uuid4())],
        [0.5, 1, "not-an-id"],
        [0.5, 1],
        {"confidence": 0.5},
        None,
    ],
)
def test_a_forged_place_that_cannot_be_is_refused(position: object) -> None:
    with pytest.raises(MalformedInput):
        mappings.read(encoded([mappings._digest(None), 1, position]))


@pytest.mark.parametrize("name", ["\0", "a\0b", "\n\0", "a\n\0"])
def test_a_forged_name_that_no_database_can_hold_is_refused(name: str) -> None:
    with pytest.raises(MalformedInput):
        people.read(encoded([people._digest(None), 1, [name, str(uuid4())]]))


@pytest.mark.parametrize("total", [-1, 1.5, "9", None])
def test_a_forged_total_that_is_no_count_is_refused(total: object) -> None:
    with pytest.raises(MalformedInput):
        people.read(encoded([people._digest(None), total, ["a", str(uuid4())]]))
