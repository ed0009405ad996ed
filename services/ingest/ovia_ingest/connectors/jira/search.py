"""JQL searches: by page token on Cloud, by offset on Data Center. Both can go on from a stored place."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec

from ovia_ingest.connectors.jira.api import Jira
from ovia_shared.errors import SourceError, SourceFault, SourceRefused

SEAM = 100


class Found(msgspec.Struct):
    """Issues of one page, the place behind it, and how many the search has if the source says so."""

    issues: list[msgspec.Raw]
    place: Any
    total: int | None = None


class _TokenPage(msgspec.Struct):
    issues: list[msgspec.Raw] = []
    nextPageToken: str | None = None  # noqa: N815 (Jira's spelling)


class _OffsetPage(msgspec.Struct):
    issues: list[msgspec.Raw] = []
    total: int = 0


class _Id(msgspec.Struct):
    id: str | int | None = None


def _id(raw: msgspec.Raw) -> str:
    try:
        return str(msgspec.json.decode(raw, type=_Id).id or "")
    except (ValueError, RecursionError):
        return ""


class _Offset(msgspec.Struct):
    """How many issues were read, and the ids of the last of them."""

    start: int = 0
    last: tuple[str, ...] = ()


async def search_cloud(jira: Jira, jql: str, place: Any, *, fields: Sequence[str], page: int) -> AsyncGenerator[Found]:
    """Pages by `nextPageToken`; `place` is the token of the next one. A token too old begins the search anew."""
    token: str | None = place
    resumed = token is not None
    while True:
        body: dict[str, Any] = {"jql": jql, "fields": list(fields), "maxResults": page}
        if token is not None:
            body["nextPageToken"] = token
        try:
            found = (await jira.client.post("/rest/api/3/search/jql", body)).decode(_TokenPage)
        except SourceRefused as error:
            if not (resumed and error.status == 400):
                raise
            token, resumed = None, False
            continue
        resumed = False
        if found.nextPageToken is not None and found.nextPageToken == token:
            raise SourceError("Jira gives the same page of a search again and again", fault=SourceFault.RETRIABLE)
        token = found.nextPageToken
        yield Found(found.issues, token)
        if token is None:
            return


async def search_data_center(
    jira: Jira, jql: str, place: Any, *, fields: Sequence[str], page: int
) -> AsyncGenerator[Found]:
    """Pages by `startAt`. Each is asked for with the end of the one before it, to see that the list did not shift.

    Issues that leave the search (deleted, moved) move the rest forward; where the end of the last page is not found
    again, the search steps back until it is. Issues may come twice; none is passed over.
    """
    read = msgspec.convert(place or {}, _Offset)
    page = min(page, 1000)
    ahead = read.start
    while True:
        start = max(0, ahead - min(SEAM, len(read.last)))
        body = {"jql": jql, "startAt": start, "maxResults": page + SEAM, "fields": list(fields)}
        if "*all" in fields:
            body["expand"] = ["changelog"]
        answer = (await jira.client.post(f"{jira.root}/search", body)).decode(_OffsetPage)
        ids = [_id(raw) for raw in answer.issues]
        seam = max((number for number, one in enumerate(ids) if one in read.last), default=None)
        if read.last and seam is None and start > 0:
            # Also when the page is empty: the list may have shrunk below where we were.
            ahead = start
            continue
        fresh = answer.issues if seam is None else answer.issues[seam + 1 :]
        if not fresh:
            if not ids or start + len(ids) >= answer.total:
                return
            # The server gives fewer than were asked for: no more than the seam itself. A shorter one leaves room.
            if len(read.last) <= 1:
                raise SourceError("Jira's search does not get on", fault=SourceFault.RETRIABLE)
            read = _Offset(read.start, read.last[-max(1, len(ids) // 2) :])
            continue
        read = _Offset(start + len(ids), tuple(ids[-SEAM:]))
        ahead = read.start
        yield Found(fresh, msgspec.to_builtins(read), answer.total)
        if read.start >= answer.total:
            return
