"""Whose vectors a question is compared with while those of another model, chosen since, are being made."""

from uuid import UUID

import msgspec

from ovia_shared.database import organisation_settings
from ovia_shared.database.ask import embeddings
from ovia_shared.database.pool import Connection
from ovia_shared.models.ask_index import EmbeddingIndex
from ovia_shared.models.ask_settings import AskSettings, EmbeddingChoice, EmbeddingProvider

SETTING = "ask"
# Choices are looked through as far back as this: a set that serves still is of one of the last.
MOST_VERSIONS = 100


async def as_served(conn: Connection, org_id: UUID, settings: AskSettings) -> AskSettings:
    """The settings, with the earlier choice of embeddings in them if it is that one's set of vectors which serves.

    Vectors of different models never compare: a question has to become one by the model whose set is searched. All that
    is needed to ask that model was a version of the setting; what comes with Ovia is at hand in any case.
    """
    serving = await embeddings.serving(conn, org_id)
    if serving is None or _is_of(serving, settings.embeddings):
        return settings
    for earlier in await organisation_settings.versions(conn, org_id, SETTING, AskSettings, MOST_VERSIONS):
        if _is_of(serving, earlier.embeddings):
            return msgspec.structs.replace(settings, embeddings=earlier.embeddings)
    if _is_of(serving, EmbeddingChoice()):
        return msgspec.structs.replace(settings, embeddings=EmbeddingChoice())
    return settings


def _is_of(index: EmbeddingIndex, chosen: EmbeddingChoice) -> bool:
    if chosen.provider is EmbeddingProvider.EMBEDDED:
        return index.provider == chosen.provider
    return (index.provider, index.model, index.dimension) == (chosen.provider, chosen.model, chosen.dimension)
