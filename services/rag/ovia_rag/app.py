"""The rag service: so far it says only that it is there."""

from litestar import Litestar

from ovia_shared.config.settings import HttpServiceSettings
from ovia_shared.database.pool import Database
from ovia_shared.web.app import create_app
from ovia_shared.web.serve import run

SERVICE = "ovia-rag"


def create(settings: HttpServiceSettings) -> Litestar:
    """The application, not yet listening."""
    return create_app(
        service=SERVICE,
        title="Ovia rag",
        description="Questions answered with evidence.",
        settings=settings,
        database=Database(
            settings.database_url.get_secret_value(),
            size=settings.database_pool_size,
            statement_timeout=settings.statement_timeout,
            name=SERVICE,
        ),
    )


def main() -> None:
    """Runs the service until it is told to stop."""
    run(SERVICE, HttpServiceSettings, create)


if __name__ == "__main__":
    main()
