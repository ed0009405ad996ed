"""What Jira gives whole every time: fields, statuses, projects, versions, boards and their sprints, users."""

from collections.abc import AsyncGenerator, Sequence

import msgspec

from ovia_ingest.connectors.jira.api import Jira
from ovia_ingest.sources.listing import Listing
from ovia_shared.database.raw_records import RawRecord
from ovia_shared.errors import SourceError, SourceFault, SourceRefused

NO_AGILE = frozenset({400, 403, 404})


class _Named(msgspec.Struct):
    id: str | int | None = None
    key: str | None = None
    accountId: str | None = None  # noqa: N815 (Jira's spelling)
    originBoardId: int | None = None  # noqa: N815


class _Sprint(msgspec.Struct):
    sprint: msgspec.Raw
    board: msgspec.Raw


def record(raw: msgspec.Raw) -> RawRecord:
    """A record known by its id, or by its key or account id where that is all there is."""
    named = msgspec.json.decode(raw, type=_Named)
    return RawRecord(str(named.id or named.key or ""), bytes(raw))


def user_record(raw: msgspec.Raw) -> RawRecord:
    """A user: known by the account id on Cloud, by the key on Data Center."""
    named = msgspec.json.decode(raw, type=_Named)
    return RawRecord(named.accountId or named.key or "", bytes(raw))


def whole(jira: Jira, path: str) -> Listing:
    """A bare array, such as /field."""

    async def pages() -> AsyncGenerator[list[RawRecord]]:
        yield [record(raw) for raw in await jira.array(f"{jira.root}{path}")]

    return Listing(jira.now, pages)


def users(jira: Jira) -> Listing:
    """All users the account may browse."""

    async def pages() -> AsyncGenerator[list[RawRecord]]:
        try:
            async for page in jira.people():
                yield [user_record(raw) for raw in page]
        except SourceRefused as error:
            # Without the permission to browse users, those that touched an issue are known all the same.
            if error.status != 403:
                raise

    return Listing(jira.now, pages)


def projects(jira: Jira, keys: Sequence[str]) -> Listing:
    """The projects named, or all that are visible."""

    async def pages() -> AsyncGenerator[list[RawRecord]]:
        if keys:
            yield [record(await _project(jira, key)) for key in keys]
        elif jira.cloud:
            async for page in jira.values(f"{jira.root}/project/search", expand="description,lead"):
                yield [record(raw) for raw in page]
        else:
            params = {"expand": "description,lead"}
            yield [record(raw) for raw in await jira.array(f"{jira.root}/project", params)]

    return Listing(jira.now, pages)


async def _project(jira: Jira, key: str) -> msgspec.Raw:
    try:
        return (await jira.client.get(f"{jira.root}/project/{key}")).decode(msgspec.Raw)
    except SourceRefused as error:
        if error.status != 404:
            raise
        raise SourceError(
            f"there is no project {key}, or the account may not see it; check the project keys of the connection",
            fault=SourceFault.FATAL,
        ) from None


def sprints(jira: Jira, keys: Sequence[str]) -> Listing:
    """The sprints of all boards, each once, with the board it was made on where that board is visible."""

    async def pages() -> AsyncGenerator[list[RawRecord]]:
        found: dict[str, tuple[bool, RawRecord]] = {}
        async for board in _boards(jira, keys):
            board_id = msgspec.json.decode(board, type=_Named).id
            async for page in _unless_refused(jira.values(f"/rest/agile/1.0/board/{board_id}/sprint")):
                for raw in page:
                    named = msgspec.json.decode(raw, type=_Named)
                    own = named.originBoardId is None or named.originBoardId == board_id
                    if own or str(named.id) not in found:
                        payload = msgspec.json.encode(_Sprint(raw, board))
                        found[str(named.id)] = (own, RawRecord(str(named.id), payload))
        yield [kept for _, kept in found.values()]

    return Listing(jira.now, pages)


async def _boards(jira: Jira, keys: Sequence[str]) -> AsyncGenerator[msgspec.Raw]:
    seen: set[str | int | None] = set()
    for narrowed in [{"projectKeyOrId": key} for key in keys] or [{}]:
        async for page in _unless_refused(jira.values("/rest/agile/1.0/board", **narrowed)):
            for raw in page:
                board_id = msgspec.json.decode(raw, type=_Named).id
                if board_id not in seen:
                    seen.add(board_id)
                    yield raw


async def _unless_refused(pages: AsyncGenerator[list[msgspec.Raw]]) -> AsyncGenerator[list[msgspec.Raw]]:
    """The pages, or none: a Jira without boards, or a board without sprints, answers with a refusal."""
    try:
        async for page in pages:
            yield page
    except SourceRefused as error:
        if error.status not in NO_AGILE:
            raise
