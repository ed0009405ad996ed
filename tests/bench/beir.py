"""`python -m tests.bench.beir FOLDER [SPLIT]`: judges retrieval by any test set in BEIR's format.

Words alone, vectors alone, both fused, and the fused ranked by the learned weights: nDCG@10 and recall@100, over a
database of its own. `OVIA_BEIR_QUESTIONS` asks at most so many, evenly taken.
"""

import asyncio
import os
import statistics
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ovia_rag.providers.embedded import Embedded
from ovia_rag.providers.embedding import Embedder
from ovia_rag.retrieval import finding
from ovia_shared.database.ask import search as database
from ovia_shared.models.ask import Search
from ovia_shared.models.ask_search import Fusion, Hit
from tests.bench.ask_organisation import Bench, organisation
from tests.bench.beir_folder import Collection, Document, read
from tests.bench.ranking_measures import ndcg, recall
from tests.bench.report import Table, publish
from tests.rag.filling import Piece, fill

DEPTH = finding.DEPTH
# A chunk holds at most 20,000 characters.
LONGEST = 19_000
Way = Callable[[str], Awaitable[list[str]]]


def main() -> int:
    """Prints the table and keeps it in test-results."""
    if len(sys.argv) not in (2, 3):
        print("usage: python -m tests.bench.beir FOLDER [SPLIT]", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1]).expanduser()
    try:
        collection = read(folder, *sys.argv[2:])
    except OSError as error:
        print(f"{folder} is not a folder in BEIR's format: {error}", file=sys.stderr)
        return 2
    publish("beir", asyncio.run(run(folder.name, collection)))
    return 0


async def run(name: str, collection: Collection) -> list[Table]:
    """One table."""
    embedder = Embedded()
    most = int(os.environ.get("OVIA_BEIR_QUESTIONS", "1000"))
    asked = sample(collection, most)
    async with organisation() as bench:
        await fill(bench.rag, bench.org_id, pieces(collection.documents), embedder)
        await bench.admin.execute("vacuum analyze")
        rows = [
            (way, *(f"{value:.3f}" for value in await judged(collection, asked, rank)))
            for way, rank in ways(bench, embedder).items()
        ]
    title = f"{name}: {len(collection.documents):,} documents, {len(asked):,} questions, {embedder.model}"
    return [Table(title, ("way", "nDCG@10", "recall@100"), tuple(rows))]


def sample(collection: Collection, most: int) -> list[str]:
    """At most so many questions, evenly taken."""
    questions = list(collection.questions)
    step = max(len(questions) / most, 1.0)
    return [questions[int(place * step)] for place in range(int(len(questions) / step))]


def pieces(documents: Sequence[Document]) -> list[Piece]:
    """Documents as chunks: one each, unless one is too long."""
    return [
        Piece(id=one.id, title=one.title, text=text, ordinal=number)
        for one in documents
        for number, text in enumerate(_cut((one.text.strip() or one.title.strip()).replace("\x00", " ")))
    ]


def _cut(text: str) -> list[str]:
    return [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]


def ways(bench: Bench, embedder: Embedder) -> dict[str, Way]:
    """How a question is turned into document ids, best first, in each way."""
    finder = finding.Finder(embedder)

    async def by(weight: float, text: str) -> list[str]:
        vector = await finder.vector(text, []) if weight else None
        async with bench.rag.transaction(bench.org_id) as conn:
            fusion = Fusion(weight, finding.EMBEDDED_FUSION.k)
            found = await database.find(conn, bench.org_id, text, fusion=fusion, depth=DEPTH, vector=vector)
        return _documents([hit for hit in found.hits if weight < 1 or hit.vector_place is not None])

    async def reranked(text: str) -> list[str]:
        vector = await finder.vector(text, [])
        async with bench.rag.transaction(bench.org_id) as conn:
            _, ranked = await finder.ranked(
                conn, bench.org_id, Search(text=text[:4000]), as_of=datetime.now(UTC), vector=vector
            )
        return _documents([one.hit for one in ranked])

    return {
        "text": lambda text: by(0.0, text),
        "vector": lambda text: by(1.0, text),
        "hybrid": lambda text: by(finding.EMBEDDED_FUSION.weight, text),
        "hybrid, reranked": reranked,
    }


def _documents(hits: Sequence[Hit]) -> list[str]:
    return list(dict.fromkeys(hit.external_id for hit in hits))


async def judged(collection: Collection, asked: Sequence[str], rank: Way) -> tuple[float, float]:
    """The means over the questions."""
    rankings = [(await rank(collection.questions[one]), collection.judged[one]) for one in asked]
    return (
        statistics.fmean(ndcg(ranking, grades) for ranking, grades in rankings),
        statistics.fmean(recall(ranking, grades) for ranking, grades in rankings),
    )


if __name__ == "__main__":
    sys.exit(main())
