"""Of two organisations that wrote nearly the same, neither ever sees the other's."""

import random

from ovia_rag.retrieval.finding import Finder
from ovia_shared.database.ask import search
from ovia_shared.database.ask.filtering import ANYTHING
from ovia_shared.models.ask import Filters, Search, SourceKind
from ovia_shared.models.ask_search import Fusion, Vector
from ovia_shared.models.product import ProjectKey
from tests.rag.filling import SOURCE, WRITTEN, Piece
from tests.rag.retrieval.conftest import NOW, HashedWords, Library

QUESTIONS = 1000
CHUNKS = 25
WORDS = [
    "rudder", "wing", "tow", "rope", "winch", "release", "knots", "field", "landing", "vario", "oxygen", "pilot",
    "glider", "hangar", "trailer", "canopy", "battery", "radio", "spar", "flap", "brake", "cable", "signal", "weather",
]  # fmt: skip
FILTERS = (
    Filters(),
    Filters(kinds=[SourceKind.WORK_ITEM]),
    Filters(projects=[ProjectKey(SOURCE, "GLD")]),
    Filters(since=WRITTEN),
)


def _pieces(owner: str, chance: random.Random) -> list[Piece]:
    """The same texts for the same chance, but for one word that says whose they are."""
    return [
        Piece(
            id=f"{owner}-{number}",
            title=" ".join(chance.sample(WORDS, 2)),
            text=f"{' '.join(chance.choices(WORDS, k=25))} {owner}",
            kind=chance.choice([SourceKind.DOCUMENT, SourceKind.WORK_ITEM]),
            project=chance.choice(["GLD", "TUG"]),
        )
        for number in range(CHUNKS)
    ]


async def test_a_thousand_random_questions_never_cite_the_other_organisation(library: Library) -> None:
    embedder, chance = HashedWords(), random.Random(7)
    owners = {library.org_id: "fernweh", library.other: "zuraw"}
    for org_id, owner in owners.items():
        await library.fill(*_pieces(owner, random.Random(5)), embedder=embedder, org_id=org_id)
    finders = (Finder(embedder), Finder(None))
    cited = 0
    for _ in range(QUESTIONS):
        org_id = chance.choice(list(owners))
        text = " ".join(chance.choices([*WORDS, *owners.values()], k=chance.randint(1, 8)))
        found = await library.find(
            text, chance.choice(FILTERS), finder=chance.choice(finders), recent=chance.random() < 0.2, org_id=org_id
        )
        cited += len(found.passages)
        assert found.looked_at == CHUNKS
        for passage in found.passages:
            assert passage.external_id.startswith(owners[org_id])
            assert passage.text.endswith(owners[org_id])
    assert cited > QUESTIONS


async def test_whoever_works_for_one_organisation_finds_nothing_by_the_id_of_another(library: Library) -> None:
    embedder = HashedWords()
    await library.fill(*_pieces("fernweh", random.Random(5)), embedder=embedder)
    async with library.rag.transaction(library.other) as conn:
        found = await Finder(embedder).find(conn, library.org_id, Search(text="rudder fernweh"), as_of=NOW)
    assert (found.passages, found.looked_at) == ([], 0)


async def test_the_graph_of_vectors_which_holds_all_organisations_gives_only_ones_own(library: Library) -> None:
    embedder = HashedWords()
    for org_id, owner in ((library.org_id, "fernweh"), (library.other, "zuraw")):
        await library.fill(*_pieces(owner, random.Random(5)), embedder=embedder, org_id=org_id)
    # A question exactly as the other wrote it: its nearest neighbours in the graph are the other's.
    (values,) = await embedder.embed([_pieces("zuraw", random.Random(5))[0].text])
    vector = Vector(embedder.name, embedder.model, values.tolist())
    async with library.rag.transaction(library.org_id) as conn:
        await conn.execute("set local enable_sort = off")
        await conn.execute("set local enable_bitmapscan = off")
        await conn.execute("set local enable_seqscan = off")
        explained = await conn.fetch(
            f"explain {search.statement(ANYTHING, 256)}",
            *search.values_of(library.org_id, "-", Fusion(1.0, 5), 50, ANYTHING, vector),
        )
        assert any("ask_embeddings_256" in row[0] for row in explained)
        found = await search.find(conn, library.org_id, "-", fusion=Fusion(1.0, 5), depth=50, vector=vector)
    assert len(found.hits) == CHUNKS
    assert all(hit.external_id.startswith("fernweh") for hit in found.hits)
