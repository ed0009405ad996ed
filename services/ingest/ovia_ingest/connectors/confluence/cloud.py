"""Documents of Confluence Cloud, by its API v2; v1 searches for comments."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime

import msgspec

from ovia_ingest.connectors.confluence import payloads
from ovia_ingest.connectors.confluence.api import (
    IDS_PAGE,
    PAGE,
    Confluence,
    Found,
    Params,
    Place,
    changed_since,
    glimpse,
    identify,
    segment,
)
from ovia_ingest.connectors.confluence.documents import Changed
from ovia_ingest.connectors.confluence.restrictions import Restrictions
from ovia_ingest.connectors.confluence.search import commented
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.values import moment
from ovia_shared.errors import SourceRefused

PATHS = {"page": "pages", "blogpost": "blogposts"}
STORAGE = {"body-format": "storage"}


class _Thread(msgspec.Struct, omit_defaults=True):
    comment: msgspec.Raw
    versions: list[msgspec.Raw] | None = None


class Envelope(msgspec.Struct, omit_defaults=True):
    """The raw record of a document: itself as sent, and beside it what belongs to it.

    `restricted_by` are the ids of those, among it and the pages above it, that only some people may see.
    """

    scope: str
    document: msgspec.Raw
    versions: list[msgspec.Raw]
    labels: list[msgspec.Raw]
    footer_comments: list[_Thread]
    inline_comments: list[_Thread]
    restricted_by: list[str] = []


class CloudLibrary:
    """Implements `documents.Library`."""

    def __init__(self, confluence: Confluence, kind: str, scope: str, context: Context) -> None:
        self._confluence = confluence
        self._kind = kind
        self._scope = scope
        self._key = context.project_key
        self._listed = f"{confluence.v2}/spaces/{segment(scope)}/{PATHS[kind]}"
        self._path = f"{confluence.v2}/{PATHS[kind]}"
        self.restrictions = Restrictions(confluence, kind, context.project_key)

    async def now(self) -> datetime:
        return await self._confluence.now()

    async def listing(self, place: Place | None, *, whole: bool) -> AsyncGenerator[Found]:
        params: Params = {"status": "current", "sort": "id", "limit": IDS_PAGE}
        if whole:
            params = {**params, **STORAGE, "limit": PAGE}
        async for found in self._confluence.pages(self._listed, params, place):
            yield found

    async def changed(self, since: datetime) -> Changed:
        # v2 has no date filter: the list is read from its latest edit back. Comments are no edits of their page.
        edited = await self._edited(since)
        talked = await commented(self._confluence, changed_since(self._key, "comment", since), self._kind)
        return Changed(edited.ids | talked.ids, edited.paged or talked.paged)

    async def document(self, external_id: str) -> msgspec.Raw | None:
        try:
            raw = await self._confluence.one(f"{self._path}/{segment(external_id)}", STORAGE)
        except SourceRefused as error:
            if error.status != 404:
                raise
            return None
        # What lies in the bin is still found by its id.
        return raw if glimpse(raw, payloads.CloudDocument).status in (None, "current") else None

    async def envelope(self, document: msgspec.Raw) -> bytes:
        latest = glimpse(document, payloads.CloudDocument).version
        path = f"{self._path}/{segment(identify(document))}"
        versions, labels, footer, inline, restricted_by = await asyncio.gather(
            self._versions(path, latest),
            self._confluence.all_of(f"{path}/labels"),
            self._comments(path, "footer-comments"),
            self._comments(path, "inline-comments"),
            self.restrictions.of(identify(document)),
        )
        envelope = Envelope(self._scope, document, versions, labels, footer, inline, restricted_by)
        return msgspec.json.encode(envelope)

    async def _edited(self, since: datetime) -> Changed:
        found = Changed(set(), False)
        params: Params = {"status": "current", "sort": "-modified-date", "limit": IDS_PAGE}
        async for page in self._confluence.pages(self._listed, params):
            older = False
            for raw in page.items:
                shown = glimpse(raw, payloads.CloudDocument)
                edited = moment(shown.version.createdAt) if shown.version is not None else None
                older = edited is not None and edited < since
                if not older and shown.id is not None:
                    found.ids.add(str(shown.id))
            if older or page.place is None:
                return found
            found.paged = True
        return found

    async def _versions(self, path: str, latest: payloads.CloudVersion | None) -> list[msgspec.Raw]:
        if latest is not None and latest.number == 1:
            # The first version comes with the thing itself.
            return []
        return await self._confluence.all_of(f"{path}/versions")

    async def _comments(self, path: str, sort: str) -> list[_Thread]:
        """The comments with all their answers, which each have to be asked for below the comment they answer."""
        found: list[msgspec.Raw] = []
        level = await self._confluence.all_of(f"{path}/{sort}", STORAGE)
        known: set[str] = set()
        while level:
            level = [raw for raw in level if identify(raw) not in known]
            known.update(map(identify, level))
            found += level
            answers = await asyncio.gather(*(self._below(sort, identify(raw), "children") for raw in level))
            level = [raw for some in answers for raw in some]
        return list(await asyncio.gather(*(self._thread(sort, raw) for raw in found)))

    async def _thread(self, sort: str, raw: msgspec.Raw) -> _Thread:
        version = glimpse(raw, payloads.CloudComment).version
        if version is None or version.number in (None, 1):
            return _Thread(raw)
        # Only its first version says when an edited comment was written, and by whom.
        return _Thread(raw, await self._below(sort, identify(raw), "versions"))

    async def _below(self, sort: str, comment: str, what: str) -> list[msgspec.Raw]:
        params = STORAGE if what == "children" else {}
        try:
            return await self._confluence.all_of(f"{self._confluence.v2}/{sort}/{segment(comment)}/{what}", params)
        except SourceRefused as error:
            # The comment was deleted a moment ago.
            if error.status != 404:
                raise
            return []
