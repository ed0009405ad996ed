"""The api service: people, identity mappings, orphans and sync status over HTTP."""

from litestar import Litestar

from ovia_api.docs.routes import docs
from ovia_api.identities.routes import list_orphans
from ovia_api.mappings.routes import list_mappings
from ovia_api.people.routes import list_people, read_person
from ovia_api.sync.routes import list_partitions
from ovia_shared.config.settings import HttpServiceSettings
from ovia_shared.database.pool import Database
from ovia_shared.web.app import create_app
from ovia_shared.web.serve import run

SERVICE = "ovia-api"

_DESCRIPTION = """
Who is who, and how reading the sources is going.

Lists answer `{"data": [...], "next": cursor or null, "total": n}`; pass `next` back as `cursor`, with the same
filters, for the page after. Faults are `application/problem+json` (RFC 9457). Times are RFC 3339 in UTC.
"""


def create(settings: HttpServiceSettings) -> Litestar:
    """The application, not yet listening."""
    return create_app(
        service=SERVICE,
        title="Ovia API",
        description=_DESCRIPTION.strip(),
        settings=settings,
        handlers=[list_people, read_person, list_mappings, list_orphans, list_partitions, docs],
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
