"""Running a service: its settings, its logs, and granian around its application."""

import asyncio
import gc
import math
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing import connection
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.server.mp import MPServer
from litestar import Litestar

from ovia_shared.config.settings import ServerSettings, load
from ovia_shared.errors import BadSettings
from ovia_shared.telemetry import logging, tracing
from ovia_shared.web.draining import Draining

# After requests were cut: for telling them so, ending loops, and closing the pool.
CLOSING_SECONDS = 5

_DRAIN, _CUT = signal.SIGUSR1, signal.SIGUSR2


def run(service: str, kind: type[Any], create: Callable[[Any], Litestar]) -> None:
    """Serves until SIGTERM or SIGINT, lets requests under way finish, and exits with 0.

    On SIGTERM `/ready` answers 503 at once, while requests are taken as before for `drain_seconds`: whoever divides
    them among replicas needs time to hear of it. Those under way then have `grace_seconds`; what is left is cut and
    logged. On SIGINT, which comes from a terminal, there is no such wait. A second signal changes nothing.

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
    server = _Server(
        service,
        drain=settings.drain_seconds,
        grace=settings.grace_seconds,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=1,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
        workers_kill_timeout=math.ceil(settings.grace_seconds) + CLOSING_SECONDS,
    )
    server.serve(target_loader=partial(_application, service, settings, create), wrap_loader=False)


class _Server(MPServer):
    """Granian, whose worker is told twice before it has to end: to drain, and to cut what takes too long."""

    def __init__(self, target: str, *, drain: float, grace: float, **more: Any) -> None:
        super().__init__(target, **more)
        self._drain = drain
        self._grace = grace

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        # Inherited by the worker until it listens to them: one told to end while it still starts would die of them.
        for number in (_DRAIN, _CUT):
            signal.signal(number, signal.SIG_IGN)
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        if not self.interrupt_signal and args and args[0] == signal.SIGINT:
            self._drain = 0
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]

    def shutdown(self, exit_code: int = 0) -> None:
        self._tell(_DRAIN)
        if self._drain and self.interrupt_signal:
            # Returns early if the worker dies meanwhile.
            connection.wait([worker.inner.sentinel for worker in self.wrks], timeout=self._drain)
        cutting = threading.Timer(self._grace, self._tell, [_CUT])
        cutting.daemon = True
        cutting.start()
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]

    def _tell(self, number: signal.Signals) -> None:
        for worker in tuple(self.wrks):
            if worker.inner.is_alive():
                os.kill(worker.inner.pid, number)


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
    # In the worker process, whose logging starts anew, and which alone has something to trace.
    tracing.configure(service, settings.build)
    more = [tracing.add_ids] if tracing.on() else []
    logging.configure(service.removeprefix("ovia-"), settings.log_level, *more)
    application = create(settings)
    application.on_startup.append(_listen)
    application.on_shutdown.append(_last_traces)
    # What is there now stays until the end: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    return application


async def _listen(application: Litestar) -> None:
    # In the worker, whose parent hears the signals people send and passes on what they mean.
    loop = asyncio.get_running_loop()
    draining: Draining = application.state.draining
    loop.add_signal_handler(_DRAIN, draining.begin)
    loop.add_signal_handler(_CUT, draining.cut)
    # Ctrl-C at a terminal reaches both; the parent decides here too.
    loop.remove_signal_handler(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


async def _last_traces(_: Litestar) -> None:
    if tracing.on():
        await asyncio.to_thread(tracing.end)
