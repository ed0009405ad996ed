"""Running a service: its settings, its logs, and granian around its application."""

import gc
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from litestar import Litestar

from ovia_shared.config.settings import ServerSettings, load
from ovia_shared.errors import BadSettings
from ovia_shared.telemetry import logging

# Requests under way may take this long after the service was told to end.
DRAIN_SECONDS = 20


def run(service: str, kind: type[Any], create: Callable[[Any], Litestar]) -> None:
    """Serves until SIGTERM or SIGINT, then lets requests under way finish and exits with 0.

    A missing or bad setting, or an address somebody else listens on, is one sentence on standard error, and exit
    code 2.
    """
    try:
        settings: ServerSettings = load(kind)
        _refuse_taken_address(settings.host, settings.port)
    except BadSettings as error:
        print(f"{service}: {error.message}", file=sys.stderr)  # noqa: T201 (the one word before there are logs)
        sys.exit(2)
    logging.configure(service.removeprefix("ovia-"), settings.log_level)
    server = Granian(
        service,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=1,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
        workers_kill_timeout=DRAIN_SECONDS,
    )
    server.serve(target_loader=partial(_application, service, settings, create), wrap_loader=False)


def _refuse_taken_address(host: str, port: int) -> None:
    # Granian shares the port with any process that has it already, and the two would take turns to answer.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BadSettings(
                f"cannot listen on {host}:{port} ({error.strerror}); set OVIA_HOST and OVIA_PORT"
            ) from None


def _application(
    service: str, settings: ServerSettings, create: Callable[[Any], Litestar], *_: Any, **__: Any
) -> Litestar:
    # In the worker process, whose logging starts anew.
    logging.configure(service.removeprefix("ovia-"), settings.log_level)
    application = create(settings)
    # What is there now stays until the end: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    return application
