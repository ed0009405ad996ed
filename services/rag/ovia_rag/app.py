"""The rag service: questions answered with evidence, and figures for Prometheus."""

from litestar import Litestar

from ovia_rag.asking import routes
from ovia_rag.asking.tools import Tools
from ovia_rag.indexing.gauges import IndexGauges
from ovia_rag.providers.choosing import Providers
from ovia_shared.config.settings import HttpServiceSettings
from ovia_shared.database.pool import Database
from ovia_shared.web.app import create_app

SERVICE = "ovia-rag"


def create(settings: HttpServiceSettings, providers: Providers) -> Litestar:
    """The application, not yet listening. Whoever made the providers closes them."""
    database = Database(
        settings.database_url.get_secret_value(),
        size=settings.database_pool_size,
        statement_timeout=settings.statement_timeout,
        name=SERVICE,
    )
    return create_app(
        service=SERVICE,
        title="Ovia rag",
        description="Questions answered with evidence.",
        settings=settings,
        handlers=[routes.routes(database, Tools(providers))],
        database=database,
        more_metrics=IndexGauges(database).text,
    )
