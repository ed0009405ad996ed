"""While the vectors of another model are made, questions are compared with those that serve."""

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest

from ovia_rag.asking.tools import Tools
from ovia_rag.indexing import vectors
from ovia_rag.providers.choosing import Providers
from ovia_rag.retrieval.finding import Found
from ovia_shared.config.providers import ProviderKeys
from ovia_shared.config.settings import load
from ovia_shared.database import knowing, organisation_settings
from ovia_shared.database.ask import embeddings
from ovia_shared.database.pool import Database
from ovia_shared.models.ask import Search
from ovia_shared.models.ask_settings import AskSettings, EmbeddingChoice, EmbeddingProvider
from tests.api.conftest import Organisations
from tests.conftest import OpenDatabase
from tests.rag.filling import Piece, fill
from tests.rag.providers.conftest import QUICK
from tests.rag.providers.fake_model import FakeModel

PIECES = [Piece(id=str(n), title=f"Page {n}", text=f"The tower keeps list {n} of gliders.") for n in range(5)]
OURS = AskSettings()


class Switch(msgspec.Struct, frozen=True):
    """An organisation whose index is of one model, and whose choice becomes another."""

    rag: Database
    metrics: Database
    providers: Providers
    org_id: UUID
    tools: Tools

    async def choose(self, settings: AskSettings) -> None:
        async with self.metrics.transaction(self.org_id) as conn:
            await organisation_settings.write(conn, self.org_id, "ask", settings, "somebody")

    async def index(self, settings: AskSettings) -> None:
        await fill(self.rag, self.org_id, PIECES, self.providers.embedder(self.org_id, settings))

    async def begin(self, settings: AskSettings) -> None:
        """A set of vectors for this choice is under way, and none is in it yet."""
        of = self.providers.embedder(self.org_id, settings)
        async with self.rag.transaction(self.org_id) as conn:
            await embeddings.add(
                conn, self.org_id, "building", provider=of.name, model=of.model, dimension=of.dimension
            )

    async def find(self) -> Found:
        async with self.rag.transaction(self.org_id) as conn:
            chosen = await self.tools.chosen(conn, self.org_id)
            assert chosen.notes == []
            search = Search(text="the tower of gliders")
            return await chosen.finder.find(conn, self.org_id, search, as_of=await knowing.settled(conn))


@pytest.fixture
async def switch(organisations: Organisations, open_database: OpenDatabase) -> AsyncIterator[Switch]:
    rag = await open_database("ovia_rag")
    async with Providers(load(ProviderKeys), rag, tempo=QUICK) as providers:
        yield Switch(rag, await open_database("ovia_metrics"), providers, organisations[0].id, Tools(providers))


def _by(fake: FakeModel, model: str) -> AskSettings:
    return AskSettings(
        embeddings=EmbeddingChoice(
            provider=EmbeddingProvider.OPENAI, model=model, base_url=fake.base_url, dimension=256
        )
    )


@pytest.mark.parametrize(("before", "after"), [("old", "new"), ("embedded", "new"), ("old", "embedded")])
async def test_a_question_is_embedded_by_the_model_whose_vectors_serve(
    switch: Switch, fake_model: FakeModel, before: str, after: str
) -> None:
    first, second = (OURS if one == "embedded" else _by(fake_model, one) for one in (before, after))
    if first != OURS:
        await switch.choose(first)
    await switch.index(first)
    await switch.choose(second)
    await switch.begin(second)
    fake_model.asked.clear()
    found = await switch.find()
    assert found.by_vectors
    assert any(one.features["similarity"] for one in found.passages)
    assert [one["model"] for one in fake_model.asked] == ([] if first == OURS else ["old"])
    served = switch.providers.embedder(switch.org_id, first).model
    assert found.notes == [f"the vectors of {after} are still being made; those of {served} were compared"]

    await vectors.fill(switch.rag, switch.org_id, switch.providers.embedder(switch.org_id, second), lambda *_: None)
    fake_model.asked.clear()
    found = await switch.find()
    assert (found.by_vectors, found.notes) == (True, [])
    assert [one["model"] for one in fake_model.asked] == ([] if second == OURS else ["new"])


async def test_a_model_that_was_chosen_several_choices_ago_serves_until_another_is_ready(
    switch: Switch, fake_model: FakeModel
) -> None:
    await switch.choose(_by(fake_model, "old"))
    await switch.index(_by(fake_model, "old"))
    for name in ("second", "third"):
        await switch.choose(_by(fake_model, name))
    found = await switch.find()
    assert found.by_vectors
    assert found.notes == ["the vectors of third are still being made; those of old were compared"]


async def test_a_set_that_nobody_can_be_asked_about_leaves_the_words(switch: Switch, fake_model: FakeModel) -> None:
    # Never chosen as far as the setting remembers.
    await switch.index(_by(fake_model, "unknown"))
    await switch.choose(_by(fake_model, "new"))
    found = await switch.find()
    assert not found.by_vectors
    assert found.passages
    assert found.notes == ["the index has no vectors of new yet; only words were compared"]
