"""The console service: pages for people. It has no database; it asks the other services with the reader's rights."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Router, get
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from ovia_console.assets import serving
from ovia_console.assets.serving import Assets
from ovia_console.features import FEATURES
from ovia_console.pages import failures
from ovia_console.pages.headers import protect
from ovia_console.pages.rendering import Templates
from ovia_console.pages.visit import visit_of
from ovia_console.services import Services
from ovia_console.session import keeping
from ovia_console.session import routes as session_routes
from ovia_console.session.forgery import refuse_forged
from ovia_console.settings import ConsoleSettings
from ovia_shared.errors import NotFound
from ovia_shared.web.app import create_app
from ovia_shared.web.authentication import PUBLIC
from ovia_shared.web.serve import run

SERVICE = "ovia-console"


def create(settings: ConsoleSettings) -> Litestar:
    """The application, not yet listening. Raises `BadSettings` if a style or script was not fetched."""
    assets = Assets()
    services = Services(settings)
    pages = Router(
        "/console",
        route_handlers=[
            serving.routes(assets),
            session_routes.ask,
            session_routes.sign_in,
            session_routes.sign_out,
            session_routes.choose_taste,
            *FEATURES,
            elsewhere,
        ],
        dependencies={"visit": Provide(visit_of)},
        middleware=[keeping.keeping(settings)],
        before_request=refuse_forged,
        after_request=protect,
        exception_handlers={HTTPException: failures.respond, Exception: failures.respond},
        opt=dict(PUBLIC),
        include_in_schema=False,
    )

    @asynccontextmanager
    async def open_services(_: Litestar) -> AsyncIterator[None]:
        await services.open()
        try:
            yield
        finally:
            await services.close()

    app = create_app(
        service=SERVICE,
        title="Ovia console",
        description="The web console.",
        settings=settings,
        handlers=[pages],
        lifespan=[open_services],
    )
    app.state.services = services
    app.state.templates = Templates(assets)
    return app


@get("/{rest:path}")
async def elsewhere(request: Request[Any, Any, Any], rest: FromPath[str]) -> None:  # noqa: ARG001 (any)
    """Whatever there is no page for."""
    raise NotFound("there is no page at this address")


def main() -> None:
    """Runs the service until it is told to stop."""
    run(SERVICE, ConsoleSettings, create)


if __name__ == "__main__":
    main()
