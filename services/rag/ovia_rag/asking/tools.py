"""What questions are answered with, by what each organisation chose: a finder of passages, and a model."""

from uuid import UUID

import msgspec

from ovia_rag.asking.patience import Hurried, HurriedEmbedder, HurriedReranker
from ovia_rag.asking.serving import SETTING, as_served
from ovia_rag.providers.chat import ChatModel
from ovia_rag.providers.choosing import Providers
from ovia_rag.providers.embedded import NAME as EMBEDDED
from ovia_rag.retrieval.finding import Finder
from ovia_shared.database import organisation_settings
from ovia_shared.database.known_quality import KnownQuality
from ovia_shared.database.pool import Connection
from ovia_shared.errors import OviaError
from ovia_shared.models.ask_settings import AskSettings

# A finder remembers vectors of words: of so many choices at a time.
MOST_FINDERS = 100


class Chosen(msgspec.Struct, frozen=True, eq=False):
    """What an organisation's questions are answered with. `notes` say what could not be had, and why."""

    finder: Finder
    model: ChatModel | None
    notes: list[str]


class Tools:
    """Shared by all requests of a service."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers
        self._finders: dict[tuple[UUID, bytes], Finder] = {}
        self.known_quality = KnownQuality()

    async def chosen(self, conn: Connection, org_id: UUID) -> Chosen:
        """By the setting `ask`; a choice that cannot be used is done without.

        Passages are found by the model whose vectors serve, which is the one chosen before until those of the one
        chosen now are made.
        """
        settings = await organisation_settings.read(conn, org_id, SETTING, AskSettings)
        notes: list[str] = []
        finder = self._finder(org_id, await as_served(conn, org_id, settings), settings, notes)
        try:
            model = self._providers.chat_model(org_id, settings)
        except OviaError as error:
            notes.append(error.message)
            model = None
        return Chosen(finder, None if model is None else Hurried(model), notes)

    def _finder(self, org_id: UUID, settings: AskSettings, chosen: AskSettings, notes: list[str]) -> Finder:
        key = (org_id, msgspec.json.encode([settings, chosen]))
        found = self._finders.get(key)
        if found is None:
            found = self._made(org_id, settings, chosen, notes)
            if not notes:
                while len(self._finders) >= MOST_FINDERS:
                    del self._finders[next(iter(self._finders))]
                self._finders[key] = found
        return found

    def _made(self, org_id: UUID, settings: AskSettings, chosen: AskSettings, notes: list[str]) -> Finder:
        try:
            embedder = self._providers.embedder(org_id, settings)
            told = []
            if settings != chosen:
                wanted = chosen.embeddings.model or chosen.embeddings.provider
                told.append(f"the vectors of {wanted} are still being made; those of {embedder.model} were compared")
            reranker = self._providers.reranker(org_id, settings)
            return Finder(
                # What comes with Ovia takes its time of the processor, and nobody else's.
                embedder if embedder.name == EMBEDDED else HurriedEmbedder(embedder),
                None if reranker is None else HurriedReranker(reranker),
                told,
            )
        except OviaError as error:
            notes.append(error.message)
            return Finder(None)
