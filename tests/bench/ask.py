"""Retrieval over many chunks: how long a question takes, how much the graph of vectors misses, how fast chunks go in.

`OVIA_BENCH_CHUNKS` says of how many, several with a comma between (100,000 and 1,000,000 if it is not set). Beside the
organisation that is asked about another has a tenth as many in the same tables. Texts are made of the words of the
standard library's docstrings by Zipf's law, half of each by its topic, so that vectors have neighbours to find.
"""

import ast
import os
import re
import statistics
import sysconfig
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray

from ovia_rag.providers.embedded import Embedded
from ovia_rag.providers.embedding import Vectors
from ovia_rag.retrieval.finding import Finder
from ovia_shared.database.ask import postings, search
from ovia_shared.models.ask import Filters, Search
from ovia_shared.models.ask_search import Vector
from ovia_shared.models.product import ProjectKey
from tests.bench.ask_organisation import Admin, Bench, organisation
from tests.bench.report import Table

SIZES = [int(size) for size in os.environ.get("OVIA_BENCH_CHUNKS", "100000,1000000").split(",")]
TARGETS = {100_000: "p95 ≤ 60 ms", 1_000_000: "p95 ≤ 150 ms"}
QUESTIONS = 200
COMPARED = 100
WORDS = 60
TOPICS = 500
OF_TOPIC = 300
PROJECTS = 200
AT_ONCE = 5_000
SOURCE = UUID(int=7)
_MADE = datetime(2024, 1, 1, tzinfo=UTC)


async def run() -> list[Table]:
    """About ten minutes for a hundred thousand on two cores, two hours for a million."""
    return [await _measured(size) for size in SIZES]


