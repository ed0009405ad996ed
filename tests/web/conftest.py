"""An application made as every service's is, with handlers of the test's own, in this process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

import httpx
import pytest
from litestar import Litestar

from ovia_shared.config.settings import ServerSettings
from ovia_shared.database.pool import Database
from ovia_shared.web.app import create_app
from tests.conftest import RoleDsn

Serve: TypeAlias = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def serve(role_dsn: RoleDsn) -> Serve:
    """Serves the handlers given over this test's database as ovia_api: `async with serve(handler) as client`."""

    @asynccontextmanager
    async def served(*handlers: Any, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
        application: Litestar = create_app(
            service="ovia-test",
            title="test",
            description="test",
            settings=ServerSettings(**settings),
            handlers=handlers,
            database=Database(role_dsn("ovia_api"), size=3, name="test"),
        )
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with application.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client

    return served
