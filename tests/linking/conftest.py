"""Accounts in a real database, and what linking makes of them."""

from typing import Any
from uuid import UUID

import pytest

from ovia_shared.database import identities, mapping_changes
from ovia_shared.database.pool import Database
from ovia_shared.models.identity import NewIdentity
from ovia_shared.models.mapping import MappingStatus
from ovia_shared.models.mapping_change import MappingRow
from tests.conftest import OpenDatabase, SampleOrganisation

Organisations = tuple[SampleOrganisation, SampleOrganisation]


class Accounts:
    """One organisation's accounts: shown by sources, asked for what is believed of them."""

    def __init__(self, database: Database, org_id: UUID) -> None:
        self.database = database
        self.org_id = org_id

    async def show(self, name: str | None, email: str | None = None, **more: Any) -> UUID:
        """Stores an account as a source shows it; its id."""
        source = more.pop("source", "git_commit_author")
        key = more.pop("external_id", f"{name} <{email}> {more.get('username')}")
        shown = NewIdentity(source, key, display_name=name, email=email, **more)
        async with self.database.transaction(self.org_id) as conn:
            found = await identities.observe(conn, self.org_id, [shown])
        return found[source, key]

    async def believed(self, identity: UUID) -> list[MappingRow]:
        async with self.database.transaction(self.org_id) as conn:
            return await mapping_changes.believed(conn, self.org_id, [identity])

    async def person_of(self, identity: UUID) -> UUID | None:
        """Whose the account is; None without a mapping in use."""
        for row in await self.believed(identity):
            if row.status in (MappingStatus.AUTO, MappingStatus.VERIFIED):
                return row.person_id
        return None

    async def set_status(self, identity: UUID, status: str, person: UUID | None = None) -> None:
        """As if a reviewer had decided so."""
        async with self.database.transaction(self.org_id) as conn:
            await conn.execute(
                """
                update mappings set status = $3, person_id = coalesce($4, person_id),
                       verified_by = case when $3 = 'verified' then 'a reviewer' end,
                       verified_at = case when $3 = 'verified' then now() end
                 where org_id = $1 and identity_id = $2 and known_to = 'infinity'
                """,
                self.org_id,
                identity,
                status,
                person,
            )

    async def value(self, statement: str, *values: Any) -> Any:
        async with self.database.transaction(self.org_id) as conn:
            return await conn.fetchval(statement, *values)

    async def everything(self) -> list[Any]:
        """All that linking may change, to compare."""
        async with self.database.transaction(self.org_id) as conn:
            return [
                [tuple(row) for row in await conn.fetch(f"select * from {table} t order by t::text")]
                for table in ("people", "mappings", "identity_events", "identity_keys", "matching_queue")
            ]


@pytest.fixture
async def accounts(
    open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> Accounts:
    return Accounts(await open_database("ovia_ingest"), organisations[0].id)


@pytest.fixture
async def others(open_database: OpenDatabase, organisations: Organisations) -> Accounts:
    """The other organisation's."""
    return Accounts(await open_database("ovia_ingest"), organisations[1].id)
