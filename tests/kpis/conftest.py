"""Facts, people and teams written by hand, and the KPIs counted from them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from ovia_shared.database import knowing
from ovia_shared.database.ids import new_id
from ovia_shared.database.kpis.measuring import Basis, Question, basis_of
from ovia_shared.database.pool import Connection, Database, _prepare
from ovia_shared.models.kpi import Scope, ScopeKind, Window
from tests.conftest import OpenDatabase, SampleOrganisation

START = datetime(2026, 3, 2, tzinfo=UTC)
ORGANISATION = Scope(ScopeKind.ORGANISATION)


def day(number: float) -> datetime:
    """So many days after the beginning, a Monday."""
    return START + timedelta(days=number)


def days(start: float, end: float) -> Window:
    return Window(day(start), day(end))


class Books:
    """One organisation's facts and people. Written by a superuser, read by ovia_metrics."""

    def __init__(self, admin: asyncpg.Connection, database: Database, org_id: UUID) -> None:
        self.admin = admin
        self.database = database
        self.org_id = org_id
        self.connection_id = uuid4()

    async def fact(self, kind: str, at: datetime, **values: Any) -> UUID:
        """A fact believed from now on; its id."""
        fact_id = new_id()
        # As every writer does: who asks meanwhile asks as of a moment before this one.
        async with self.admin.transaction():
            await self.admin.execute("select set_config('ovia.org_id', $1, true)", str(self.org_id))
            moment = await knowing.moment(self.admin)
            await self.admin.execute(
                """
                insert into facts (org_id, id, kind, entity_kind, connection_id, entity_id, project_external_id,
                                   actor_identity_id, occurred_at, until, value, attributes, derivation_version,
                                   row_hash, known_from)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9,
                        coalesce($10, case when $13 then 'infinity'::timestamptz end),
                        $11, $12, 1, gen_random_uuid(), $14)
                """,
                self.org_id, fact_id, kind, kind.partition(".")[0], self.connection_id,
                values.get("entity", str(fact_id)), values.get("project", "1"), values.get("actor"), at,
                values.get("until"), values.get("value"), values.get("attributes", {}), values.get("lasting", False),
                moment,
            )  # fmt: skip
        return fact_id

    async def known(self) -> None:
        """Waits until a question of now sees what was written: not while a service of the test writes for itself."""
        written = await self.admin.fetchval("select clock_timestamp()")
        while True:
            async with self.database.transaction(self.org_id) as conn:
                if await knowing.settled(conn) >= written:
                    return
            await asyncio.sleep(0.02)

    async def disbelieve(self, fact_id: UUID) -> None:
        await self.admin.execute("update facts set known_to = clock_timestamp() where id = $1", fact_id)

    async def account(self, name: str) -> UUID:
        identity_id = new_id()
        await self.admin.execute(
            "insert into identities (org_id, id, source, external_id) values ($1, $2, 'gitlab', $3)",
            self.org_id, identity_id, name,
        )  # fmt: skip
        return identity_id

    async def person(self, name: str, *accounts: UUID) -> UUID:
        person_id = new_id()
        await self.admin.execute(
            "insert into people (org_id, id, display_name) values ($1, $2, $3)", self.org_id, person_id, name
        )
        for account in accounts:
            await self.map(account, person_id)
        return person_id

    async def map(self, account: UUID, person: UUID, status: str = "verified", confidence: float = 1.0) -> UUID:
        """Believes from now on that this account is that person's, and no longer what was believed before."""
        mapping_id = new_id()
        await self.admin.execute(
            "update mappings set known_to = clock_timestamp() where identity_id = $1 and known_to = 'infinity'", account
        )
        await self.admin.execute(
            """
            insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace, engine_version,
                                  known_from, verified_by, verified_at)
            values ($1, $2, $3, $4, $5, $6, '[]', 'test', clock_timestamp(),
                    case when $5 = 'verified' then 'test' end, case when $5 = 'verified' then now() end)
            """,
            self.org_id, mapping_id, account, person, status, confidence,
        )  # fmt: skip
        return mapping_id

    async def team(self, name: str, *people: UUID, parent: UUID | None = None) -> UUID:
        team_id = new_id()
        await self.admin.execute(
            "insert into teams (org_id, id, name, parent_id) values ($1, $2, $3, $4)",
            self.org_id,
            team_id,
            name,
            parent,
        )
        for person in people:
            await self.join(team_id, person)
        return team_id

    async def join(
        self,
        team: UUID,
        person: UUID,
        since: datetime = datetime(2020, 1, 1, tzinfo=UTC),
        until: datetime | None = None,
    ) -> None:
        await self.admin.execute(
            """
            insert into team_memberships (org_id, id, team_id, person_id, valid_from, valid_to, known_from)
            values ($1, $2, $3, $4, $5, $6, clock_timestamp())
            """,
            self.org_id, new_id(), team, person, since, until,
        )  # fmt: skip

    async def basis(self, scope: Scope = ORGANISATION) -> Basis:
        async with self.database.transaction(self.org_id) as conn:
            return await basis_of(conn, self.org_id, scope)

    async def question(self, conn: Connection, kpi: str, window: Window, scope: Scope = ORGANISATION) -> Question:
        """As of now."""
        moment = await knowing.settled(conn)
        return Question(
            org_id=self.org_id, kpi=kpi, window=window, basis=await basis_of(conn, self.org_id, scope),
            facts_as_of=moment, people_as_of=moment,
        )  # fmt: skip


@pytest.fixture
async def books(
    database_dsn: str, open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> AsyncIterator[Books]:
    """Nothing in them yet."""
    admin = await asyncpg.connect(database_dsn)
    await _prepare(admin)
    try:
        yield Books(admin, await open_database("ovia_metrics"), organisations[0].id)
    finally:
        await admin.close()
