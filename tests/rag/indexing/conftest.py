"""Canonical rows written by hand, a small maker of vectors, and the index made of both."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import numpy as np
import pytest

from ovia_rag.indexing import kpis
from ovia_rag.indexing.organisation import Indexed, index
from ovia_rag.providers.embedding import Embedder, Vectors
from ovia_shared.database.ask import states
from ovia_shared.database.pool import Connection, Database, _prepare
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Kpi
from ovia_shared.models.ask_index import IndexState
from tests.conftest import OpenDatabase, RoleDsn, SampleOrganisation

DEFAULTS: dict[str, dict[str, Any]] = {
    "documents": {"project_external_id": "DOC", "kind": "page", "title": "Page", "labels": [], "notes": []},
    "work_items": {
        "project_external_id": "GLD", "key": "GLD-1", "title": "Item", "labels": [], "components": [],
        "fix_versions": [], "affected_versions": [], "fields": {}, "notes": [],
    },
    "merge_requests": {
        "project_external_id": "gliders/web", "number": 1, "title": "Change", "state": "open", "draft": False,
        "reviewer_identity_ids": [], "assignee_identity_ids": [], "labels": [], "notes": [],
    },
    "comments": {"body": "Remark", "inline": False},
}  # fmt: skip


class Hashed:
    """Vectors by the words of a text: deterministic, alike for like words. A text with a word of `refused` fails."""

    name = "test"

    def __init__(self, model: str = "hashed-1", dimension: int = 256) -> None:
        self.model = model
        self.dimension = dimension
        self.asked: list[str] = []
        self.refused: dict[str, Exception] = {}

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder`."""
        for text in texts:
            for word, error in self.refused.items():
                if word in text:
                    raise error
        self.asked += texts
        made = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                made[row, int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % self.dimension] += 1
        lengths = np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)
        scaled: Vectors = np.divide(made, lengths, dtype=np.float32)
        return scaled


class Texts:
    """One organisation's canonical rows, written by a superuser, and its index, made by ovia_rag."""

    def __init__(self, admin: asyncpg.Connection, database: Database, dsn: str, org_id: UUID) -> None:
        self.admin = admin
        self.database = database
        self.dsn = dsn
        self.org_id = org_id
        self.connection_id = uuid4()
        self.embedder: Hashed | None = Hashed()

    async def put(self, table: str, external_id: str, **values: Any) -> None:
        """A row, or a later state of it."""
        subject = {} if table != "comments" else {"subject_kind": "work_item", "subject_external_id": "1"}
        known = {
            "org_id": self.org_id, "connection_id": self.connection_id, "raw_record_id": uuid4(),
            "external_id": external_id, "changed_at": datetime.now(UTC), "removed_at": None,
            **DEFAULTS[table], **subject, **values,
        }  # fmt: skip
        names = list(known)
        given = ", ".join(f"${number}" for number in range(1, len(names) + 1))
        await self.admin.execute(
            f"""
            insert into {table} ({", ".join(names)}) values ({given})
            on conflict on constraint {table}_pkey do update
               set {", ".join(f"{name} = excluded.{name}" for name in names)}
            """,
            *known.values(),
        )

    async def remove(self, table: str, external_id: str, *, subject_kind: str | None = None) -> None:
        """As ingest does when the source has it no more."""
        under = "" if subject_kind is None else f" and subject_kind = '{subject_kind}'"
        await self.admin.execute(
            f"""
            update {table} set removed_at = now(), changed_at = now()
             where org_id = $1 and external_id = $2 and removed_at is null{under}
            """,
            self.org_id, external_id,
        )  # fmt: skip

    async def choose(self, _: Connection, __: UUID) -> Embedder | None:
        return self.embedder

    async def index(self, *, anew: bool = False) -> Indexed:
        done = await index(self.database, self.dsn, self.org_id, self.choose, anew=anew)
        assert done is not None
        return done

    async def state(self) -> IndexState:
        async with self.database.transaction(self.org_id) as conn:
            return await states.find(conn, self.org_id)

    async def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        async with self.database.transaction(self.org_id) as conn:
            return [tuple(row) for row in await conn.fetch(statement, *values)]

    async def told(self) -> list[str]:
        """What is in the index, but for descriptions of KPIs."""
        return [
            content
            for (content,) in await self.rows(
                """
                select content from ask_chunks where source_kind <> 'kpi'
                 order by source_kind, external_id, part, part_external_id, ordinal
                """
            )
        ]


@pytest.fixture
async def admin(database_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(database_dsn)
    await _prepare(connection)
    yield connection
    await connection.close()


@pytest.fixture
def catalogue() -> Mapping[str, Kpi]:
    """The KPIs there are: two, so that no test spends its time on them."""
    return dict(islice(CATALOGUE.items(), 2))


@pytest.fixture(autouse=True)
def described(catalogue: Mapping[str, Kpi], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only these are described in the index."""
    monkeypatch.setattr(kpis, "CATALOGUE", catalogue)
    kpis.sources.cache_clear()
    kpis.checksum.cache_clear()
    yield
    kpis.sources.cache_clear()
    kpis.checksum.cache_clear()


@pytest.fixture
async def texts(
    admin: asyncpg.Connection, open_database: OpenDatabase, role_dsn: RoleDsn,
    organisations: tuple[SampleOrganisation, SampleOrganisation],
) -> Texts:  # fmt: skip
    """Of the first of two organisations."""
    return Texts(admin, await open_database("ovia_rag"), role_dsn("ovia_rag"), organisations[0].id)
