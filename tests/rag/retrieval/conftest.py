"""An organisation whose index holds what a test puts there."""

import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import msgspec
import numpy as np
import pytest

from ovia_rag.providers.embedding import Embedder, Vectors
from ovia_rag.retrieval.finding import Finder, Found
from ovia_shared.database.pool import Database
from ovia_shared.models.ask import Filters, Search
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.rag.filling import Piece, fill

EVERYTHING = Filters()
NOW = datetime(2026, 11, 1, tzinfo=UTC)


class HashedWords:
    """An embedder without a model: a text is the sum of its words' directions, which follow from their letters.

    Words that are said to mean the same have the same direction.
    """

    dimension = 256

    def __init__(self, name: str = "embedded", model: str = "hashed", same: Sequence[tuple[str, str]] = ()) -> None:
        self.name = name
        self.model = model
        self._same = dict(same)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        made = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for place, text in enumerate(texts):
            for word in re.findall(r"\w+", text.casefold()):
                made[place] += self._direction(self._same.get(word, word))
            made[place] /= np.linalg.norm(made[place]) or 1.0
        return made

    def _direction(self, word: str) -> Vectors:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
        return np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)


class Library(msgspec.Struct, frozen=True):
    """Two organisations, the index of each, and the service's way to them."""

    admin: "asyncpg.Connection[asyncpg.Record]"
    rag: Database
    org_id: UUID
    other: UUID

    async def fill(self, *pieces: Piece, embedder: Embedder | None = None, org_id: UUID | None = None) -> None:
        await fill(self.rag, org_id or self.org_id, pieces, embedder)

    async def find(
        self,
        text: str,
        filters: Filters = EVERYTHING,
        *,
        finder: Finder | None = None,
        recent: bool = False,
        limit: int = 20,
        org_id: UUID | None = None,
    ) -> Found:
        org_id = org_id or self.org_id
        async with self.rag.transaction(org_id) as conn:
            return await (finder or Finder(None)).find(
                conn, org_id, Search(text=text, filters=filters, recent=recent), as_of=NOW, limit=limit
            )

    async def ids(self, text: str, filters: Filters = EVERYTHING, finder: Finder | None = None) -> list[str]:
        return [one.external_id for one in (await self.find(text, filters, finder=finder)).passages]


@pytest.fixture
async def library(
    database_dsn: str,
    open_database: OpenDatabase,
    organisations: tuple[SampleOrganisation, SampleOrganisation],
) -> AsyncIterator[Library]:
    """Empty."""
    admin = await asyncpg.connect(database_dsn)
    try:
        yield Library(admin, await open_database("ovia_rag"), organisations[0].id, organisations[1].id)
    finally:
        await admin.close()
