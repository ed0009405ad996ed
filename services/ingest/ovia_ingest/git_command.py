"""`ovia-ingest git`: from repositories named on the command line to commits, identities and people."""

import asyncio
import contextlib
import time
from uuid import UUID

import structlog

from ovia_ingest import progress, stopping
from ovia_ingest.connectors.git.location import GitLocation
from ovia_ingest.connectors.git.repository import Repository
from ovia_ingest.connectors.git.stream import CommitStream
from ovia_ingest.organisation import choose
from ovia_ingest.sync.runner import Runner, Stopped
from ovia_shared.config.settings import IngestSettings
from ovia_shared.database import connections, partitions
from ovia_shared.database.pool import Database
from ovia_shared.errors import LeaseLost, SourceError, SourceFault
from ovia_shared.linking.incremental import link_identities
from ovia_shared.models.sync import Partition, Progress
from ovia_shared.security.credentials import CredentialsVault

log = structlog.get_logger()


async def read_repositories(settings: IngestSettings, addresses: tuple[str, ...], organisation: str | None) -> int:
    """Reads each repository, then links the identities found. Returns the exit code.

    A repository that cannot be read is named with the reason and does not keep the others from being read; the code
    is 1 then. Raises `OviaError` where nothing can be done at all.
    """
    stop = stopping.on_signals()
    database = Database(
        settings.database_url.get_secret_value(), size=4, statement_timeout=3600, name="ovia-ingest", durable=False
    )
    await database.open()
    try:
        org_id = await choose(database, organisation)
        reader = _Reader(settings, database, org_id, stop)
        failed = 0
        for address in addresses:
            if not stop.is_set():
                failed += not await reader.read(address)
        if stop.is_set():
            progress.say("Stopped. What was read is kept; the next run carries on from there.")
            return 130
        await _link(database, org_id)
        return 1 if failed else 0
    finally:
        await database.close()


async def _link(database: Database, org_id: UUID) -> None:
    outcome = await link_identities(database, org_id)
    if outcome != type(outcome)(0, 0, 0, 0):
        progress.say(
            f"People: {outcome.people:,} new; accounts: {outcome.linked:,} linked, {outcome.conflicts:,} for review, "
            f"{outcome.orphans:,} without enough evidence."
        )


class _Reader:
    """Reads one repository after the other for one organisation."""

    def __init__(self, settings: IngestSettings, database: Database, org_id: UUID, stop: asyncio.Event) -> None:
        self._settings = settings
        self._database = database
        self._org_id = org_id
        self._stop = stop
        self._runner = Runner(database, org_id, lease_seconds=settings.lease_seconds, stop=stop)

    async def read(self, address: str) -> bool:
        """Whether this repository was read to its end. Says what happened either way."""
        started = time.monotonic()
        name = address
        try:
            location = GitLocation.parse(address)
            name = location.address
            done = await self._read(location)
        except Stopped:
            return False
        except (SourceError, LeaseLost) as error:
            log.error("repository not read", repository=name, reason=error.message)
            progress.say(f"{name}: {error.message}")
            return False
        if done is not None:
            self._report(name, done, time.monotonic() - started)
        return done is not None

    async def _read(self, location: GitLocation) -> Progress | None:
        location = await self._with_credentials(location)
        repository = await Repository.open(location, self._settings.git_cache.expanduser())
        if repository.shallow:
            progress.say(f"{location.address}: a shallow clone; only the commits it holds are read.")
        async with self._database.transaction(self._org_id) as conn:
            connection_id = await connections.ensure(conn, self._org_id, "git", location.name, location.address)
            connection = await connections.find(conn, self._org_id, connection_id)
            if connection is not None and connection.status == "paused":
                raise SourceError("this connection is paused; resume it to read it", fault=SourceFault.FATAL)
            partition_id = await partitions.ensure(conn, self._org_id, connection_id, CommitStream.name)
        partition = await self._claimed(partition_id, location.address)
        if partition is None:
            return None
        with progress.shown(location.name) as watch:
            return await self._runner.read(partition, CommitStream(repository, self._settings.git_page_commits), watch)

    async def _claimed(self, partition_id: UUID, name: str) -> Partition | None:
        """The partition, after waiting for another reader's lease to end if there is one; None when asked to stop."""
        told = False
        while not self._stop.is_set():
            partition = await self._runner.claim([partition_id])
            if partition is not None:
                return partition
            async with self._database.transaction(self._org_id) as conn:
                lease = await partitions.holder(conn, self._org_id, [partition_id])
            if lease is not None and not told:
                told = True
                progress.say(f"{name}: being read by {lease.owner}; waiting until it is done or gone.")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 0.25)
        return None

    async def _with_credentials(self, location: GitLocation) -> GitLocation:
        """Credentials written in a URL are kept, encrypted, and used again when the URL comes without."""
        keys = self._settings.credentials_keys
        if location.kind != "url" or keys is None:
            return location
        vault = CredentialsVault(keys.get_secret_value())
        async with self._database.transaction(self._org_id) as conn:
            if location.credentials is not None:
                connection_id = await connections.ensure(conn, self._org_id, "git", location.name, location.address)
                sealed = vault.seal(self._org_id, connection_id, location.credentials)
                await connections.set_credentials(conn, self._org_id, connection_id, sealed)
                return location
            known = await connections.at_address(conn, self._org_id, "git", location.address)
            kept = None if known is None else await connections.credentials(conn, self._org_id, known.id)
        if known is None or kept is None:
            return location
        return location.with_credentials(vault.open(self._org_id, known.id, kept))

    def _report(self, name: str, done: Progress, seconds: float) -> None:
        rate = f" ({done.read / seconds:,.0f}/s)" if done.read else ""
        letters = f", {done.dead_letters:,} not understood (kept as dead letters)" if done.dead_letters else ""
        progress.say(f"{name}: {done.read:,} new commits in {seconds:.1f} s{rate}{letters}.")
