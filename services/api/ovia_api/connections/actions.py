"""What admins do to connections: who may is decided before; here is decided what follows, and it is put on record."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec

from ovia_api.connections import addresses, trial
from ovia_api.connections.secrets import ConnectionSecrets, masked, usable
from ovia_shared.database import audit_log, connections, managed_connections
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, InvalidInput, NotFound
from ovia_shared.models.caller import Caller
from ovia_shared.models.connection import (
    ConnectionChange,
    ConnectionDetail,
    ConnectionKind,
    ConnectionStatus,
    NewConnection,
)
from ovia_shared.models.source import SourceCredentials, SourceSettings
from ovia_shared.source_client.checks import ConnectionReport
from ovia_shared.web import etags

LIVE = frozenset({ConnectionStatus.ACTIVE, ConnectionStatus.PAUSED})


class ConnectionActions:
    """The actions of one request: its transaction, who asks, and the request's id for the record."""

    def __init__(self, conn: Connection, caller: Caller, secrets: ConnectionSecrets, request_id: str) -> None:
        self._conn = conn
        self._caller = caller
        self._secrets = secrets
        self._request_id = request_id

    async def add(self, wanted: NewConnection, *, verify: bool) -> ConnectionDetail:
        """Adds a connection, if the source answers to it. Raises `Conflict` if its address is connected already."""
        new, org_id = _checked(wanted), self._caller.org_id
        connection_id = new_id()
        sealed = self._sealed(connection_id, new.kind, new.credentials)
        if await connections.at_address(self._conn, org_id, new.kind, new.base_url) is not None:
            raise Conflict(f"there is a connection to this {new.kind} address already", field="base_url")
        if verify:
            await trial.require_working(new.kind, new.base_url, new.settings, new.credentials)
        settings = msgspec.to_builtins(new.settings)
        added = await managed_connections.add(
            self._conn,
            org_id,
            connection_id,
            kind=new.kind,
            name=new.name,
            base_url=new.base_url,
            settings=settings,
            credentials=sealed,
            account=masked(new.credentials.user) if new.credentials is not None else None,
        )
        told = {"kind": new.kind, "name": new.name, "base_url": new.base_url, "settings": settings, "tested": verify}
        await self._record("create", connection_id, told)
        return added

    async def change(
        self, connection_id: UUID, change: ConnectionChange, condition: str | None, *, verify: bool
    ) -> ConnectionDetail:
        """Changes a connection, if `condition` (If-Match) names the version there is and the source answers to it."""
        name = None if change.name is None else _named(change.name)
        settings = None if change.settings is None else msgspec.to_builtins(_allowed(change.settings))
        org_id = self._caller.org_id
        found = await managed_connections.find_one(self._conn, org_id, connection_id)
        if found is None:
            raise not_there()
        _require_live(found)
        etags.require_match(condition, found.version)
        credentials = usable(found.kind, change.credentials)
        if settings is not None and credentials is None:
            _require_same_way(found, msgspec.convert(settings, SourceSettings))
        if verify and (settings is not None or credentials is not None):
            # Before the row is locked: a source may take long to answer.
            await self._require_working(found, settings, credentials)
        known = await self._live(connection_id)
        etags.require_match(condition, known.version)
        await managed_connections.change(self._conn, org_id, connection_id, name=name, settings=settings)
        if credentials is not None:
            sealed = self._sealed(connection_id, known.kind, credentials)
            await connections.set_credentials(self._conn, org_id, connection_id, sealed, masked(credentials.user))
        if credentials is not None or settings is not None:
            await managed_connections.hasten_reading(self._conn, org_id, connection_id)
        told: dict[str, Any] = {"credentials": credentials is not None, "tested": verify}
        told |= {} if name is None else {"name": [known.name, name]}
        told |= {} if settings is None else {"settings": [known.settings, settings]}
        await self._record("change", connection_id, told)
        return await self._found(connection_id)

    async def pause(self, connection_id: UUID) -> ConnectionDetail:
        """Has a connection read no further; whoever reads it now stops. What was read stays."""
        known = await self._live(connection_id)
        return await self._turn(known, ConnectionStatus.PAUSED, "pause")

    async def resume(self, connection_id: UUID) -> ConnectionDetail:
        """Has a paused connection read on from where it stopped."""
        known = await self._live(connection_id)
        return await self._turn(known, ConnectionStatus.ACTIVE, "resume")

    async def resync(self, connection_id: UUID) -> ConnectionDetail:
        """Has a connection read from the beginning; what was read stays and is refreshed."""
        known = await self._live(connection_id)
        restarted = await managed_connections.restart_reading(self._conn, self._caller.org_id, connection_id)
        await self._record("resync", connection_id, {"partitions": restarted})
        return known

    async def remove(self, connection_id: UUID, *, with_data: bool) -> ConnectionDetail:
        """Ends a connection. Its secrets are gone at once; what was read stays, or is deleted in the background."""
        known = await self._locked(connection_id)
        if with_data:
            return await self._turn(known, ConnectionStatus.DELETING, "delete")
        if known.status is ConnectionStatus.DELETING:
            raise Conflict("what was read through this connection is being deleted already")
        return await self._turn(known, ConnectionStatus.REMOVED, "remove")

    async def test(self, connection_id: UUID) -> ConnectionReport:
        """Tests a connection with the credentials kept for it."""
        org_id = self._caller.org_id
        known = await managed_connections.find_one(self._conn, org_id, connection_id)
        if known is None:
            raise not_there()
        _require_live(known)
        kept = None if known.kind is ConnectionKind.GIT else await self._kept(connection_id)
        return await trial.test(known.kind, known.base_url, msgspec.convert(known.settings, SourceSettings), kept)

    async def open_webhook(
        self, connection_id: UUID, secret: str, *, allowed: Collection[ConnectionKind]
    ) -> ConnectionDetail:
        """Takes deliveries signed with this secret, and with no other."""
        known = await self._live(connection_id)
        if known.kind not in allowed:
            raise Conflict(f"{known.kind} sends no signed deliveries; it is read on a schedule alone")
        org_id = self._caller.org_id
        sealed = self._secrets.seal_webhook(org_id, connection_id, secret)
        await managed_connections.set_webhook_secret(self._conn, org_id, connection_id, sealed)
        await self._record("open webhook", connection_id, {"replaced": known.webhook})
        return known

    async def close_webhook(self, connection_id: UUID) -> None:
        """Takes no more deliveries."""
        known = await self._live(connection_id)
        if known.webhook:
            await managed_connections.set_webhook_secret(self._conn, self._caller.org_id, connection_id, None)
            await self._record("close webhook", connection_id, {})

    async def _require_working(
        self, known: ConnectionDetail, settings: dict[str, Any] | None, credentials: SourceCredentials | None
    ) -> None:
        if known.kind is ConnectionKind.GIT:
            return
        wanted = msgspec.convert(known.settings if settings is None else settings, SourceSettings)
        shown = await self._kept(known.id) if credentials is None else credentials
        await trial.require_working(known.kind, known.base_url, wanted, shown)

    async def _kept(self, connection_id: UUID) -> SourceCredentials | None:
        sealed = await connections.credentials(self._conn, self._caller.org_id, connection_id)
        return None if sealed is None else self._secrets.open(self._caller.org_id, connection_id, sealed)

    async def _turn(self, known: ConnectionDetail, status: ConnectionStatus, action: str) -> ConnectionDetail:
        if known.status is status:
            return known
        await managed_connections.set_status(self._conn, self._caller.org_id, known.id, status)
        if status is ConnectionStatus.ACTIVE:
            await managed_connections.hasten_reading(self._conn, self._caller.org_id, known.id)
        else:
            await managed_connections.stop_reading(self._conn, self._caller.org_id, known.id)
        await self._record(action, known.id, {"name": known.name, "was": known.status})
        return await self._found(known.id)

    async def _live(self, connection_id: UUID) -> ConnectionDetail:
        known = await self._locked(connection_id)
        _require_live(known)
        return known

    async def _locked(self, connection_id: UUID) -> ConnectionDetail:
        known = await managed_connections.lock(self._conn, self._caller.org_id, connection_id)
        if known is None:
            raise not_there()
        return known

    async def _found(self, connection_id: UUID) -> ConnectionDetail:
        found = await managed_connections.find_one(self._conn, self._caller.org_id, connection_id)
        assert found is not None
        return found

    def _sealed(self, connection_id: UUID, kind: ConnectionKind, credentials: SourceCredentials | None) -> bytes | None:
        if credentials is None:
            return None
        return self._secrets.seal(self._caller.org_id, connection_id, kind, credentials)

    async def _record(self, action: str, connection_id: UUID, detail: dict[str, Any]) -> None:
        await audit_log.record(
            self._conn,
            self._caller.org_id,
            actor=self._caller.name,
            action=action,
            subject_kind="connection",
            subject_id=connection_id,
            detail=detail,
            request_id=self._request_id,
        )


