"""Sets of vectors: one serves, another may be in the making, and what a set lacks is told by a number."""

from collections.abc import Sequence
from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_model, to_models
from ovia_shared.models.ask_index import EmbeddingIndex, Unembedded

_FIELDS = "id, provider, model, dimension, state, filled, left_out"


async def serving(conn: Connection, org_id: UUID) -> EmbeddingIndex | None:
    """The set that is searched. Its model may be another than the one chosen now, until that one's set is full."""
    return await _in_state(conn, org_id, "serving")


async def building(conn: Connection, org_id: UUID) -> EmbeddingIndex | None:
    """The set that takes over once it is full."""
    return await _in_state(conn, org_id, "building")


async def _in_state(conn: Connection, org_id: UUID, state: str) -> EmbeddingIndex | None:
    row = await conn.fetchrow(
        f"select {_FIELDS} from ask_embedding_indexes where org_id = $1 and state = $2", org_id, state  # noqa: S608 (constant columns)
    )  # fmt: skip
    return to_model(EmbeddingIndex, row)


async def retire(conn: Connection, org_id: UUID, index_id: UUID) -> None:
    """It is not searched or filled any more."""
    await conn.execute(
        "update ask_embedding_indexes set state = 'retired' where org_id = $1 and id = $2", org_id, index_id
    )


async def add(
    conn: Connection, org_id: UUID, state: str, *, provider: str, model: str, dimension: int
) -> EmbeddingIndex:
    """A new and empty set, `building` or `serving`. Raises `Conflict` if there is one in this state."""
    row = await conn.fetchrow(
        f"""
        insert into ask_embedding_indexes (org_id, id, provider, model, dimension, state, served_at)
        values ($1, $2, $3, $4, $5, $6::text, case when $6 = 'serving' then now() end)
        returning {_FIELDS}
        """,  # noqa: S608 (constant columns)
        org_id, new_id(), provider, model, dimension, state,
    )  # fmt: skip
    made = to_model(EmbeddingIndex, row)
    assert made is not None
    return made


async def take_over(conn: Connection, org_id: UUID, index_id: UUID) -> None:
    """This set is searched from now on, and the one before is retired."""
    await conn.execute(
        "update ask_embedding_indexes set state = 'retired' where org_id = $1 and state = 'serving'", org_id
    )
    await conn.execute(
        "update ask_embedding_indexes set state = 'serving', served_at = now() where org_id = $1 and id = $2",
        org_id,
        index_id,
    )
    await conn.execute(
        "update ask_index_states set version = version + 1, changed_at = clock_timestamp() where org_id = $1", org_id
    )


async def lacking(conn: Connection, org_id: UUID, beyond: int, limit: int) -> list[Unembedded]:
    """The next chunks beyond this id, with their titles: a piece alone often does not say what it is about."""
    rows = await conn.fetch(
        """
        select id, array_to_string(title_path, ' > ') || E'\n' || content as text
          from ask_chunks where org_id = $1 and id > $2 order by id limit $3
        """,
        org_id,
        beyond,
        limit,
    )
    return to_models(Unembedded, rows)


async def count_lacking(conn: Connection, org_id: UUID, beyond: int) -> int:
    """How many chunks there are beyond this id."""
    return int(await conn.fetchval("select count(*) from ask_chunks where org_id = $1 and id > $2", org_id, beyond))


async def fill(
    conn: Connection, org_id: UUID, index: EmbeddingIndex, through: int, vectors: Sequence[tuple[int, str]],
    *, left_out: int = 0,
) -> bool:  # fmt: skip
    """Keeps vectors, as pgvector writes them, by the ids of their chunks: all that the set lacked up to `through`.

    A chunk that is gone meanwhile needs none. False, and nothing is kept, if somebody else filled the set since.
    """
    moved = await conn.fetchval(
        """
        update ask_embedding_indexes set filled = $4, left_out = left_out + $5
         where org_id = $1 and id = $2 and filled = $3 and state <> 'retired' returning true
        """,
        org_id, index.id, index.filled, through, left_out,
    )  # fmt: skip
    if not moved:
        return False
    await conn.execute(
        """
        insert into ask_embeddings (org_id, chunk_id, index_id, dimension, embedding)
        select $1, c.id, $2, $3, v.embedding::halfvec
          from unnest($4::bigint[], $5::text[]) v (id, embedding)
          join ask_chunks c on c.org_id = $1 and c.id = v.id
         order by c.id
        """,
        org_id, index.id, index.dimension, [one for one, _ in vectors], [vector for _, vector in vectors],
    )  # fmt: skip
    return True


async def remove_retired(conn: Connection, org_id: UUID, limit: int) -> bool:
    """Removes so many vectors of retired sets, and those sets that have none left. True if there is more."""
    removed = await conn.fetchval(
        """
        with lost as (
            select e.chunk_id, e.index_id from ask_embeddings e
             where e.org_id = $1
               and e.index_id = any (array(
                   select id from ask_embedding_indexes where org_id = $1 and state = 'retired'))
             limit $2
        ), removed as (
            delete from ask_embeddings e using lost
             where e.org_id = $1 and e.chunk_id = lost.chunk_id and e.index_id = lost.index_id
            returning 1
        )
        select count(*) from removed
        """,
        org_id,
        limit,
    )
    if removed == limit:
        return True
    await conn.execute("delete from ask_embedding_indexes where org_id = $1 and state = 'retired'", org_id)
    return False
