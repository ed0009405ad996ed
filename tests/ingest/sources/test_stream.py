"""The stream of any source: what is edited, moved or deleted while it is read ends as the source has it."""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from ovia_ingest.sources import accounts
from ovia_ingest.sources.reading import Batch, Normalised, Shape, Window
from ovia_ingest.sources.stream import Census, SourceStream
from ovia_ingest.sync.runner import Runner, Stopped
from ovia_shared.database import connections, partitions
from ovia_shared.database.pool import Database
from ovia_shared.database.raw_records import RawRecord
from ovia_shared.models.canonical.work_items import Comment, WorkItem
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.ingest.test_killed import Rows


class Item(msgspec.Struct):
    """An item of the source outside."""

    id: str
    title: str
    comments: list[str]
    created: datetime
    updated: datetime


class Board:
    """A source outside: items with a clock, listed in the order of creation, changed by others at any time."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self.items: dict[str, Item] = {}
        self.asked: list[Window] = []
        self._chance = random.Random(5)

    def tick(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def add(self, item_id: str) -> None:
        now = self.tick()
        self.items[item_id] = Item(item_id, "new", [], now, now)

    def edit(self, item_id: str, title: str, comments: Sequence[str] = ()) -> None:
        item = self.items[item_id]
        item.title, item.comments, item.updated = title, list(comments), self.tick()

    def disturb(self) -> None:
        """Somebody edits, adds or deletes something."""
        ids = list(self.items)
        match self._chance.randrange(4):
            case 0 if ids:
                self.edit(self._chance.choice(ids), f"edited {self._chance.random()}", ["a", "b"][: len(ids) % 3])
            case 1:
                self.add(f"n{self._chance.random()}")
            case 2 if ids:
                del self.items[self._chance.choice(ids)]


class BoardReading:
    """Reads the board by offset: a deletion before the offset hides an item, which only a census can find."""

    whole = False

    def __init__(self, board: Board, *, between: Any = None) -> None:
        self._board = board
        self._between = between

    async def now(self) -> datetime:
        return self._board.time

    async def batches(self, window: Window) -> AsyncGenerator[Batch]:
        self._board.asked.append(window)
        offset = window.position or 0
        while True:
            found = [
                item
                for item in sorted(self._board.items.values(), key=lambda item: (item.created, item.id))
                if window.since is None or item.updated >= window.since
            ]
            page = found[offset : offset + 5]
            if not page:
                return
            offset += len(page)
            yield Batch([_record(item) for item in page], offset, len(found))
            if self._between is not None:
                self._between()

    async def present(self) -> list[str]:
        return sorted(self._board.items)

    async def named(self, external_ids: Sequence[str]) -> list[RawRecord]:
        return [_record(self._board.items[one]) for one in external_ids if one in self._board.items]


def _record(item: Item) -> RawRecord:
    return RawRecord(item.id, msgspec.json.encode(item))


def _normalise(payload: bytes) -> Normalised:
    item = msgspec.json.decode(payload, type=Item)
    author = accounts.account("jira", "ann", display_name="Ann Example")
    row = WorkItem(
        external_id=item.id, project_external_id="p", key=item.id, title=item.title, reporter_account="ann",
        updated_at=item.updated,
    )  # fmt: skip
    written = [
        Comment(subject_kind="work_item", subject_external_id=item.id, external_id=one, body=one, author_account="ann")
        for one in item.comments
    ]
    return Normalised((row, *written), (author,))


SHAPE = Shape("items", 1, _normalise, "jira", WorkItem, ((Comment, "work_item"),))


class Sync:
    """Reads the board as the ingest would, as often as a test likes."""

    def __init__(self, database: Database, org_id: UUID, partition_id: UUID) -> None:
        self._database = database
        self._org_id = org_id
        self._partition_id = partition_id
        self.stop = asyncio.Event()

    async def read(self, reading: BoardReading, census: Census = Census.WHEN_DUE) -> int:
        runner = Runner(self._database, self._org_id, lease_seconds=5, stop=self.stop)
        async with self._database.transaction(self._org_id) as conn:
            await conn.execute("update sync_partitions set next_due_at = now()")
        partition = await runner.claim([self._partition_id])
        assert partition is not None
        stream = SourceStream(SHAPE, reading, project="p", census=census)
        return (await runner.read(partition, stream, lambda _done, _total: None)).read


@pytest.fixture
async def sync(open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation]) -> Sync:
    database, org_id = await open_database("ovia_ingest"), organisations[0].id
    async with database.transaction(org_id) as conn:
        connection_id = await connections.ensure(conn, org_id, "jira", "Board", "https://board.example")
        partition_id = await partitions.ensure(conn, org_id, connection_id, "items", "p")
    return Sync(database, org_id, partition_id)


async def _stored(rows: Rows) -> tuple[dict[str, str], dict[str, list[str]]]:
    items = await rows("select external_id, title from work_items where removed_at is null")
    written: list[asyncpg.Record] = await rows(
        "select subject_external_id, external_id from comments where removed_at is null order by external_id"
    )
    comments: dict[str, list[str]] = {row["external_id"]: [] for row in items}
    for row in written:
        comments.setdefault(row["subject_external_id"], []).append(row["external_id"])
    return {row["external_id"]: row["title"] for row in items}, comments


def _held(board: Board) -> tuple[dict[str, str], dict[str, list[str]]]:
    titles = {item.id: item.title for item in board.items.values()}
    return titles, {item.id: sorted(item.comments) for item in board.items.values()}


async def test_a_crawl_under_edits_and_one_more_read_hold_what_the_source_holds(sync: Sync, rows: Rows) -> None:
    board = Board()
    for number in range(60):
        board.add(f"i{number}")
    await sync.read(BoardReading(board, between=board.disturb))
    board.time += timedelta(days=1, minutes=1)
    await sync.read(BoardReading(board))
    titles, comments = await _stored(rows)
    held_titles, held_comments = _held(board)
    assert titles == held_titles
    assert {one: comments[one] for one in titles} == held_comments


async def test_a_later_read_asks_from_the_start_of_the_one_before_and_a_little_earlier(sync: Sync, rows: Rows) -> None:
    board = Board()
    board.add("one")
    began = board.time
    await sync.read(BoardReading(board, between=board.tick))
    board.time += timedelta(hours=1)
    await sync.read(BoardReading(board))
    assert [window.since for window in board.asked] == [None, began - timedelta(minutes=10)]


async def test_a_part_that_is_gone_is_marked_and_comes_back(sync: Sync, rows: Rows) -> None:
    board = Board()
    board.add("one")
    for comments in (["a", "b"], ["b"], ["a", "b"]):
        board.edit("one", "title", comments)
        await sync.read(BoardReading(board))
        assert (await _stored(rows))[1] == {"one": comments}


async def test_a_record_that_comes_back_as_it_was_is_that_again(sync: Sync, rows: Rows) -> None:
    board = Board()
    board.add("one")
    item = board.items["one"]
    for title in ("first", "second", "first"):
        item.title = title
        await sync.read(BoardReading(board))
        assert (await _stored(rows))[0] == {"one": title}
    newest = await rows("select payload::jsonb ->> 'title' as title from raw_records order by fetched_at desc")
    assert [row["title"] for row in newest] == ["first", "second"]


async def test_nothing_moves_when_nothing_changed(sync: Sync, rows: Rows) -> None:
    board = Board()
    board.add("one")
    await sync.read(BoardReading(board))
    before = await rows("select *, xmin from work_items")
    assert await sync.read(BoardReading(board)) == 1
    assert await rows("select *, xmin from work_items") == before


async def test_a_census_alone_reads_nothing_but_ids(sync: Sync, rows: Rows) -> None:
    board = Board()
    board.add("one")
    board.add("two")
    await sync.read(BoardReading(board))
    del board.items["one"]
    assert await sync.read(BoardReading(board), Census.ONLY) == 0
    assert set((await _stored(rows))[0]) == {"two"}


async def test_a_stopped_read_goes_on_where_it_was(sync: Sync, rows: Rows) -> None:
    board = Board()
    for number in range(20):
        board.add(f"i{number}")
    sync.stop.set()
    with pytest.raises(Stopped):
        await sync.read(BoardReading(board))
    assert 0 < len((await _stored(rows))[0]) < 20
    sync.stop.clear()
    await sync.read(BoardReading(board))
    assert board.asked[1].position == 5
    assert len((await _stored(rows))[0]) == 20
