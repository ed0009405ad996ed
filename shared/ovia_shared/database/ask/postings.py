"""Which words are in which chunks, and how much each says: what BM25 sums up.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with k1 1.2 and b 0.75. The
inverse document frequency is left to the question: it changes with every chunk, the rest only with the mean length.
"""

from uuid import UUID

from ovia_shared.database.pool import Connection


def impact(frequency: str, length: str, mean: str) -> str:
    """What a lexeme counts in a chunk, in SQL: it occurs `frequency` times among `length` lexemes, `mean` in others."""
    return f"({frequency} * 2.2::float8 / ({frequency} + 1.2::float8 * (0.25 + 0.75 * {length} / {mean})))::real"


async def begin(conn: Connection) -> None:
    """Makes `ask_words`, for lexemes of chunks that come (`sign` 1) or go (-1), until the transaction ends."""
    await conn.execute(
        """
        create temporary table ask_words (
            sign smallint, chunk_id bigint, lexeme text, frequency integer, length integer
        ) on commit drop
        """
    )


async def settle(conn: Connection, org_id: UUID, mean_length: float) -> None:
    """Brings postings and the counts of terms to what `ask_words` says."""
    await conn.execute(
        """
        delete from ask_postings p using ask_words w
         where w.sign < 0 and p.org_id = $1 and p.lexeme = w.lexeme and p.chunk_id = w.chunk_id
        """,
        org_id,
    )
    await conn.execute(
        f"""
        insert into ask_postings (org_id, lexeme, chunk_id, impact)
        select $1, w.lexeme, w.chunk_id, {impact("w.frequency", "w.length", "$2::float8")}
          from ask_words w where w.sign > 0
         order by w.lexeme, w.chunk_id
            on conflict (org_id, lexeme, chunk_id) do update set impact = excluded.impact
        """,  # noqa: S608 (a formula)
        org_id,
        mean_length,
    )
    await conn.execute(
        """
        merge into ask_terms t
        using (select lexeme, sum(sign)::integer as chunks from ask_words group by lexeme having sum(sign) <> 0
                order by lexeme) w
           on t.org_id = $1 and t.lexeme = w.lexeme
         when matched and t.chunks + w.chunks <= 0 then delete
         when matched then update set chunks = t.chunks + w.chunks
         when not matched and w.chunks > 0 then insert (org_id, lexeme, chunks) values ($1, w.lexeme, w.chunks)
        """,
        org_id,
    )


async def begin_recounting(conn: Connection, org_id: UUID) -> None:
    """From now on impacts count with the mean as it is; those there are already follow, page by page."""
    await conn.execute(
        """
        update ask_index_states set mean_length = length::double precision / chunks, recounting = 0
         where org_id = $1 and chunks > 0 and length > 0
        """,
        org_id,
    )


async def recount(conn: Connection, org_id: UUID, limit: int) -> bool:
    """Counts the impacts of so many chunks anew; False once those of all have been."""
    last = await conn.fetchval(
        f"""
        with page as (
            select c.id, c.words, c.length, s.mean_length
              from ask_index_states s
              join ask_chunks c on c.org_id = $1 and c.id > s.recounting
             where s.org_id = $1
             order by c.id limit $2
        ), recounted as (
            update ask_postings p set impact = {impact("w.frequency", "w.length", "w.mean_length")}
              from (select page.id, one.lexeme, cardinality(one.positions) as frequency, page.length, page.mean_length
                      from page, unnest(page.words) one) w
             where p.org_id = $1 and p.lexeme = w.lexeme and p.chunk_id = w.id
        )
        select max(id) from page
        """,  # noqa: S608 (a formula)
        org_id,
        limit,
    )
    await conn.execute(
        "update ask_index_states set recounting = $2, version = version + 1 where org_id = $1", org_id, last
    )
    return last is not None


async def repair(conn: Connection, org_id: UUID) -> None:
    """Removes postings of no chunk, and counts all terms and totals anew: they should be right already."""
    await conn.execute(
        """
        delete from ask_postings p
         where p.org_id = $1 and not exists (select from ask_chunks c where c.org_id = $1 and c.id = p.chunk_id)
        """,
        org_id,
    )
    await conn.execute(
        """
        merge into ask_terms t
        using (select coalesce(k.lexeme, p.lexeme) as lexeme, coalesce(p.chunks, 0) as chunks
                 from (select lexeme, count(*)::integer as chunks from ask_postings where org_id = $1 group by lexeme) p
                 full join (select lexeme from ask_terms where org_id = $1) k on k.lexeme = p.lexeme) w
           on t.org_id = $1 and t.lexeme = w.lexeme
         when matched and w.chunks = 0 then delete
         when matched and t.chunks <> w.chunks then update set chunks = w.chunks
         when not matched then insert (org_id, lexeme, chunks) values ($1, w.lexeme, w.chunks)
        """,
        org_id,
    )
    await conn.execute(
        """
        update ask_index_states s set chunks = c.chunks, length = c.length
          from (select count(*) as chunks, coalesce(sum(length), 0) as length from ask_chunks where org_id = $1) c
         where s.org_id = $1
        """,
        org_id,
    )
