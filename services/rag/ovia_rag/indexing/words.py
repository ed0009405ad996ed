"""Pieces and their words. A page is one transaction, so a pass may end anywhere and the next goes on from there."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from ovia_rag.chunking.sources import VERSION, chunks
from ovia_rag.indexing import kpis
from ovia_shared.database.ask import chunks as kept
from ovia_shared.database.ask import due, postings, reading, states
from ovia_shared.database.facts import seen
from ovia_shared.database.pool import Connection, Database
from ovia_shared.errors import Unavailable
from ovia_shared.models.ask import SourceKind
from ovia_shared.models.ask_index import Change, Chunk, Source, SourceKey

log = logging.getLogger(__name__)

# Sources in one transaction: enough that what a page costs by itself does not count.
PAGE_SOURCES = 100
PAGE_RECOUNTED = 2000
# The database or the machine is in trouble: no source is to blame, and none would fare better.
_NOT_OF_THE_TEXT = (Unavailable, OSError, MemoryError)
# Beyond this, impacts are counted anew: until then they are all a little off in the same way.
MEAN_MAY_DRIFT = 0.2

Told = Callable[[int], None]


async def notice(database: Database, org_id: UUID, *, anew: bool) -> datetime:
    """Puts what changed since the last time among what is due; gives the moment up to which it looked."""
    async with database.transaction(org_id) as conn:
        await states.hold(conn, org_id)
        state = await states.find(conn, org_id)
        since = await states.horizon(conn, org_id)
        # Taken before any row is looked at: what is written from here on is looked at the next time.
        moment = await seen.now(conn)
        if anew or since is None or state.cutting != VERSION:
            await due.notice_everything(conn, org_id, anew=anew)
        else:
            await due.notice_changed(conn, org_id, since)
        if anew or state.described != kpis.checksum():
            await due.notice_kpis(conn, org_id, list(kpis.sources()), anew=anew)
        await due.try_failed_again(conn, org_id)
        await states.record_noticed(conn, org_id, states.Noticed(moment, VERSION, kpis.checksum()))
    return moment[0]


async def index_due(database: Database, org_id: UUID, told: Told) -> Change:
    """Indexes all that is due. `told` is called with how many sources are done."""
    done, change = 0, Change()
    while True:
        async with database.transaction(org_id) as conn:
            page = await due.take(conn, org_id, PAGE_SOURCES)
        if not page.keys:
            return change
        try:
            change += await _index(database, org_id, page)
        except _NOT_OF_THE_TEXT:
            raise
        except Exception:
            log.exception(
                "a page cannot be indexed; its sources are tried one by one", extra={"organisation": str(org_id)}
            )
            for key in page.keys:
                change += await _index_one(database, org_id, due.Due([key], [key] if key in page.anew else []))
        done += len(page.keys)
        told(done)


async def _index_one(database: Database, org_id: UUID, one: due.Due) -> Change:
    try:
        return await _index(database, org_id, one)
    except _NOT_OF_THE_TEXT:
        raise
    except Exception as error:
        # Kept where people see it; the others must not wait for this one.
        log.exception("a source cannot be indexed", extra={"organisation": str(org_id), "source": str(one.keys[0])})
        async with database.transaction(org_id) as conn:
            await due.record_failure(conn, org_id, one.keys[0], str(error) or type(error).__name__)
        return Change()


async def _index(database: Database, org_id: UUID, page: due.Due) -> Change:
    async with database.transaction(org_id) as conn:
        # Before anything is read: what is noticed after this was not done with it.
        await states.hold(conn, org_id)
        sources = await _read(conn, org_id, page.keys)
        # Beside the requests that this process answers meanwhile.
        made = await asyncio.to_thread(_cut, sources)
        change = await kept.store(conn, org_id, page.keys, made, anew=page.anew)
        await due.done(conn, org_id, page.keys)
    return change


async def _read(conn: Connection, org_id: UUID, keys: Sequence[SourceKey]) -> list[Source]:
    described = kpis.sources()
    named = [key.external_id for key in keys if key.kind is SourceKind.KPI]
    return [
        *await reading.read(conn, org_id, keys),
        *(described[name] for name in named if name in described),
    ]


def _cut(sources: Sequence[Source]) -> list[Chunk]:
    return [chunk for source in sources for chunk in chunks(source)]


async def recount(database: Database, org_id: UUID, *, anew: bool) -> None:
    """Counts impacts anew if the mean length is another by now, or that was begun and not ended."""
    async with database.transaction(org_id) as conn:
        if anew:
            await postings.repair(conn, org_id)
        state = await states.find(conn, org_id)
        if state.recounting is None and not (anew or _drifted(state.mean_length, state.length, state.chunks)):
            return
        if state.recounting is None or anew:
            await postings.begin_recounting(conn, org_id)
    more = True
    while more:
        async with database.transaction(org_id) as conn:
            await states.hold(conn, org_id)
            more = await postings.recount(conn, org_id, PAGE_RECOUNTED)


def _drifted(mean: float, length: int, chunks: int) -> bool:
    return mean > 0 and chunks > 0 and length > 0 and abs(length / chunks / mean - 1) > MEAN_MAY_DRIFT
