"""The console service: so far it says only that it is there. It has no database; it asks the other services."""

from litestar import Litestar

from ovia_shared.config.settings import ServerSettings
from ovia_shared.web.app import create_app
from ovia_shared.web.serve import run

SERVICE = "ovia-console"


def create(settings: ServerSettings) -> Litestar:
    """The application, not yet listening."""
    return create_app(
        service=SERVICE,
        title="Ovia console",
        description="The web console.",
        settings=settings,
    )


def main() -> None:
    """Runs the service until it is told to stop."""
    run(SERVICE, ServerSettings, create)


if __name__ == "__main__":
    main()
