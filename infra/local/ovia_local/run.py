"""`make run`: everything Ovia needs on one machine, started in order, watched, and stopped in order."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from rich.console import Console

from ovia_local import database, programs, sample_teams, sources
from ovia_local.database import Access
from ovia_local.errors import StackError, with_log
from ovia_local.ingest import Ingest
from ovia_local.ports import LOOPBACK, free_ports, require_free
from ovia_local.postgres import EmbeddedPostgres
from ovia_local.processes import Processes
from ovia_local.readiness import wait_until_ready
from ovia_local.state import State
from ovia_local.summary import summary

POSTGRES_LOOK_SECONDS = 0.5
# What a gateway whose supervisor was killed may take to let go of its port.
KILLED_SECONDS = 10.0

Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Wish:
    """What the person at the terminal asked for."""

    port: int
    repositories: Sequence[str]
    # A superuser's connection string of another server; without it there is an embedded one.
    database_url: str | None


async def run(state: State, wish: Wish, console: Console) -> None:
    """Start everything, then wait until cancelled or until a part of it ends by itself.

    However it ends, whatever was started is stopped in the reverse order.

    Raises:
        OviaError: something could not start or ended by itself; the message is for the person at the
        terminal.
    """
    sources.check()
    state.create()
    async with contextlib.AsyncExitStack() as stack:
        killed = stack.enter_context(state.held())
        require_free(wish.port, patience=KILLED_SECONDS if killed else 0)
        ends: list[Coroutine[Any, Any, None]] = []
        admin_dsn = wish.database_url
        if admin_dsn is None:
            postgres = EmbeddedPostgres(state.postgres)
            with step(console, f"PostgreSQL {postgres.version}"):
                stack.callback(postgres.stop)
                postgres.start()
            admin_dsn = postgres.admin_dsn()
            ends.append(_postgres_ended(postgres))
        with step(console, "Database, roles and migrations"):
            access = await _prepared(state, admin_dsn)

        gateway, services = Processes(), Processes()
        stack.push_async_callback(gateway.stop)
        stack.push_async_callback(services.stop)
        stack.callback(console.print, "\nStopping …", style="dim")
        ports = dict(zip(programs.SERVICES, free_ports(len(programs.SERVICES)), strict=True))
        with step(console, f"Services {', '.join(ports)} and the gateway"):
            await gateway.start(programs.gateway(state, wish.port, ports))
            for name in ports:
                await services.start(programs.service(name, state, ports))
            addresses = {f"ovia-{name}": f"http://{LOOPBACK}:{port}/ready" for name, port in ports.items()}
            addresses["gateway"] = f"http://{LOOPBACK}:{wish.port}/ready"
            sample = sources.sample_port(state) if sources.sample_wanted() else None
            if sample is not None:
                require_free(sample, patience=KILLED_SECONDS if killed else 0)
                await services.start(sources.sample_server(state, sample))
                addresses["ovia-demo"] = f"http://{LOOPBACK}:{sample}/"
            ends += [gateway.ended(), services.ended()]
            watch = Watch(ends)
            stack.push_async_callback(watch.close)
            await watch.during(wait_until_ready(addresses))
        ingest = Ingest(state, access, sample)
        await watch.during(ingest.repositories(wish.repositories, console))
        await watch.during(ingest.sources(console))
        summary(console, state, wish.port, access, sample=sample is not None)
        if sample is not None:
            await watch.during(sample_teams.tell(state, wish.port, access, console))
        await watch.during(asyncio.gather(asyncio.Event().wait(), ingest.keep_reading()))


@contextlib.contextmanager
def step(console: Console, name: str) -> Iterator[None]:
    """Shows that something is under way, then how long it took."""
    began = time.monotonic()
    with console.status(f"{name} …"):
        yield
    console.print(f"[green]✓[/green] {name} [dim]{time.monotonic() - began:.1f} s[/dim]")


class Watch:
    """Notices when a part of the stack ends that the rest cannot do without."""

    def __init__(self, ends: Sequence[Coroutine[Any, Any, None]]) -> None:
        self._ends = [asyncio.create_task(end) for end in ends]

    async def during(self, work: Awaitable[Outcome]) -> Outcome:
        """The outcome of `work`, or the fault of the part that ended first; the work is cancelled then."""
        job = asyncio.ensure_future(work)
        try:
            await asyncio.wait([job, *self._ends], return_when=asyncio.FIRST_COMPLETED)
            for end in self._ends:
                if end.done():
                    end.result()
            return await job
        finally:
            await _cancelled(job)

    async def close(self) -> None:
        """Stop looking. Comes before stopping the parts on purpose."""
        for end in self._ends:
            await _cancelled(end)


async def _cancelled(task: "asyncio.Future[Any]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _postgres_ended(postgres: EmbeddedPostgres) -> None:
    # No event tells of it: the server is no child of ours.
    while postgres.running:  # noqa: ASYNC110
        await asyncio.sleep(POSTGRES_LOOK_SECONDS)
    raise StackError(with_log("PostgreSQL ended by itself.", postgres.log))


async def _prepared(state: State, admin_dsn: str) -> Access:
    try:
        await database.prepare_all(state, admin_dsn)
        return await database.first_access(state)
    except Exception as error:
        # Any server may be behind OVIA_DATABASE_URL, and what it may refuse has no end: its own words say it best.
        words = str(error) or type(error).__name__
        raise StackError(
            f"The database could not be prepared: {words}. OVIA_DATABASE_URL, if set, has to be a superuser's "
            "connection string, such as postgresql://postgres:password@host/ovia."
        ) from error
