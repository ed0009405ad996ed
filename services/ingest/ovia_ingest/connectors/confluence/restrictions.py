"""Who may see a document: restrictions of its own, and those of the pages above it, which it inherits.

To restrict a page is no edit: neither its version nor its date changes, and nothing at all changes below it.
"""

from collections.abc import AsyncGenerator

import msgspec

from ovia_ingest.connectors.confluence.api import PAGE, Confluence, Found, Params, glimpse, of_kind, segment
from ovia_shared.errors import SourceRefused

EXPAND = "restrictions.read.restrictions.user,restrictions.read.restrictions.group,ancestors"


class _Some(msgspec.Struct):
    results: list[msgspec.Raw] = []


class _Whom(msgspec.Struct):
    user: _Some | None = None
    group: _Some | None = None


class _Operation(msgspec.Struct):
    restrictions: _Whom | None = None


class _Operations(msgspec.Struct):
    read: _Operation | None = None


class _Ancestor(msgspec.Struct):
    id: str | int | None = None


class _Content(msgspec.Struct):
    id: str | int | None = None
    restrictions: _Operations | None = None
    ancestors: list[_Ancestor] = []


class Restrictions:
    """Those of the documents of one kind in one space, each asked for once a read."""

    def __init__(self, confluence: Confluence, kind: str, key: str | None) -> None:
        self._confluence = confluence
        self._kind = kind
        self._key = key or ""
        self._own: dict[str, bool] = {}
        self._above: dict[str, tuple[str, ...]] = {}

    async def listed(self) -> dict[str, bool]:
        """Every document of the list, asked for anew, and whether only some people may see it."""
        self._own, self._above = {}, {}
        ids = [external_id async for found in self._list() for raw in found.items if (external_id := self._note(raw))]
        return {external_id: bool(await self.of(external_id)) for external_id in ids}

    async def of(self, external_id: str) -> list[str]:
        """The ids of those that are restricted among a document and the pages above it.

        One of which nothing can be learnt counts as restricted until it can.
        """
        own = await self._is_restricted(external_id)
        above = [one for one in self._above.get(external_id, ()) if await self._is_restricted(one)]
        return [*above, external_id] if own else above

    async def _is_restricted(self, external_id: str) -> bool:
        if external_id not in self._own:
            await self._ask(external_id)
        return self._own[external_id]

    async def _ask(self, external_id: str) -> None:
        confluence = self._confluence
        found: list[msgspec.Raw] = []
        if confluence.cloud:
            # Cloud is about to lose this list's way of asking for one by its path.
            async for page in confluence.search(f'id = "{external_id.replace(chr(34), "")}"', EXPAND):
                found += page.items
        else:
            try:
                path = f"{confluence.v1}/content/{segment(external_id)}"
                found = [await confluence.one(path, {"expand": EXPAND})]
            except SourceRefused as error:
                if error.status not in (403, 404):
                    raise
        if external_id not in [self._note(raw) for raw in found]:
            self._own[external_id], self._above[external_id] = True, ()

    def _note(self, raw: msgspec.Raw) -> str | None:
        """Keeps what a document says; returns its id."""
        shown = glimpse(raw, _Content)
        if shown.id is None:
            return None
        external_id = str(shown.id)
        read = shown.restrictions.read if shown.restrictions is not None else None
        whom = (read.restrictions if read is not None else None) or _Whom()
        self._own[external_id] = any(some is not None and some.results for some in (whom.user, whom.group))
        self._above[external_id] = tuple(str(one.id) for one in shown.ancestors if one.id is not None)
        return external_id

    async def _list(self) -> AsyncGenerator[Found]:
        confluence = self._confluence
        if confluence.cloud:
            pages = confluence.search(of_kind(self._key, self._kind), EXPAND)
        else:
            params: Params = {
                "spaceKey": self._key,
                "type": self._kind,
                "status": "current",
                "limit": PAGE,
                "expand": EXPAND,
            }
            pages = confluence.pages(f"{confluence.v1}/content", params)
        async for found in pages:
            yield found
