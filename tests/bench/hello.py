"""The ceiling of the HTTP side: one Litestar handler, under granian as the services run."""

import os

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from litestar import Litestar, get


@get("/")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


app = Litestar([hello], openapi_config=None, logging_config=None)


if __name__ == "__main__":
    Granian(
        "tests.bench.hello:app",
        port=int(os.environ["OVIA_PORT"]),
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    ).serve()
