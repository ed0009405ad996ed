"""Documents of Confluence Data Center, by its API v1."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime

import msgspec

from ovia_ingest.connectors.confluence.api import (
    PAGE,
    Confluence,
    Found,
    Place,
    changed_since,
    glimpse,
    identify,
    segment,
)
from ovia_ingest.connectors.confluence.documents import Changed
from ovia_ingest.connectors.confluence.restrictions import Restrictions
from ovia_ingest.connectors.confluence.search import commented, edited
from ovia_ingest.sources.context import Context
from ovia_shared.errors import SourceRefused

EXPANDED = "body.storage,version,history,ancestors,metadata.labels,space"
COMMENT_EXPANDED = "body.storage,version,history,extensions.inlineProperties,extensions.resolution"
# Data Center sends no more labels than this inside a document.
INLINE_LABELS = 200


class _Labels(msgspec.Struct):
    results: list[msgspec.Raw] = []


class _Metadata(msgspec.Struct):
    labels: _Labels | None = None


class _Document(msgspec.Struct):
    metadata: _Metadata | None = None


class Envelope(msgspec.Struct, omit_defaults=True):
    """The raw record of a document: itself as sent, and beside it what belongs to it.

    `restricted_by` are the ids of those, among it and the pages above it, that only some people may see.
    """

    scope: str
    document: msgspec.Raw
    versions: list[msgspec.Raw]
    comments: list[msgspec.Raw]
    labels: list[msgspec.Raw] | None = None
    restricted_by: list[str] = []


class DataCenterLibrary:
    """Implements `documents.Library`."""

    def __init__(self, confluence: Confluence, kind: str, scope: str, context: Context) -> None:
        self._confluence = confluence
        self._kind = kind
        self._scope = scope
        self._key = context.project_key or ""
        # Older servers have versions only in the experimental API.
        self._versions_in = confluence.v1
        self.restrictions = Restrictions(confluence, kind, context.project_key)

    async def now(self) -> datetime:
        return await self._confluence.now()

    async def listing(self, place: Place | None, *, whole: bool) -> AsyncGenerator[Found]:
        params: dict[str, str | int] = {"spaceKey": self._key, "type": self._kind, "status": "current", "limit": PAGE}
        if whole:
            params["expand"] = EXPANDED
        async for found in self._confluence.pages(f"{self._confluence.v1}/content", params, place):
            yield found

    async def changed(self, since: datetime) -> Changed:
        # Comments are no edits of their page.
        written = await edited(self._confluence, changed_since(self._key, self._kind, since))
        talked = await commented(self._confluence, changed_since(self._key, "comment", since), self._kind)
        return Changed(written.ids | talked.ids, written.paged or talked.paged)

    async def document(self, external_id: str) -> msgspec.Raw | None:
        try:
            return await self._confluence.one(
                f"{self._confluence.v1}/content/{segment(external_id)}", {"expand": EXPANDED}
            )
        except SourceRefused as error:
            if error.status != 404:
                raise
            return None

    async def envelope(self, document: msgspec.Raw) -> bytes:
        external_id = segment(identify(document))
        path = f"{self._confluence.v1}/content/{external_id}"
        versions, comments, labels, restricted_by = await asyncio.gather(
            self._versions(external_id),
            self._confluence.all_of(
                f"{path}/child/comment",
                {"expand": COMMENT_EXPANDED, "depth": "all", "location": ["footer", "inline", "resolved"]},
            ),
            self._labels(path, document),
            self.restrictions.of(identify(document)),
        )
        return msgspec.json.encode(Envelope(self._scope, document, versions, comments, labels, restricted_by))

    async def _versions(self, external_id: str) -> list[msgspec.Raw]:
        try:
            return await self._confluence.all_of(f"{self._versions_in}/content/{external_id}/version")
        except SourceRefused as error:
            if error.status != 404 or self._versions_in == self._confluence.experimental:
                raise
        found = await self._confluence.all_of(f"{self._confluence.experimental}/content/{external_id}/version")
        self._versions_in = self._confluence.experimental
        return found

    async def _labels(self, path: str, document: msgspec.Raw) -> list[msgspec.Raw] | None:
        """All labels, where the document came with only the beginning of them."""
        metadata = glimpse(document, _Document).metadata
        labels = metadata.labels if metadata is not None else None
        if labels is not None and len(labels.results) < INLINE_LABELS:
            return None
        return await self._confluence.all_of(f"{path}/label")
