"""Pieces of what people wrote, kept as their sources say now."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from ovia_shared.database.ask import postings, states
from ovia_shared.database.ask.due import columns
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import load_temporary
from ovia_shared.models.ask_index import Change, Chunk, SourceKey

# What an unchanged piece may still change: where it stands, and what is said of it.
_MOVING = (
    "ordinal", "starts_at", "ends_at", "project_external_id", "identity_ids", "url", "version", "created_at",
    "updated_at", "restricted",
)  # fmt: skip
_STAYING = (
    "source_kind", "connection_id", "external_id", "part", "part_external_id", "title_path", "content", "language",
)  # fmt: skip
_NEW = """
    number integer, source_kind text, connection_id uuid, external_id text, part text, part_external_id text,
    title_path text[], content text, language text, ordinal integer, starts_at integer, ends_at integer,
    project_external_id text, identity_ids uuid[], url text, version text, created_at timestamptz,
    updated_at timestamptz, restricted boolean
"""
# What is found under its title is found by the words of the title, too. Counted once, not for each use of it.
_WORDS = """
    select to_tsvector(language::regconfig, array_to_string(title_path, E'\\n') || E'\\n' || content) as words offset 0
"""
_LENGTH = "(select coalesce(sum(cardinality(one.positions)), 0) from unnest(w.words) one)"
# Characters that no text has within it keep the parts of it apart.
_HASH = "md5(language || E'\\x1f' || array_to_string(title_path, E'\\x1f') || E'\\x1e' || content)::uuid"
_PLACE = "source_kind, connection_id, external_id, part, part_external_id, content_hash"


async def count(conn: Connection, org_id: UUID) -> int:
    """How many chunks there are."""
    return (await states.find(conn, org_id)).chunks


async def store(
    conn: Connection, org_id: UUID, keys: Sequence[SourceKey], made: Sequence[Chunk], *, anew: Sequence[SourceKey] = ()
) -> Change:
    """Makes `made` all the chunks there are of these sources; `ask_chunks`, postings and terms follow.

    A chunk that says the same under the same titles stays, with its id and its vectors, wherever it moved within its
    part; of the sources `anew` its words are counted anew all the same.
    `conn` has to see restricted texts.
    """
    await states.hold(conn, org_id)
    await load_temporary(conn, "ask_new", _NEW, _records(made), ("number", *_STAYING, *_MOVING))
    await _find_kept(conn, org_id, keys, set(anew))
    await postings.begin(conn)
    removed = await _remove(conn, org_id, keys)
    moved = await _move(conn, org_id)
    renewed, length_renewed = await _renew(conn, org_id) if anew else (0, 0)
    added, length_added = await _add(conn, org_id)
    if added or renewed:
        mean = await states.grow(conn, org_id, chunks=added, length=length_added + length_renewed)
        await postings.settle(conn, org_id, mean)
    elif moved:
        await states.grow(conn, org_id, chunks=0, length=0)
    await conn.execute("drop table ask_new, ask_kept, ask_words")
    return Change(added, removed, moved)


def _records(made: Sequence[Chunk]) -> Iterator[tuple[Any, ...]]:
    for number, one in enumerate(made):
        yield (
            number, one.key.kind, one.key.connection_id, one.key.external_id, one.part, one.part_external_id,
            one.title_path, one.content, one.language,
            *(getattr(one, name) for name in _MOVING),
        )  # fmt: skip


async def _find_kept(conn: Connection, org_id: UUID, keys: Sequence[SourceKey], anew: set[SourceKey]) -> None:
    await conn.execute("create temporary table ask_kept (id bigint, number integer, anew boolean) on commit drop")
    # Of pieces that say the same, the first stays the first.
    await conn.execute(
        f"""
        insert into ask_kept (id, number, anew)
        with old as (
            select id, anew, {_PLACE}, row_number() over (partition by {_PLACE} order by ordinal) as nth
              from unnest($2::text[], $3::uuid[], $4::text[], $5::boolean[]) k (kind, connection, external, anew)
              join ask_chunks c on c.org_id = $1 and c.source_kind = k.kind and c.connection_id = k.connection
                               and c.external_id = k.external
        ), new as (
            select number, {_PLACE}, row_number() over (partition by {_PLACE} order by ordinal) as nth
              from (select n.*, {_HASH} as content_hash from ask_new n) n
        )
        select id, number, anew from old join new using ({_PLACE}, nth)
        """,  # noqa: S608 (names of our own columns)
        org_id, *columns(keys), [key in anew for key in keys],
    )  # fmt: skip


async def _remove(conn: Connection, org_id: UUID, keys: Sequence[SourceKey]) -> int:
    # Postings, terms and totals follow by themselves.
    done = await conn.execute(
        """
        delete from ask_chunks c using unnest($2::text[], $3::uuid[], $4::text[]) k (kind, connection, external)
         where c.org_id = $1 and c.source_kind = k.kind and c.connection_id = k.connection
           and c.external_id = k.external
           and not exists (select from ask_kept where ask_kept.id = c.id)
        """,
        org_id, *columns(keys),
    )  # fmt: skip
    return int(done.rpartition(" ")[2])


async def _move(conn: Connection, org_id: UUID) -> int:
    done = await conn.execute(
        f"""
        update ask_chunks c set {", ".join(f"{name} = n.{name}" for name in _MOVING)}, indexed_at = clock_timestamp()
          from ask_kept join ask_new n using (number)
         where c.org_id = $1 and c.id = ask_kept.id
           and ({", ".join(f"c.{name}" for name in _MOVING)})
               is distinct from ({", ".join(f"n.{name}" for name in _MOVING)})
        """,  # noqa: S608 (names of our own columns)
        org_id,
    )
    return int(done.rpartition(" ")[2])


async def _renew(conn: Connection, org_id: UUID) -> tuple[int, int]:
    """Counts the words of kept chunks anew: how many chunks, and how many lexemes more there are."""
    kept = "ask_chunks c join ask_kept using (id)"
    before = await conn.fetchval(
        f"""
        with words as (
            insert into ask_words (sign, chunk_id, lexeme)
            select -1, c.id, one.lexeme from {kept}, unnest(c.words) one where c.org_id = $1 and anew
        )
        select coalesce(sum(c.length), 0)::bigint from {kept} where c.org_id = $1 and anew
        """,  # noqa: S608 (constants)
        org_id,
    )
    row = await conn.fetchrow(
        f"""
        with counted as (
            select c.id, w.words, {_LENGTH} as length
              from {kept}
             cross join lateral ({_WORDS}) w
             where c.org_id = $1 and anew
        ), renewed as (
            update ask_chunks c set words = counted.words, length = counted.length
              from counted where c.org_id = $1 and c.id = counted.id
        ), words as (
            insert into ask_words (sign, chunk_id, lexeme, frequency, length)
            select 1, counted.id, one.lexeme, cardinality(one.positions), counted.length
              from counted, unnest(counted.words) one
        )
        select count(*) as chunks, coalesce(sum(length), 0)::bigint as length from counted
        """,  # noqa: S608 (constants)
        org_id,
    )
    assert row is not None
    return row["chunks"], row["length"] - before


async def _add(conn: Connection, org_id: UUID) -> tuple[int, int]:
    names = ", ".join((*_STAYING, *_MOVING))
    row = await conn.fetchrow(
        f"""
        with made as (
            insert into ask_chunks (org_id, {names}, words, length, content_hash)
            select $1, {names}, words, {_LENGTH}, {_HASH}
              from ask_new
             cross join lateral ({_WORDS}) w
             where not exists (select from ask_kept where ask_kept.number = ask_new.number)
             order by ask_new.number
            returning id, words, length
        ), words as (
            insert into ask_words (sign, chunk_id, lexeme, frequency, length)
            select 1, made.id, one.lexeme, cardinality(one.positions), made.length from made, unnest(made.words) one
        )
        select count(*) as chunks, coalesce(sum(length), 0)::bigint as length from made
        """,  # noqa: S608 (names of our own columns)
        org_id,
    )
    assert row is not None
    return row["chunks"], row["length"]
