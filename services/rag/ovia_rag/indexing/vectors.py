"""Vectors of all pieces: a set that lacks some is filled up, a set of another model made while the old one serves."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from uuid import UUID

import numpy as np

from ovia_rag.providers.embedding import Embedder, Vectors
from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_shared.database.ask import embeddings, states
from ovia_shared.database.pool import Connection, Database
from ovia_shared.models.ask_index import EmbeddingIndex, Unembedded

log = logging.getLogger(__name__)

AT_ONCE = 256
REMOVED_AT_ONCE = 5000
# Of those at once. A model that takes none of more texts than this is at fault itself.
MOST_LEFT_OUT = 4
# Halves of a vector's numbers are kept, so that more digits would not be.
_DIGITS = "%.5g"
_MAY_BE_THE_TEXT = frozenset({Failure.REFUSED, Failure.TOO_LARGE, Failure.UNUSABLE})

Told = Callable[[int, int], None]


async def fill(database: Database, org_id: UUID, embedder: Embedder, told: Told, *, anew: bool = False) -> int:
    """Gives every piece its vector by this model; how many were given. With `anew` all of them, in a set of their own.

    `told` is called with how many are done of how many. Raises `ProviderFailed`; what was filled stays so.
    """
    async with database.transaction(org_id) as conn:
        await states.hold(conn, org_id)
        index = await _chosen(conn, org_id, embedder, anew=anew)
        total = await embeddings.count_lacking(conn, org_id, index.filled)
    done = made = 0
    while True:
        async with database.transaction(org_id) as conn:
            lacking = await embeddings.lacking(conn, org_id, index.filled, AT_ONCE)
        if not lacking:
            break
        index, given = await _fill(database, org_id, index, embedder, lacking)
        made += given
        done += len(lacking)
        told(done, max(total, done))
    async with database.transaction(org_id) as conn:
        await states.hold(conn, org_id)
        if index.state == "building":
            await embeddings.take_over(conn, org_id, index.id)
    await _remove_retired(database, org_id)
    return made


async def _chosen(conn: Connection, org_id: UUID, embedder: Embedder, *, anew: bool) -> EmbeddingIndex:
    """The set to fill: the one that serves, if it is of this model; else one being made, begun now if need be."""
    serving, building = await embeddings.serving(conn, org_id), await embeddings.building(conn, org_id)
    if not anew:
        if serving is not None and _is_by(serving, embedder):
            if building is not None:
                await embeddings.retire(conn, org_id, building.id)
            return serving
        if building is not None and _is_by(building, embedder):
            return building
    if building is not None:
        await embeddings.retire(conn, org_id, building.id)
    # Where nothing serves, a few vectors are better than none.
    return await embeddings.add(
        conn, org_id, "serving" if serving is None else "building",
        provider=embedder.name, model=embedder.model, dimension=embedder.dimension,
    )  # fmt: skip


def _is_by(index: EmbeddingIndex, embedder: Embedder) -> bool:
    return (index.provider, index.model, index.dimension) == (embedder.name, embedder.model, embedder.dimension)


async def _fill(
    database: Database, org_id: UUID, index: EmbeddingIndex, embedder: Embedder, lacking: Sequence[Unembedded]
) -> tuple[EmbeddingIndex, int]:
    rows = await _embed(embedder, [one.text for one in lacking], [MOST_LEFT_OUT])
    left_out = sum(row is None for row in rows)
    written = await asyncio.to_thread(_written, [one.id for one in lacking], rows)
    through = lacking[-1].id
    async with database.transaction(org_id) as conn:
        await states.hold(conn, org_id)
        if not await embeddings.fill(conn, org_id, index, through, written, left_out=left_out):
            raise ProviderFailed("another process fills the same set of vectors", failure=Failure.UNUSABLE)
    return _moved(index, through, left_out), len(written)


def _moved(index: EmbeddingIndex, through: int, left_out: int) -> EmbeddingIndex:
    return EmbeddingIndex(
        id=index.id, provider=index.provider, model=index.model, dimension=index.dimension, state=index.state,
        filled=through, left_out=index.left_out + left_out,
    )  # fmt: skip


async def _embed(embedder: Embedder, texts: Sequence[str], may_leave_out: list[int]) -> list[Vectors | None]:
    """A vector for each text; None for the few that the model takes in no company. They must not hold up the rest."""
    try:
        return list(_usable(await embedder.embed(texts), len(texts), embedder.dimension))
    except ProviderFailed as error:
        if error.failure not in _MAY_BE_THE_TEXT:
            raise
        if len(texts) == 1:
            if may_leave_out[0] == 0:
                raise
            may_leave_out[0] -= 1
            log.warning("a piece has no vector: %s", error.message)
            return [None]
    middle = len(texts) // 2
    first = await _embed(embedder, texts[:middle], may_leave_out)
    return first + await _embed(embedder, texts[middle:], may_leave_out)


def _usable(vectors: Vectors, rows: int, dimension: int) -> Vectors:
    if vectors.shape != (rows, dimension) or not np.isfinite(vectors).all():
        raise ProviderFailed(
            f"expected {rows} vectors of {dimension} numbers, got {vectors.shape}", failure=Failure.UNUSABLE
        )
    return vectors


def _written(ids: Sequence[int], rows: Sequence[Vectors | None]) -> list[tuple[int, str]]:
    """As pgvector reads them. A text in which the model knows nothing is like nothing, and has no vector."""
    return [
        (one, f"[{','.join([_DIGITS % number for number in row.tolist()])}]")
        for one, row in zip(ids, rows, strict=True)
        if row is not None and row.any()
    ]


async def _remove_retired(database: Database, org_id: UUID) -> None:
    more = True
    while more:
        async with database.transaction(org_id) as conn:
            more = await embeddings.remove_retired(conn, org_id, REMOVED_AT_ONCE)
