"""Brings the index of one organisation up to date."""

from collections.abc import Awaitable, Callable
from time import perf_counter
from uuid import UUID

import msgspec

from ovia_rag.indexing import vectors, words
from ovia_rag.providers.embedding import Embedder
from ovia_shared.database.ask import due, states
from ovia_shared.database.pool import Connection, Database
from ovia_shared.models.ask_index import Change

# The model chosen by an organisation; None: no vectors.
Choose = Callable[[Connection, UUID], Awaitable[Embedder | None]]
# Told how far a pass is: the stage, so many done of so many.
Watch = Callable[[str, int, int], None]


class Indexed(msgspec.Struct, frozen=True):
    """What a pass did: sources looked at, chunks, vectors, and the seconds of words and of vectors."""

    sources: int
    change: Change
    vectors: int
    seconds_of_words: float
    seconds_of_vectors: float


def _ignore(_: str, __: int, ___: int) -> None:
    return


async def index(
    database: Database, dsn: str, org_id: UUID, choose: Choose, *, anew: bool = False, watch: Watch = _ignore
) -> Indexed | None:
    """All that changed since the last pass, or `anew` all there is. None while somebody else is at it.

    Words come first: what is found by them does not wait for vectors. What a pass fails with is kept for people to see,
    and raised; what it did until then stays.
    """
    # Seen here to be kept; shown by nothing here.
    database = database.seeing_restricted()
    async with states.alone(dsn, org_id) as mine:
        if not mine:
            return None
        try:
            done = await _index(database, org_id, choose, anew=anew, watch=watch)
        except Exception as error:
            async with database.transaction(org_id) as conn:
                await states.record_failure(conn, org_id, str(error) or type(error).__name__)
            raise
        async with database.transaction(org_id) as conn:
            await states.record_success(conn, org_id)
        return done


async def _index(database: Database, org_id: UUID, choose: Choose, *, anew: bool, watch: Watch) -> Indexed:
    began = perf_counter()
    looked_at = await words.notice(database, org_id, anew=anew)
    async with database.transaction(org_id) as conn:
        waiting = (await due.waiting(conn, org_id)).sources
    change = await words.index_due(database, org_id, lambda done: watch("words", done, max(done, waiting)))
    seconds_of_words = perf_counter() - began
    async with database.transaction(org_id) as conn:
        await states.record_through(conn, org_id, looked_at, seconds_of_words)
        embedder = await choose(conn, org_id)
    await words.recount(database, org_id, anew=anew)
    began = perf_counter()
    given = 0
    if embedder is not None:
        given = await vectors.fill(
            database, org_id, embedder, lambda done, total: watch("vectors", done, total), anew=anew
        )
    return Indexed(waiting, change, given, seconds_of_words, perf_counter() - began)
