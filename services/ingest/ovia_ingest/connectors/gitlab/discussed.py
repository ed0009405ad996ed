"""Reading what people discuss, merge requests and issues, each with its parts."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

import msgspec

from ovia_ingest.connectors.gitlab.api import HIDDEN, GitLab, Item, Params, Part, item, together
from ovia_ingest.connectors.gitlab.diffs import counted
from ovia_ingest.connectors.gitlab.listings import in_project, listed
from ovia_ingest.connectors.gitlab.paging import Page, moving, stamp, whole
from ovia_ingest.sources.reading import Batch, Window
from ovia_shared.database.raw_records import RawRecord
from ovia_shared.errors import SourceError, SourceRefused

AT_ONCE = 50
# Files of one answer: their texts come along, and may be long.
FILES = 50
OLDEST_FIRST = {"order_by": "created_at", "sort": "asc"}
GONE = frozenset({404})

Parts = Callable[[GitLab, str, Item], Awaitable[dict[str, Any] | None]]


class DiscussedReading:
    """Reads the merge requests or the issues of one project in the order in which they were created.

    That order never changes, so what is edited meanwhile keeps its place and what is new comes at the end.
    """

    whole = False

    def __init__(self, gitlab: GitLab, project: str, name: str, kind: str, parts: Parts) -> None:
        self._gitlab = gitlab
        self._project = project
        self._part = Part(gitlab, project, name)
        self._kind = kind
        self._parts = parts
        # GitLab finds these by their number in the project only.
        self._numbers: dict[str, int] = {}
        self._all_listed = False

    async def now(self) -> datetime:
        return await self._gitlab.now()

    async def batches(self, window: Window) -> AsyncGenerator[Batch]:
        since: Params = {} if window.since is None else {"updated_after": stamp(window.since)}
        async with aclosing(self._listed(since, window.position)) as pages:
            async for page in pages:
                yield Batch(await self._records(page.items), page.place, page.total)

    async def present(self) -> list[str]:
        # A merge request's long texts are not needed here; issues know no shorter view and ignore the wish.
        ids: dict[str, None] = {}
        async with aclosing(self._listed({"view": "simple"}, None, 100)) as pages:
            async for page in pages:
                ids.update(dict.fromkeys(one.key for one in page.items if one.key))
        self._all_listed = True
        return list(ids)

    async def named(self, external_ids: Sequence[str]) -> list[RawRecord]:
        """These as they are now. One that no list has shown yet is looked for in the latest changes, then in all."""
        if not self._known(external_ids):
            await self._look({"order_by": "updated_at", "sort": "desc", "per_page": 100})
        if not self._known(external_ids) and not self._all_listed:
            await self.present()
        numbers = {one: self._numbers[one] for one in external_ids if one in self._numbers}
        found: dict[str, Item] = {}
        for start in range(0, len(numbers), AT_ONCE):
            asked = list(numbers.values())[start : start + AT_ONCE]
            looked = await self._look({"iids[]": asked, "per_page": AT_ONCE})
            found.update((one.key, one) for one in looked if one.key in numbers)
        # A list may lack what is there; the last word has its own address.
        missing = [f"{self._part.path}/{iid}" for one, iid in numbers.items() if one not in found]
        answers = await together([self._gitlab.found(path) for path in missing])
        found.update((one.key, one) for one in map(item, filter(None, answers)) if one.key in numbers)
        return await self._records(list(found.values()))

    def _known(self, external_ids: Sequence[str]) -> bool:
        return all(one in self._numbers for one in external_ids)

    async def _look(self, params: Params) -> list[Item]:
        """One page, straight from the list: here a refusal is no empty list."""
        answer = await self._gitlab.get(self._part.path, {"scope": "all", "state": "all", **params})
        return self._noted([item(raw) for raw in answer.decode(list[msgspec.Raw])])

    async def _listed(self, narrowed: Params, place: Any, most: int = AT_ONCE) -> AsyncGenerator[Page]:
        params = {"scope": "all", "state": "all", **narrowed}
        pages = moving(self._gitlab, self._part.path, params, "created", place=place, most=most)
        async with aclosing(self._part.unless_hidden(pages)) as shown:
            async for page in shown:
                self._noted(page.items)
                yield page

    def _noted(self, items: list[Item]) -> list[Item]:
        for one in items:
            if isinstance(one.head.iid, int):
                self._numbers[one.key] = one.head.iid
        return items

    async def _records(self, items: Sequence[Item]) -> list[RawRecord]:
        made = await together([self._record(one) for one in items])
        return [record for record in made if record is not None]

    async def _record(self, one: Item) -> RawRecord | None:
        parts: dict[str, Any] | None = {}
        if isinstance(one.head.iid, int):
            parts = await self._parts(self._gitlab, f"{self._part.path}/{one.head.iid}", one)
        if parts is None:
            return None
        return RawRecord(one.key, in_project(self._project, **{self._kind: one.raw}, **parts))


def merge_requests(gitlab: GitLab, project: str) -> DiscussedReading:
    """The merge requests of a project with notes, approvals, commits, counted diffs and changes of state."""
    return DiscussedReading(gitlab, project, "merge_requests", "merge_request", _merge_request_parts)


def issues(gitlab: GitLab, project: str) -> DiscussedReading:
    """The issues of a project with notes and changes of state."""
    return DiscussedReading(gitlab, project, "issues", "issue", _issue_parts)


async def _merge_request_parts(gitlab: GitLab, path: str, _: Item) -> dict[str, Any] | None:
    # One after the other: the merge requests of a page are asked for side by side.
    notes = await listed(gitlab, f"{path}/notes", OLDEST_FIRST, hidden=GONE)
    if notes is None:
        return None
    try:
        approvals = await gitlab.found(f"{path}/approvals")
    except SourceRefused as error:
        if error.status not in HIDDEN:
            raise
        approvals = None
    parts = {
        "notes": notes,
        "approvals": approvals,
        "commits": await listed(gitlab, f"{path}/commits"),
        "state_events": await listed(gitlab, f"{path}/resource_state_events"),
    }
    try:
        files = await whole(gitlab, f"{path}/diffs", key="", most=FILES)
    except SourceRefused as error:
        if error.status not in HIDDEN:
            raise
        return {**parts, "diffs": None}
    except SourceError as error:
        # Some diffs are more than their GitLab can make in time; that must not hold up all other merge requests.
        return {**parts, "diffs": None, "diffs_unread": error.message[:300]}
    return {**parts, "diffs": [counted(one.raw) for one in files]}


async def _issue_parts(gitlab: GitLab, path: str, one: Item) -> dict[str, Any] | None:
    notes: list[msgspec.Raw] | None = []
    # Only people's notes are counted, and only these are wanted.
    if one.head.user_notes_count != 0:
        notes = await listed(gitlab, f"{path}/notes", OLDEST_FIRST, hidden=GONE)
    if notes is None:
        return None
    return {"notes": notes, "state_events": await listed(gitlab, f"{path}/resource_state_events")}