async def _measured(size: int) -> Table:
    chance = np.random.default_rng(7)
    texts = _Texts(chance)
    async with organisation() as bench:
        rows = []
        graph = await bench.admin.fetchval("select pg_get_indexdef('ask_embeddings_256'::regclass)")
        await bench.admin.execute("drop index ask_embeddings_256")
        other = await bench.admin.fetchval(
            "insert into organisations (org_id, name) values ($1, 'Other') returning org_id", uuid4()
        )
        seconds = await _fill(bench, bench.org_id, texts, size)
        await _fill(bench, other, texts, size // 10)
        began = time.perf_counter()
        await bench.admin.execute(graph)
        seconds["graph of vectors"] = time.perf_counter() - began
        await bench.admin.execute("vacuum analyze")
        rows += [(f"indexing: {what}", f"{size / taken:,.0f} chunks/s", "", "") for what, taken in seconds.items()]
        rows.append(("indexing: all of it", f"{size / sum(seconds.values()):,.0f} chunks/s", "", ""))
        finder = Finder(Embedded())
        for what, filters in _filters().items():
            taken = [await _ask(bench, finder, texts.question(chance), filters) for _ in range(QUESTIONS)]
            rows.append(_row(f"a question, {what}", taken[QUESTIONS // 10 :], TARGETS.get(size, "")))
        found = [await _recall(bench, finder, texts.question(chance)) for _ in range(COMPARED)]
        rows.append(("recall@10 of the graph", f"{statistics.fmean(found):.3f}", "", "≥ 0.95"))
        space = await bench.admin.fetch(
            "select relname, pg_size_pretty(pg_total_relation_size(oid)) as size from pg_class where relname = any($1)",
            ["ask_chunks", "ask_postings", "ask_embeddings"],
        )
        rows += [(f"space of {row['relname']}", row["size"], "", "") for row in space]
    return Table(
        f"Ask over {size:,} chunks, {size // 10:,} of another's", ("what", "p50", "p95", "target"), tuple(rows)
    )


class _Texts:
    """Makes texts and questions."""

    def __init__(self, chance: np.random.Generator) -> None:
        self._words = np.array(_vocabulary())
        self._topics = chance.integers(200, len(self._words), (TOPICS, OF_TOPIC))

    def many(self, chance: np.random.Generator, count: int) -> list[str]:
        """So many texts of 60 words."""
        common = self._common(chance, (count, WORDS // 2))
        topics = chance.integers(0, TOPICS, count)
        own = self._topics[topics[:, None], _zipf(chance, OF_TOPIC, (count, WORDS - WORDS // 2))]
        places = np.concatenate([common, own], axis=1)
        return [" ".join(row) for row in self._words[chance.permuted(places, axis=1)]]

    def question(self, chance: np.random.Generator) -> str:
        """Four words of a topic and two of any."""
        topic = self._topics[chance.integers(0, TOPICS)]
        places = [*topic[_zipf(chance, OF_TOPIC, (4,))], *self._common(chance, (2,))]
        return "where is " + " ".join(self._words[places])

    def _common(self, chance: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.int64]:
        return _zipf(chance, len(self._words), shape)


def _zipf(chance: np.random.Generator, count: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Places below `count`, each as often as one divided by it."""
    places: NDArray[np.int64] = np.minimum(np.exp(chance.random(shape) * np.log(count)).astype(np.int64) - 1, count - 1)
    return places


def _vocabulary() -> list[str]:
    """The words of the standard library's docstrings, most frequent first."""
    counted: Counter[str] = Counter()
    for text in _docstrings(Path(sysconfig.get_path("stdlib"))):
        counted.update(re.findall(r"[a-z]{2,}", text.casefold()))
    return [word for word, _ in counted.most_common()]


def _docstrings(root: Path) -> Iterator[str]:
    for path in sorted(root.rglob("*.py")):
        if "packages" in str(path) or "test" in path.parts:
            continue
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                yield ast.get_docstring(node) or ""


async def _fill(bench: Bench, org_id: UUID, texts: _Texts, size: int) -> dict[str, float]:
    """Fills the index at once; the seconds of each part."""
    chance = np.random.default_rng(size)
    admin, embedder = bench.admin, Embedded()
    accounts = [uuid4() for _ in range(500)]
    index_id = await admin.fetchval(
        """
        insert into ask_embedding_indexes (org_id, id, provider, model, dimension, state)
        values ($1, gen_random_uuid(), $2, $3, $4, 'serving') returning id
        """,
        org_id, embedder.name, embedder.model, embedder.dimension,
    )  # fmt: skip
    await admin.execute("create temporary table made (n bigint, content text, title text, account uuid)")
    seconds = dict.fromkeys(("chunks", "vectors", "postings"), 0.0)
    for start in range(0, size, AT_ONCE):
        made = texts.many(chance, min(AT_ONCE, size - start))
        began = time.perf_counter()
        await admin.copy_records_to_table(
            "made",
            records=[(start + n, text, text[:30], accounts[(start + n) % 500]) for n, text in enumerate(made)],
        )
        ids = [row["id"] for row in await admin.fetch(_CHUNKS, org_id, SOURCE, PROJECTS, _MADE)]
        await admin.execute("truncate made")
        seconds["chunks"] += time.perf_counter() - began
        began = time.perf_counter()
        await _write(admin, org_id, index_id, ids, await embedder.embed(made))
        seconds["vectors"] += time.perf_counter() - began
    await admin.execute("drop table made")
    began = time.perf_counter()
    for statement in _POSTINGS:
        await admin.execute(statement, org_id)
    seconds["postings"] = time.perf_counter() - began
    return seconds


_CHUNKS = """
    insert into ask_chunks (org_id, source_kind, connection_id, external_id, part, part_external_id, ordinal,
                            project_external_id, title_path, content, starts_at, ends_at, language, words, length,
                            identity_ids, updated_at, content_hash)
    select $1, 'document', $2, n::text, 'body', '', 0, 'P' || n % $3::bigint, array[title], content, 0, length(content),
           'english', words, (select sum(cardinality(w.positions)) from unnest(words) w), array[account],
           $4::timestamptz + n * interval '1 minute', md5(content)::uuid
      from made, lateral (select to_tsvector('english', title || E'\\n' || content) as words offset 0) t
     order by n
    returning id
"""
_POSTINGS = (
    """
    insert into ask_index_states (org_id, version, chunks, length, mean_length)
    select $1, 1, count(*), sum(length), avg(length) from ask_chunks where org_id = $1
    """,
    f"""
    insert into ask_postings (org_id, lexeme, chunk_id, impact)
    select $1, w.lexeme, c.id, {postings.impact("cardinality(w.positions)", "c.length", "s.mean_length")}
      from ask_chunks c join ask_index_states s using (org_id), unnest(c.words) w
     where c.org_id = $1 order by 2, 3
    """,
    """
    insert into ask_terms (org_id, lexeme, chunks)
    select $1, lexeme, count(*) from ask_postings where org_id = $1 group by lexeme
    """,
)


async def _write(admin: Admin, org_id: UUID, index_id: UUID, ids: Sequence[int], vectors: Vectors) -> None:
    """By COPY's binary format: fields behind their lengths, a halfvec as its dimension, a zero, and halves."""
    dimension = vectors.shape[1]
    rows = np.zeros(
        len(ids),
        dtype=[
            ("fields", ">i2"), ("l0", ">i4"), ("org", "S16"), ("l1", ">i4"), ("chunk", ">i8"), ("l2", ">i4"),
            ("index", "S16"), ("l3", ">i4"), ("dimension", ">i4"), ("l4", ">i4"), ("size", ">i2"), ("zero", ">i2"),
            ("values", ">f2", (dimension,)),
        ],
    )  # fmt: skip
    lengths = {"fields": 5, "l0": 16, "l1": 8, "l2": 16, "l3": 4, "l4": 4 + 2 * dimension}
    for name, value in {**lengths, "chunk": ids, "dimension": dimension, "size": dimension, "values": vectors}.items():
        rows[name] = value
    raw = rows.view("u1").reshape(len(ids), rows.dtype.itemsize).copy()
    for name, value in (("org", org_id), ("index", index_id)):
        place = rows.dtype.fields[name][1]  # type: ignore[index]
        raw[:, place : place + 16] = np.frombuffer(value.bytes, dtype="u1")

    async def source() -> AsyncIterator[bytes]:
        yield b"PGCOPY\n\xff\r\n\0" + bytes(8) + raw.tobytes() + b"\xff\xff"

    await admin.copy_to_table(
        "ask_embeddings",
        source=source(),
        columns=["org_id", "chunk_id", "index_id", "dimension", "embedding"],
        format="binary",
    )


def _filters() -> dict[str, Filters]:
    since = _MADE + timedelta(days=20)
    return {
        "no filter but the organisation": Filters(),
        "of one project in 200": Filters(projects=[ProjectKey(SOURCE, "P7")]),
        "since a date, most chunks": Filters(since=since),
    }


async def _ask(bench: Bench, finder: Finder, text: str, filters: Filters) -> float:
    """Milliseconds, from the words of the question to ranked passages."""
    began = time.perf_counter()
    vector = await finder.vector(text, [])
    async with bench.rag.transaction(bench.org_id) as conn:
        await finder.find(
            conn, bench.org_id, Search(text=text, filters=filters), as_of=datetime.now(UTC), vector=vector
        )
    return (time.perf_counter() - began) * 1000


_NEAREST = f"""
    select chunk_id from ask_embeddings
     where org_id = $1 and dimension = 256 and index_id = (select id from ask_embedding_indexes
                                                            where org_id = $1 and state = 'serving')
     order by (embedding::halfvec(256) <#> $2::text::halfvec(256)) limit {search.NEAREST}
"""
# An addition that changes nothing keeps the graph out of it.
_EXACT = _NEAREST.replace("halfvec(256)) limit", "halfvec(256)) + 0 limit")


async def _recall(bench: Bench, finder: Finder, text: str) -> float:
    """The share of the ten nearest vectors that the walk through the graph finds, as the search walks it."""
    vector = await finder.vector(text, [])
    assert isinstance(vector, Vector)
    values = (bench.org_id, search.as_text(vector.values))
    async with bench.rag.transaction(bench.org_id) as conn:
        await search.tune(conn)
        walked = await conn.fetch(_NEAREST, *values)
    async with bench.rag.transaction(bench.org_id) as conn:
        exact = await conn.fetch(_EXACT, *values)
    return len({row[0] for row in walked} & {row[0] for row in exact[:10]}) / 10


def _row(what: str, taken: Sequence[float], target: str) -> tuple[str, str, str, str]:
    ordered = sorted(taken)
    return what, f"{statistics.median(ordered):,.0f} ms", f"{ordered[int(len(ordered) * 0.95) - 1]:,.0f} ms", target
