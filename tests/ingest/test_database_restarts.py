"""The database server is stopped, and killed, while a source is read: the end is that of an undisturbed run."""

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from ovia_local.postgres import EmbeddedPostgres
from ovia_shared.admin import operations
from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import Database
from tests.conftest import ROLE_PASSWORD, SampleOrganisation
from tests.ingest.conftest import Ingest
from tests.ingest.jira.server import JiraServer
from tests.ingest.test_run import Run, state_of

NAMES = ("Disturbed", "Undisturbed")


class Server:
    """A server of this test's own, in directories that any account may pass through."""

    def __init__(self, directory: Path) -> None:
        self._postgres = EmbeddedPostgres(directory / "postgres")
        self._directory = directory
        self.organisations: list[SampleOrganisation] = []

    async def prepare(self) -> None:
        self._postgres.start()
        await prepare.prepare_server(self._postgres.admin_dsn(), dict.fromkeys(prepare.LOGINS, ROLE_PASSWORD))
        await prepare.prepare_database(self._postgres.admin_dsn(), "ovia")
        owner = prepare.as_role(self.dsn, prepare.OWNER, ROLE_PASSWORD)
        await asyncio.to_thread(migrate.apply, owner)
        database = Database(owner, size=1)
        await database.open()
        for name in NAMES:
            made = await operations.create_organisation(database, name, actor="test")
            self.organisations.append(SampleOrganisation(made.id, name, {}))
        await database.close()

    @property
    def dsn(self) -> str:
        return self._postgres.admin_dsn("ovia")

    def ingest(self) -> Ingest:
        return Ingest(prepare.as_role(self.dsn, "ovia_ingest", ROLE_PASSWORD), self._directory, NAMES[0])

    def restart(self, how: signal.Signals) -> None:
        self.kill(how)
        self.revive()

    def kill(self, how: signal.Signals) -> None:
        """SIGINT ends every session and stops in order; SIGQUIT stops at once, as a crash would."""
        server = self._postgres._server
        assert server is not None
        server.send_signal(how)
        server.wait(30)

    def revive(self) -> None:
        self._postgres.stop()
        self._postgres.start()

    def stop(self) -> None:
        self._postgres.stop()

    async def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetch(query, *values)
        finally:
            await connection.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    with tempfile.TemporaryDirectory(prefix="ovia-restarts-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        made = Server(directory)
        try:
            await made.prepare()
            yield made
        finally:
            made.stop()


@pytest.mark.timeout(180)
async def test_a_server_that_stops_and_crashes_during_a_read_loses_nothing(server: Server) -> None:
    jira = JiraServer()
    jira.page_limit = 5
    for number in range(1, 301):
        jira.add(number)
    disturbed, undisturbed = server.organisations
    async with jira.served() as address:
        run = Run(server.ingest(), address)
        process = await run.start(disturbed)
        for restart, how in enumerate((signal.SIGINT, signal.SIGQUIT, signal.SIGQUIT)):
            wanted = jira.requests + 25
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(20):
                    while jira.requests < wanted:
                        await asyncio.sleep(0.01)
            assert process.returncode is None, f"the run ended before restart {restart}"
            server.restart(how)
        _, err = await process.communicate()
        assert b"Traceback" not in err
        # Whoever could not say that they let go holds what they read for a while.
        await server.rows(
            "update sync_partitions set next_due_at = now(), lease_expires_at = least(lease_expires_at, now())"
        )
        assert (await run.end(disturbed)).code == 0, err
        assert (await run.end(undisturbed)).code == 0
    assert await state_of(server.rows, disturbed) == await state_of(server.rows, undisturbed)
    assert len(await server.rows("select from work_items")) == 600
