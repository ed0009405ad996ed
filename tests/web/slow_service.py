"""A service whose requests last as long as the file they name is not there: a program for the tests of how one ends."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from litestar import Litestar, get, post
from litestar.response import Stream

from ovia_shared.config.settings import ServerSettings
from ovia_shared.web.app import create_app
from ovia_shared.web.authentication import PUBLIC
from ovia_shared.web.draining import Draining
from ovia_shared.web.serve import run


async def _until_there(path: Path) -> None:
    while not path.exists():
        await asyncio.sleep(0.01)


@post("/wait", opt=dict(PUBLIC), status_code=201)
async def wait(until: str) -> str:
    await _until_there(Path(until))
    return "done"


@get("/export", opt=dict(PUBLIC))
async def export(until: str) -> Stream:
    async def lines() -> AsyncIterator[bytes]:
        yield b"first\n"
        await _until_there(Path(until))
        yield b"last\n"

    return Stream(lines())


def create(settings: ServerSettings) -> Litestar:
    ending: list[Draining] = []

    @get("/news", opt=dict(PUBLIC))
    async def news() -> Stream:
        async def lines() -> AsyncIterator[bytes]:
            yield b"hello\n"
            await ending[0].wait()
            yield b"goodbye\n"

        return Stream(lines())

    application = create_app(
        service="ovia-slow", title="slow", description="slow", settings=settings, handlers=[wait, export, news]
    )
    ending.append(application.state.draining)
    return application


if __name__ == "__main__":
    run("ovia-slow", ServerSettings, create)
