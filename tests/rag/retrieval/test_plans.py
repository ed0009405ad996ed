"""A search reads what it needs of postings and vectors, however many there are."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import numpy as np
import pytest

from ovia_shared.database.ask import filtering, postings, search
from ovia_shared.models.ask import Filters, SourceKind
from ovia_shared.models.ask_search import Fusion, Vector
from ovia_shared.models.product import ProjectKey
from tests.rag.filling import SOURCE
from tests.rag.retrieval.conftest import NOW, Library

CHUNKS = 4000
PERSON, ACCOUNT = uuid4(), uuid4()
LARGE = ("ask_postings", "ask_embeddings", "ask_terms", "ask_chunks", "ask_chunk_identities")
FILTERS = {
    "nothing": Filters(),
    "project": Filters(projects=[ProjectKey(SOURCE, "P7")]),
    "person": Filters(person=PERSON),
    "dates": Filters(since=datetime(2020, 1, 2, tzinfo=UTC), until=datetime(2020, 1, 5, tzinfo=UTC)),
    "kind": Filters(kinds=[SourceKind.DOCUMENT]),
}


@pytest.fixture
async def large(library: Library) -> Library:
    """Chunks of twelve words each out of 5,000, one in a hundred of them by PERSON, and a vector of each."""
    admin, org_id = library.admin, library.org_id
    await admin.execute(
        "insert into identities (org_id, id, source, external_id) values ($1, $2, 'jira', '7')", org_id, ACCOUNT
    )
    await admin.execute("insert into people (org_id, id, display_name) values ($1, $2, 'Ann')", org_id, PERSON)
    await admin.execute(
        """
        insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace, engine_version,
                              known_from)
        values ($1, gen_random_uuid(), $2, $3, 'auto', 1, '[]', 'test', '2020-01-01')
        """,
        org_id, ACCOUNT, PERSON,
    )  # fmt: skip
    await admin.execute(
        """
        insert into ask_chunks (org_id, source_kind, connection_id, external_id, part, part_external_id, ordinal,
                                project_external_id, title_path, content, starts_at, ends_at, language, length,
                                identity_ids, updated_at, content_hash, words)
        select $1, case when n % 100 = 0 then 'document' else 'work_item' end, $2, n::text, 'body', '', 0,
               'P' || n % 200, array['glider'],
               text, 0, 1, 'english', 13, array[case when n % 100 = 7 then $4 else md5((n % 300)::text)::uuid end],
               timestamptz '2020-01-01' + n * interval '1 hour', gen_random_uuid(),
               to_tsvector('english', 'glider ' || text)
          from generate_series(1, $3::integer) n
         cross join lateral (
               select string_agg('w' || (n * 7919 + w * w * 104729) % 5000, ' ') as text
                 from generate_series(1, 12) w) t
        """,
        org_id, SOURCE, CHUNKS, ACCOUNT,
    )  # fmt: skip
    await admin.execute(
        "insert into ask_index_states (org_id, version, chunks, length, mean_length) values ($1, 1, $2, $3, 13)",
        org_id, CHUNKS, CHUNKS * 13,
    )  # fmt: skip
    await admin.execute(
        f"""
        insert into ask_postings (org_id, lexeme, chunk_id, impact)
        select $1, w.lexeme, c.id, {postings.impact("cardinality(w.positions)", "c.length", "13")}
          from ask_chunks c, unnest(c.words) w where c.org_id = $1
        """,
        org_id,
    )
    await admin.execute(
        "insert into ask_terms select $1, lexeme, count(*) from ask_postings where org_id = $1 group by lexeme", org_id
    )
    definition = await admin.fetchval("select pg_get_indexdef('ask_embeddings_256'::regclass)")
    await admin.execute("drop index ask_embeddings_256")  # made at once it takes a third of the time
    await admin.execute(
        """
        with made as (
            insert into ask_embedding_indexes (org_id, id, provider, model, dimension, state)
            values ($1, gen_random_uuid(), 'embedded', 'hashed', 256, 'serving') returning id)
        insert into ask_embeddings (org_id, chunk_id, index_id, dimension, embedding)
        select $1, c.id, made.id, 256,
               (select array_agg(sin(c.id * 12.9898 + n * n * 78.233)) from generate_series(1, 256) n)::vector::halfvec
          from ask_chunks c, made
         where c.org_id = $1
        """,
        org_id,
    )
    await admin.execute(definition)
    await admin.execute("vacuum analyze")
    return library


async def test_no_search_reads_postings_or_vectors_from_end_to_end(large: Library) -> None:
    vector = Vector("embedded", "hashed", np.random.default_rng(3).standard_normal(256).tolist())
    for narrowed, most in itertools.product(FILTERS, (search.MOST_COMPARED, 10)):
        async with large.rag.transaction(large.org_id) as conn:
            narrowing = await filtering.narrowing(conn, large.org_id, FILTERS[narrowed], NOW)
            await search.tune(conn)
            statement = search.statement(narrowing, 256).replace(str(search.MOST_COMPARED), str(most))
            found = await conn.fetchval(
                f"explain (analyze, format json) {statement}",
                *search.values_of(large.org_id, "glider w17 w99", Fusion(0.35, 5), 100, narrowing, vector),
            )
        plan = msgspec.json.decode(found)[0]["Plan"] if isinstance(found, bytes | str) else found[0]["Plan"]
        nodes = [node for node in _nodes(plan) if node.get("Relation Name") in LARGE and node["Actual Loops"]]
        read = {node["Relation Name"] for node in nodes}
        assert read >= {"ask_postings", "ask_terms", "ask_embeddings"}, (narrowed, most)
        for node in nodes:
            assert node["Node Type"] != "Seq Scan", (narrowed, most, node)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from _nodes(one)
