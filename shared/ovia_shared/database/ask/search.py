"""The search itself: words by BM25 and vectors by nearness, fused, of chunks that the filters let through."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database.ask.filtering import ANYTHING, Narrowing
from ovia_shared.database.pool import Connection
from ovia_shared.models.ask_search import Fusion, Hit, Hits, QuestionWord, Vector

# ruff: noqa: S608 (every piece comes from this package)
# Words are scored rarest first until this many postings are read; the best so far are then completed by the others.
# A frequent word alone hardly ever decides, and its postings are most of the work.
MOST_POSTINGS = 60_000
MOST_SEEDS = 1000
# Where filters leave much, so many of the best are looked up together first; most often enough of them pass.
MOST_TOGETHER = 2 * MOST_SEEDS
# Where filters leave no more than this, every vector that is left is compared rather than the graph walked.
MOST_COMPARED = 10_000
NEAREST = 200
# At 100,000 chunks the graph gives .87 of the ten nearest with 200, .96 with 400 (docs/benchmarks.md), for 4 ms more.
EF_SEARCH = 400
MOST_WALKED = 40_000

_AS_WORDS = msgspec.json.Decoder(list[QuestionWord])
_AS_HITS = msgspec.json.Decoder(list[Hit])

# Every word as each configuration stores it: chunks are in one of three. A stop word has no stem, and is left out.
_WORDS = """
    words as materialized (
        select w.lexeme as word, w.positions as places,
               array(select l from unnest(tsvector_to_array(to_tsvector('russian', w.lexeme))) l
                      union select l from unnest(tsvector_to_array(to_tsvector('english', w.lexeme))) l
                      union select w.lexeme) as lexemes
          from unnest(to_tsvector('simple', $2)) w
         where to_tsvector('russian', w.lexeme) <> ''::tsvector),
    state as materialized (
        select coalesce(max(s.chunks), 0) as chunks, coalesce(max(s.version), 0) as version
          from ask_index_states s where s.org_id = $1),
    -- A lexeme that two words share counts for the rarer one, once.
    lexemes as materialized (
        select distinct on (lexeme) lexeme, word, chunks, of_word, idf
          from (select w.word, t.lexeme, t.chunks, sum(t.chunks) over of_word as of_word,
                       ln(1 + (greatest(s.chunks - sum(t.chunks) over of_word, 0) + .5)
                              / (sum(t.chunks) over of_word + .5))::float8 as idf
                  from words w cross join state s
                  join ask_terms t on t.org_id = $1 and t.lexeme = any(w.lexemes) and t.chunks > 0
                window of_word as (partition by w.word)) x
         order by lexeme, idf desc, word),
    weighed as materialized (
        select *, sum(chunks) over (order by of_word, word, lexeme) - chunks as before from lexemes)"""

_SCORED = """
        select p.chunk_id, sum(p.impact * w.idf) as score
          from weighed w
         cross join lateral (
               select p.chunk_id, p.impact from ask_postings p
                where p.org_id = $1 and p.lexeme = w.lexeme
                order by p.chunk_id desc limit {most_postings}) p
         where w.before < {most_postings}
         group by p.chunk_id
         order by score desc, p.chunk_id"""

_SEEDS = f"""
    seeds as materialized ({_SCORED} limit {{most_seeds}})"""
# `offset 0` keeps a subquery one: the filter is asked of chunk after chunk, best first, until there are enough.
# Together, in the order of their ids, the same chunks are half as many pages, so that comes first.
_SEEDS_NARROWED = f"""
    best as materialized (
        select * from ({_SCORED} limit {{most_together}}) s where not (select few from counted)),
    passing as materialized (
        select c.id from ask_chunks c
         where c.org_id = $1 and c.id = any(array(select chunk_id from best)) and {{passes}}),
    enough as materialized (
        select (select count(*) from passing) >= {{most_seeds}}
               or (select count(*) from best) < {{most_together}} as yes),
    seeds as materialized (
        (select p.chunk_id, sum(p.impact * w.idf) as score
           from eligible e
           join ask_postings p on p.org_id = $1 and p.chunk_id = e.id
           join weighed w on w.lexeme = p.lexeme
          where (select few from counted)
            and w.before < {{most_postings}}
          group by p.chunk_id
          order by score desc, p.chunk_id limit {{most_seeds}})
        union all
        (select b.chunk_id, b.score from best b join passing p on p.id = b.chunk_id
          where (select yes from enough)
          order by b.score desc, b.chunk_id limit {{most_seeds}})
        union all
        (select s.chunk_id, s.score from ({_SCORED} offset 0) s
          where not (select few from counted) and not (select yes from enough)
            and (select true from ask_chunks c where c.org_id = $1 and c.id = s.chunk_id and {{passes}} offset 0)
          limit {{most_seeds}}))"""
_TEXT = """
    completed as materialized (
        select chunk_id, sum(score) as score
          from (select chunk_id, score from seeds
                 union all
                select p.chunk_id, p.impact * w.idf
                  from weighed w
                 cross join seeds s
                  join ask_postings p on p.org_id = $1 and p.lexeme = w.lexeme and p.chunk_id = s.chunk_id
                 where w.before >= {most_postings}) x
         group by chunk_id),
    by_text as materialized (
        select chunk_id, score, row_number() over (order by score desc, chunk_id) as place from completed)"""

_NEAR = """
    near as materialized (
        select e.chunk_id, e.embedding::halfvec({dimension}) <#> {vector} as distance
          from ask_embeddings e
         where e.org_id = $1 and e.index_id = (select id from vectors) and e.dimension = {dimension}
         order by e.embedding::halfvec({dimension}) <#> {vector} limit {nearest})"""
_NEAR_NARROWED = """
    near as materialized (
        (select e.chunk_id, e.embedding::halfvec({dimension}) <#> {vector} as distance
           from eligible x
           join ask_embeddings e on e.org_id = $1 and e.chunk_id = x.id and e.index_id = (select id from vectors)
                                and e.dimension = {dimension}
          where (select few from counted)
          order by 2 limit {nearest})
        union all
        (select e.chunk_id, e.embedding::halfvec({dimension}) <#> {vector}
           from ask_embeddings e
          where not (select few from counted)
            and e.org_id = $1 and e.index_id = (select id from vectors) and e.dimension = {dimension}
            and (select true from ask_chunks c where c.org_id = $1 and c.id = e.chunk_id and {passes} offset 0)
          order by e.embedding::halfvec({dimension}) <#> {vector} limit {nearest}))"""
_NO_VECTORS = """
    near as (select null::bigint as chunk_id, null::float8 as distance where false)"""

_FOUND = """
    by_vector as materialized (
        select chunk_id, row_number() over (order by distance, chunk_id) as place from near),
    fused as materialized (
        select chunk_id, t.score, t.place as text_place, v.place as vector_place,
               coalesce((1 - $3::float8) / ($4::float8 + t.place), 0)
                   + coalesce($3::float8 / ($4::float8 + v.place), 0) as fused
          from by_text t full join by_vector v using (chunk_id)
         order by 5 desc, chunk_id limit $5),
    found as materialized (
        select x.chunk_id, json_object_agg((x.at).lexeme, (x.at).positions) as places
          from (select f.chunk_id, unnest(c.words) as at
                  from fused f join ask_chunks c on c.org_id = $1 and c.id = f.chunk_id offset 0) x
          join weighed w on w.lexeme = (x.at).lexeme
         group by x.chunk_id),
    hits as (
        select f.chunk_id, c.source_kind, c.connection_id, c.external_id, c.part, c.part_external_id, c.title_path,
               c.content, c.starts_at, c.ends_at, c.length, c.url, c.version, c.project_external_id, c.identity_ids,
               c.created_at, c.updated_at, c.content_hash,
               f.fused, coalesce(f.score, {bm25}, 0) as bm25, f.text_place, f.vector_place,
               {similarity} as similarity,
               coalesce((select w.places from found w where w.chunk_id = f.chunk_id), '{{}}') as found,
               (select coalesce(json_object_agg(v.lexeme, v.positions), '{{}}') from unnest(t.words) v
                 where v.lexeme in (select lexeme from weighed)) as in_title,
               length(t.words) as title_length
          from fused f
          join ask_chunks c on c.org_id = $1 and c.id = f.chunk_id
         cross join lateral (
               -- By name: looking a configuration up for each row takes longer than most titles do.
               select case c.language when 'english' then to_tsvector('english', h.title)
                                      when 'russian' then to_tsvector('russian', h.title)
                                      else to_tsvector('simple', h.title) end as words
                 from (select array_to_string(c.title_path, ' ') as title) h offset 0) t)
    select (select coalesce(json_agg(json_build_object(
                       'word', w.word, 'places', w.places, 'lexemes', w.lexemes,
                       'idf', coalesce((select max(l.idf) from weighed l where l.word = w.word),
                                       ln(1 + (s.chunks + .5) / .5))) order by w.places[1], w.word), '[]')
              from words w) as words,
           (select coalesce(json_agg(h order by h.fused desc, h.chunk_id), '[]') from hits h) as hits,
           s.chunks, s.version as index_version, {has_vectors} as by_vectors
      from state s"""
# What the vectors found may hold words that were not among the best by words.
_BM25 = """(select sum(p.impact * w.idf) from weighed w
              join ask_postings p on p.org_id = $1 and p.lexeme = w.lexeme and p.chunk_id = f.chunk_id)"""
_SIMILARITY = """(select -(e.embedding::halfvec({dimension}) <#> {vector}) from ask_embeddings e
                   where e.org_id = $1 and e.chunk_id = f.chunk_id and e.index_id = (select id from vectors))"""


def statement(narrowing: Narrowing, dimension: int | None) -> str:
    """The statement of a search: $1 the organisation, $2 the question, $3 to $5 as `values_of` tells.

    With a `dimension` the last three values are the question's vector, its provider and its model.
    """
    place = 6 + len(narrowing.values)
    terms = {
        "most_postings": MOST_POSTINGS, "most_seeds": MOST_SEEDS, "most_together": MOST_TOGETHER,
        "passes": narrowing.passes, "nearest": NEAREST,
        "dimension": dimension, "vector": f"${place}::text::halfvec({dimension})",
    }  # fmt: skip
    pieces = [_WORDS]
    if narrowing.narrows:
        pieces.append(narrowing.eligible(MOST_COMPARED))
    pieces += [_SEEDS_NARROWED if narrowing.narrows else _SEEDS, _TEXT]
    if dimension is None:
        pieces.append(_NO_VECTORS)
    else:
        pieces.append(
            f"""
    vectors as materialized (
        select i.id from ask_embedding_indexes i
         where i.org_id = $1 and i.state = 'serving' and i.dimension = {dimension}
           and i.provider = ${place + 1}::text and i.model = ${place + 2}::text)"""
        )
        pieces.append(_NEAR_NARROWED if narrowing.narrows else _NEAR)
    found = _FOUND.format(
        bm25=_BM25,
        similarity="null" if dimension is None else _SIMILARITY.format(**terms),
        has_vectors="false" if dimension is None else "exists (select from vectors)",
    )
    return "with" + ",".join(piece.format(**terms) for piece in pieces) + "," + found


def values_of(
    org_id: UUID, text: str, fusion: Fusion, depth: int, narrowing: Narrowing, vector: Vector | None
) -> list[Any]:
    """The values of `statement`, in their order."""
    values = [org_id, text, fusion.weight, fusion.k, depth, *narrowing.values]
    return values if vector is None else [*values, as_text(vector.values), vector.provider, vector.model]


def as_text(values: Sequence[float]) -> str:
    """A vector as pgvector reads it."""
    return "[" + ",".join(f"{value:.6g}" for value in values) + "]"


async def find(
    conn: Connection,
    org_id: UUID,
    text: str,
    *,
    fusion: Fusion,
    depth: int,
    vector: Vector | None = None,
    narrowing: Narrowing = ANYTHING,
) -> Hits:
    """At most `depth` chunks, best first by both rankings. Vectors are compared only with a serving set of their model.

    The text must not hold NUL characters. A word of more than `MOST_POSTINGS` chunks is looked up in the newest ones.
    """
    await tune(conn)
    row = await conn.fetchrow(
        statement(narrowing, None if vector is None else len(vector.values)),
        *values_of(org_id, text, fusion, depth, narrowing, vector),
    )
    assert row is not None
    return Hits(
        _AS_WORDS.decode(row["words"]),
        _AS_HITS.decode(row["hits"]),
        row["chunks"],
        row["index_version"],
        row["by_vectors"],
    )


async def tune(conn: Connection) -> None:
    """Settles how the graph of vectors is walked, for this transaction: on, until enough pass the filters."""
    await conn.execute(
        f"""
        select set_config('hnsw.iterative_scan', 'relaxed_order', true),
               set_config('hnsw.ef_search', '{EF_SEARCH}', true),
               set_config('hnsw.max_scan_tuples', '{MOST_WALKED}', true),
               set_config('plan_cache_mode', 'force_custom_plan', true)
        """
    )
