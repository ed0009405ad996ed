"""Fills the index of Ask with texts at once, by what indexes them, but without sources that they come from."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from ovia_rag.indexing import vectors, words
from ovia_rag.providers.embedding import Embedder
from ovia_shared.database.ask import chunks
from ovia_shared.database.pool import Database
from ovia_shared.models.ask import SourceKind
from ovia_shared.models.ask_index import Chunk, Config, PartKind, SourceKey

WRITTEN = datetime(2026, 10, 1, tzinfo=UTC)
SOURCE = UUID(int=7)
AT_ONCE = 500


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk to be."""

    id: str
    text: str
    title: str = ""
    ordinal: int = 0
    kind: SourceKind = SourceKind.DOCUMENT
    part: PartKind = PartKind.BODY
    language: Config = Config.ENGLISH
    project: str = "SPACE"
    identities: list[UUID] = []
    updated_at: datetime | None = WRITTEN

    def key(self) -> SourceKey:
        """What it is a piece of."""
        return SourceKey(self.kind, SOURCE, self.id)


async def fill(rag: Database, org_id: UUID, pieces: Sequence[Piece], embedder: Embedder | None = None) -> None:
    """Adds them to what the organisation's index holds, in the place of others of the same sources."""
    for number in range(0, len(pieces), AT_ONCE):
        page = pieces[number : number + AT_ONCE]
        async with rag.transaction(org_id) as conn:
            await chunks.store(conn, org_id, list({one.key() for one in page}), [_chunk(one) for one in page])
    await words.recount(rag, org_id, anew=False)
    if embedder is not None:
        await vectors.fill(rag, org_id, embedder, lambda _done, _total: None)


def _chunk(one: Piece) -> Chunk:
    return Chunk(
        key=one.key(),
        part=one.part,
        part_external_id="" if one.part is PartKind.BODY else one.id,
        ordinal=one.ordinal,
        project_external_id=one.project,
        title_path=[one.title],
        content=one.text,
        starts_at=0,
        ends_at=len(one.text),
        language=one.language,
        identity_ids=one.identities,
        url=None,
        version=None,
        created_at=one.updated_at,
        updated_at=one.updated_at,
    )
