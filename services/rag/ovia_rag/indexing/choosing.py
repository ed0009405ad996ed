"""The model whose vectors an organisation chose, for whoever indexes it."""

from uuid import UUID

from ovia_rag.indexing.organisation import Choose
from ovia_rag.providers.choosing import Providers
from ovia_rag.providers.embedding import Embedder
from ovia_shared.database import organisation_settings
from ovia_shared.database.pool import Connection
from ovia_shared.models.ask_settings import AskSettings

SETTING = "ask"


def chosen_among(providers: Providers) -> Choose:
    """Reads the choice anew each time, so that another one holds from the next pass on."""

    async def choose(conn: Connection, org_id: UUID) -> Embedder:
        settings = await organisation_settings.read(conn, org_id, SETTING, AskSettings)
        return providers.embedder(org_id, settings)

    return choose
