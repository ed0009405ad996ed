"""The issues of one project: found by JQL, each with its whole history, comments and worklogs."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ovia_ingest.connectors.jira.api import PAGE, Jira
from ovia_ingest.connectors.jira.search import search_cloud, search_data_center
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Batch, Window
from ovia_shared.database.raw_records import RawRecord
from ovia_shared.errors import SourceError, SourceFault, SourceRefused

ORDER = " order by created asc, id asc"
_DAY = timedelta(days=1)


class _Glimpse(msgspec.Struct):
    """What reading needs to know of an issue. Whatever is not as it should be is taken as not there."""

    id: str
    created: str | None = None
    cut: frozenset[str] = frozenset()


class _Histories(msgspec.Struct):
    issueId: str  # noqa: N815 (Jira's spelling)
    changeHistories: list[msgspec.Raw] = []  # noqa: N815


class _Changelogs(msgspec.Struct):
    issueChangeLogs: list[_Histories] = []  # noqa: N815
    nextPageToken: str | None = None  # noqa: N815


class Envelope(msgspec.Struct, omit_defaults=True):
    """The raw record of an issue: the issue as sent, and beside it the parts that it holds only the beginning of.

    Data Center sends the whole changelog inside the issue.
    """

    issue: msgspec.Raw
    changelog: list[msgspec.Raw] | None = None
    comments: list[msgspec.Raw] | None = None
    worklogs: list[msgspec.Raw] | None = None


class Position(msgspec.Struct, omit_defaults=True):
    """Where a read stands: the window of creation dates under way, in milliseconds, and the place in it."""

    created_from: int | None = None
    created_to: int | None = None
    place: Any = None


class IssuesReading:
    """Implements `sources.reading.Reading`.

    A first read goes back from today in windows of creation dates; each is one query in the order of creation, which
    no edit changes. Later reads ask for what was updated since, in the same order.
    """

    whole = False

    def __init__(self, jira: Jira, context: Context) -> None:
        self._jira = jira
        self._project = f'project = "{context.project_key}"'
        self._width = timedelta(days=context.settings.window_days)

    async def now(self) -> datetime:
        return await self._jira.now()

    async def batches(self, window: Window) -> AsyncGenerator[Batch]:
        position = msgspec.convert(window.position or {}, Position)
        if window.since is not None:
            bounds = f"{self._project} and updated >= {_milliseconds(window.since)}"
            async for batch in self._found(bounds, position, None):
                yield batch
            return
        oldest = await self._oldest()
        if oldest is None:
            return
        total = await self._estimate(self._project)
        if position.created_from is None:
            position = Position(created_from=_milliseconds(await self.now() - self._width))
        while True:
            upper = "" if position.created_to is None else f" and created < {position.created_to}"
            bounds = f"{self._project} and created >= {position.created_from}{upper}"
            async for batch in self._found(bounds, position, total):
                yield batch
            assert position.created_from is not None
            if position.created_from <= oldest:
                return
            below = max(position.created_from - _milliseconds_of(self._width), oldest)
            position = Position(created_from=below, created_to=position.created_from)

    async def present(self) -> list[str]:
        ids: list[str] = []
        search = search_cloud if self._jira.cloud else search_data_center
        async for found in search(self._jira, self._project + ORDER, None, fields=("id",), page=5000):
            ids += [glimpse.id for glimpse in map(_glimpse, found.issues) if glimpse.id]
        return sorted(set(ids))

    async def named(self, external_ids: Sequence[str]) -> list[RawRecord]:
        """The issues as they are now, wherever they moved to."""
        records = []
        for external_id in external_ids:
            try:
                path = f"{self._jira.root}/issue/{external_id}"
                params = {} if self._jira.cloud else {"expand": "changelog"}
                issue = (await self._jira.client.get(path, {"fields": "*all", **params})).decode(msgspec.Raw)
            except SourceRefused as error:
                if error.status != 404:
                    raise
            else:
                records += await self._with_parts([issue])
        return records

    async def _found(self, bounds: str, position: Position, total: int | None) -> AsyncGenerator[Batch]:
        search = search_cloud if self._jira.cloud else search_data_center
        async for found in search(self._jira, bounds + ORDER, position.place, fields=("*all",), page=PAGE):
            behind = msgspec.structs.replace(position, place=found.place)
            # A window's total is not the whole's.
            of_all = total if position.created_from is not None else found.total
            yield Batch(await self._with_parts(found.issues), msgspec.to_builtins(behind), of_all)

    async def _with_parts(self, issues: Sequence[msgspec.Raw]) -> list[RawRecord]:
        known = [(_glimpse(raw), raw) for raw in issues]
        ids = [issue.id for issue, _ in known if issue.id]
        changelogs = await self._changelogs(ids) if self._jira.cloud and ids else {}
        return list(await asyncio.gather(*(self._record(issue, raw, changelogs) for issue, raw in known)))

    async def _record(self, issue: _Glimpse, raw: msgspec.Raw, changelogs: dict[str, list[msgspec.Raw]]) -> RawRecord:
        path = f"{self._jira.root}/issue/{issue.id}"
        envelope = Envelope(
            raw,
            changelogs.get(issue.id, []) if self._jira.cloud else None,
            await self._rest(issue, "comments", f"{path}/comment"),
            await self._rest(issue, "worklogs", f"{path}/worklog"),
        )
        return RawRecord(issue.id, msgspec.json.encode(envelope))

    async def _rest(self, issue: _Glimpse, key: str, path: str) -> list[msgspec.Raw] | None:
        """All of a part, if the issue came with only the beginning of it."""
        return await self._jira.all_of(path, key) if key in issue.cut else None

    async def _changelogs(self, ids: list[str]) -> dict[str, list[msgspec.Raw]]:
        found: dict[str, list[msgspec.Raw]] = {}
        token: str | None = None
        while True:
            body: dict[str, Any] = {"issueIdsOrKeys": ids, "maxResults": 1000}
            if token is not None:
                body["nextPageToken"] = token
            page = (await self._jira.client.post("/rest/api/3/changelog/bulkfetch", body)).decode(_Changelogs)
            for one in page.issueChangeLogs:
                found.setdefault(one.issueId, []).extend(one.changeHistories)
            if page.nextPageToken is None:
                return found
            if page.nextPageToken == token:
                raise SourceError("Jira gives the same changelog page again and again", fault=SourceFault.RETRIABLE)
            token = page.nextPageToken

    async def _oldest(self) -> int | None:
        """When the oldest issue was created, in milliseconds; None if there is no issue."""
        search = search_cloud if self._jira.cloud else search_data_center
        async for found in search(self._jira, self._project + ORDER, None, fields=("created",), page=1):
            for raw in found.issues:
                told = _glimpse(raw).created
                created = None if told is None else _read(told)
                # Without a date there is no bound: one window takes everything.
                return 0 if created is None else _milliseconds(created - _DAY)
            return None
        return None

    async def _estimate(self, jql: str) -> int | None:
        if not self._jira.cloud:
            return None
        answer = await self._jira.client.post("/rest/api/3/search/approximate-count", {"jql": jql})
        return answer.decode(dict[str, int]).get("count")


def _glimpse(raw: msgspec.Raw) -> _Glimpse:
    issue = _object(raw)
    fields = _object(issue.get("fields"))
    found, created = _plain(issue.get("id")), _plain(fields.get("created"))
    cut = {key for part, key in (("comment", "comments"), ("worklog", "worklogs")) if _is_cut(fields.get(part), key)}
    return _Glimpse(
        str(found) if isinstance(found, str | int) else "",
        created if isinstance(created, str) else None,
        frozenset(cut),
    )


def _is_cut(part: msgspec.Raw | None, key: str) -> bool:
    """Whether a list came with its beginning only."""
    told = _object(part)
    total, inline = _plain(told.get("total")), told.get(key)
    if not isinstance(total, int) or total == 0:
        return False
    try:
        return total > len(msgspec.json.decode(inline or b"[]", type=list[msgspec.Raw]))
    except ValueError:
        return True


def _object(raw: msgspec.Raw | None) -> dict[str, msgspec.Raw]:
    try:
        return {} if raw is None else msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return {}


def _plain(raw: msgspec.Raw | None) -> Any:
    try:
        return None if raw is None else msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return None


def _read(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        return None


def _milliseconds(moment: datetime) -> int:
    return max(0, int(moment.timestamp() * 1000))


def _milliseconds_of(width: timedelta) -> int:
    return int(width.total_seconds() * 1000)
