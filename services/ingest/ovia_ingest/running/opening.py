"""From a claimed partition to the stream that reads it: its connection, client and connector."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from ovia_ingest.connectors.git.location import GitLocation
from ovia_ingest.connectors.git.repository import Repository
from ovia_ingest.connectors.git.stream import CommitStream
from ovia_ingest.connectors.registry import CONNECTORS
from ovia_ingest.sources.connector import Connector
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.stream import Census, SourceStream
from ovia_ingest.sync.contract import Stream
from ovia_shared.config.settings import IngestSettings
from ovia_shared.database import canonical, connections
from ovia_shared.database.pool import Database
from ovia_shared.errors import SourceError, SourceFault
from ovia_shared.models.connection import ConnectionKind, SourceConnection
from ovia_shared.models.source import Deployment, SourceCredentials, SourceSettings
from ovia_shared.models.sync import Partition
from ovia_shared.security.credentials import CredentialsVault
from ovia_shared.source_client.checks import detect_deployment
from ovia_shared.source_client.client import SourceClient
from ovia_shared.source_client.credentials import authorization


class Sources:
    """The connections of one organisation as one run uses them: one client each, kept until the end."""

    def __init__(self, settings: IngestSettings, database: Database, org_id: UUID) -> None:
        self._settings = settings
        self._database = database
        self._org_id = org_id
        self._open = contextlib.AsyncExitStack()
        self._clients: dict[UUID, tuple[SourceClient, Deployment]] = {}
        # One client a source: two would each keep their own account of how long it asked to be left alone.
        self._making = asyncio.Lock()

    async def __aenter__(self) -> "Sources":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def connection(self, connection_id: UUID) -> SourceConnection:
        """This connection. Raises `SourceError` if it is gone."""
        async with self._database.transaction(self._org_id) as conn:
            found = await connections.find(conn, self._org_id, connection_id)
        if found is None:
            raise SourceError("this connection was deleted", fault=SourceFault.FATAL)
        return found

    async def stream(self, partition: Partition, census: Census) -> Stream[Any]:
        """What reads this partition. Raises `SourceError`."""
        connection = await self.connection(partition.connection_id)
        if connection.kind is ConnectionKind.GIT:
            return await self._git(connection)
        connector = connector_of(connection.kind)
        client, deployment = await self._client(connection)
        context = await self.context(connection, deployment, partition.scope)
        try:
            shape = connector.shape(partition.stream, context)
            reading = connector.reading(partition.stream, partition.scope, client, context)
        except KeyError:
            raise SourceError(f"{connection.kind} has no stream {partition.stream}", fault=SourceFault.FATAL) from None
        return SourceStream(shape, reading, project=partition.scope or None, census=census)

    async def context(self, connection: SourceConnection, deployment: Deployment, scope: str = "") -> Context:
        """What understanding this connection's records needs."""
        org_id = self._org_id
        async with self._database.transaction(org_id) as conn:
            fields = await canonical.fields(conn, org_id, connection.id)
            statuses = await canonical.statuses(conn, org_id, connection.id)
            key = await canonical.project_key(conn, org_id, connection.id, scope) if scope else None
        return Context(
            connection.base_url, settings_of(connection), deployment, tuple(fields), tuple(statuses), project_key=key
        )

    async def _client(self, connection: SourceConnection) -> tuple[SourceClient, Deployment]:
        async with self._making:
            known = self._clients.get(connection.id)
            return known or await self._connected(connection)

    async def _connected(self, connection: SourceConnection) -> tuple[SourceClient, Deployment]:
        settings = settings_of(connection)
        credentials = await self._credentials(connection.id)
        deployment = settings.deployment
        headers = authorization(connection.kind, deployment, credentials)
        client = SourceClient(connection.base_url, settings, headers, name=connection.name)
        await self._open.enter_async_context(client)
        if deployment is Deployment.AUTO:
            deployment = await detect_deployment(connection.kind, client)
        self._clients[connection.id] = (client, deployment)
        return client, deployment

    async def _credentials(self, connection_id: UUID) -> SourceCredentials | None:
        secrets = await self._secrets(connection_id)
        return None if secrets is None else msgspec.convert(secrets, SourceCredentials)

    async def _secrets(self, connection_id: UUID) -> dict[str, str] | None:
        async with self._database.transaction(self._org_id) as conn:
            sealed = await connections.credentials(conn, self._org_id, connection_id)
        if sealed is None:
            return None
        keys = self._settings.credentials_keys
        if keys is None:
            raise SourceError("OVIA_CREDENTIALS_KEYS is not set: the token cannot be read", fault=SourceFault.FATAL)
        return CredentialsVault(keys.get_secret_value()).open(self._org_id, connection_id, sealed)

    async def _git(self, connection: SourceConnection) -> CommitStream:
        location = GitLocation.parse(connection.base_url)
        secrets = await self._secrets(connection.id) if location.kind == "url" else None
        if secrets is not None:
            location = location.with_credentials(secrets)
        cache: Path = self._settings.git_cache.expanduser()
        return CommitStream(await Repository.open(location, cache), self._settings.git_page_commits)


def connector_of(kind: ConnectionKind) -> Connector:
    """The connector of this kind. Raises `SourceError` for git, which has none."""
    connector = CONNECTORS.get(kind)
    if connector is None:
        raise SourceError(f"{kind} is not read through a connector", fault=SourceFault.FATAL)
    return connector


def settings_of(connection: SourceConnection) -> SourceSettings:
    """The connection's settings; what an older version stored and this one does not know is left out."""
    known = {name: value for name, value in dict[str, Any](connection.settings).items() if name in _KNOWN}
    return msgspec.convert(known, SourceSettings)


_KNOWN = frozenset(SourceSettings.__struct_fields__)