async def test_unstored(wanted: NewConnection) -> ConnectionReport:
    """Tests what would be a connection; nothing is stored."""
    new = _checked(wanted)
    return await trial.test(new.kind, new.base_url, new.settings, new.credentials)


def not_there() -> NotFound:
    """Said of a connection that is not there, or another organisation's."""
    return NotFound("there is no such connection")


def _require_live(known: ConnectionDetail) -> None:
    if known.status not in LIVE:
        raise Conflict("this connection was removed; add it again to read it")


def _checked(new: NewConnection) -> NewConnection:
    return msgspec.structs.replace(
        new,
        name=_named(new.name),
        base_url=addresses.normal(new.kind, new.base_url),
        settings=_allowed(new.settings),
        credentials=usable(new.kind, new.credentials),
    )


def _named(name: str) -> str:
    if not name.strip():
        raise InvalidInput("the name is empty", field="name")
    return name.strip()


def _require_same_way(known: ConnectionDetail, wanted: SourceSettings) -> None:
    """Credentials that nobody can read must not be led past somebody who can. Raises `InvalidInput`."""
    present = msgspec.convert(known.settings, SourceSettings)
    if known.credentials.set and (present.proxy, present.ca_file) != (wanted.proxy, wanted.ca_file):
        raise InvalidInput("give the credentials again: they would go another way", field="credentials")


def _allowed(settings: SourceSettings) -> SourceSettings:
    # Settings can be read by everybody in the organisation.
    if settings.proxy is not None and "@" in settings.proxy:
        raise InvalidInput(
            "leave user name and password out of the proxy's address; set HTTP_PROXY for ovia-ingest instead",
            field="settings.proxy",
        )
    # What a cloud tells the machines on such an address is no organisation's business.
    if settings.allow_link_local:
        raise InvalidInput(
            "only who runs this installation can allow it, with a connection given by the environment",
            field="settings.allow_link_local",
        )
    return settings
