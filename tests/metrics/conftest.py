"""The metrics service as it runs, and an organisation whose sources it can be asked about."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import _prepare
from tests.api.conftest import Organisations, Service, UseService, kept_services, use_service

__all__ = ["kept_services", "use_service"]


class Sources:
    """Connections, partitions and canonical rows of one organisation, written by a superuser."""

    def __init__(self, admin: asyncpg.Connection, org_id: UUID) -> None:
        self.admin = admin
        self.org_id = org_id

    async def put(self, table: str, **values: Any) -> None:
        names = ["org_id", *values]
        given = ", ".join(f"${number}" for number in range(1, len(names) + 1))
        await self.admin.execute(
            f"insert into {table} ({', '.join(names)}) values ({given})", self.org_id, *values.values()
        )

    async def connection(self, kind: str, name: str, status: str = "active") -> UUID:
        connection_id = new_id()
        await self.put("connections", id=connection_id, kind=kind, name=name, base_url=f"https://{name}", status=status)
        return connection_id

    async def partition(self, connection_id: UUID, stream: str, scope: str = "", **values: Any) -> None:
        """Read to its end just now, unless the values say otherwise."""
        await self.put("sync_partitions", id=new_id(), connection_id=connection_id, stream=stream, scope=scope)
        moment = await self.admin.fetchval("select now()")
        known = {"last_success_at": moment, "last_started_at": moment, **values}
        chosen = ", ".join(f"{name} = ${number}" for number, name in enumerate(known, start=5))
        await self.admin.execute(
            f"""
            update sync_partitions set {chosen}
             where org_id = $1 and connection_id = $2 and stream = $3 and scope = $4
            """,
            self.org_id, connection_id, stream, scope, *known.values(),
        )  # fmt: skip

    async def project(self, connection_id: UUID, external_id: str, key: str, **values: Any) -> None:
        known = {"kind": "repository", "name": key, "archived": False, "default_branch": "main", **values}
        await self.put(
            "projects", connection_id=connection_id, raw_record_id=new_id(), external_id=external_id, key=key, **known
        )

    async def work_item(self, connection_id: UUID, external_id: str, **values: Any) -> None:
        known = {
            "project_external_id": "1", "key": f"GLD-{external_id}", "title": "", "labels": [], "components": [],
            "fix_versions": [], "affected_versions": [], "fields": {}, "notes": [], "type": "Task", **values,
        }  # fmt: skip
        await self.put(
            "work_items", connection_id=connection_id, raw_record_id=new_id(), external_id=external_id, **known
        )

    async def letter(self, connection_id: UUID, stream: str, external_id: str) -> None:
        await self.put(
            "dead_letters", id=new_id(), connection_id=connection_id, stream=stream, external_id=external_id,
            content_hash=external_id.encode(), payload=b"", reason="no title", normaliser_version=1,
        )  # fmt: skip

    async def raw(self, connection_id: UUID, stream: str, external_id: str, version: str = "") -> None:
        await self.put(
            "raw_records", id=new_id(), connection_id=connection_id, stream=stream, external_id=external_id,
            content_hash=(external_id + version).encode(), payload=b"{}",
        )  # fmt: skip


@pytest.fixture
async def sources(database_dsn: str, organisations: Organisations) -> AsyncIterator[Sources]:
    """Of the first organisation; none yet."""
    admin = await asyncpg.connect(database_dsn)
    await _prepare(admin)
    try:
        yield Sources(admin, organisations[0].id)
    finally:
        await admin.close()


@pytest.fixture
async def service(use_service: UseService) -> Service:
    """The metrics service."""
    return await use_service("ovia-metrics")


@pytest.fixture
async def ours(service: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a manager's token of the first organisation."""
    async with service.client(**organisations[0].authorization("manager")) as client:
        yield client


@pytest.fixture
async def theirs(service: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a manager's token of the second organisation."""
    async with service.client(**organisations[1].authorization("manager")) as client:
        yield client
