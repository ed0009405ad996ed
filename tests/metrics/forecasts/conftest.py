"""A past written as facts: quicker than histories of items, and every day is what the test says."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from ovia_shared.database.facts.deriving import FAMILIES, derive
from ovia_shared.database.pool import Database, _prepare
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.facts.conftest import Ledger


def midnight(day: int = 0) -> datetime:
    """The first moment of today in UTC, or of so many days from it."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=day)


class Past:
    """Work items of one organisation, and whatever they belong to."""

    def __init__(self, admin: asyncpg.Connection, database: Database, org_id: UUID) -> None:
        self.rows = Ledger(admin, database, org_id)
        self.database = database
        self.org_id = org_id
        self.connection_id = self.rows.connection_id
        self._facts: list[tuple[Any, ...]] = []
        self._count = 0

    def item(
        self,
        created: datetime,
        done: datetime | None = None,
        *,
        until: datetime | None = None,
        started: datetime | None = None,
        project: str = "1",
        actor: UUID | None = None,
    ) -> str:
        """An item, done until it is opened again; its id."""
        self._count += 1
        name = str(self._count)
        known = (self.connection_id, name, project, actor)
        self._facts.append(("work_item.created", *known, created, None))
        if started is not None:
            self._facts.append(("work_item.in_progress", *known, started, done))
        if done is not None:
            self._facts.append(("work_item.done", *known, done, until))
        return name

    def steady(self, days: int, per_day: int = 2, **values: Any) -> None:
        """As many items done at noon of each of the days before today, each created the day before."""
        for number in range(1, days + 1):
            for _ in range(per_day):
                self.item(midnight(-number - 1), midnight(-number) + timedelta(hours=12), **values)

    async def write(self) -> None:
        """Writes them, known since an hour ago."""
        await self.rows.admin.executemany(
            """
            insert into facts (org_id, id, kind, entity_kind, connection_id, entity_id, project_external_id,
                               actor_identity_id, occurred_at, until, attributes, derivation_version, row_hash,
                               known_from)
            values ($1, gen_random_uuid(), $2, 'work_item', $3, $4, $5, $6, $7,
                    case when $2 <> 'work_item.created' then coalesce($8, 'infinity'::timestamptz) end, '{}', 1,
                    gen_random_uuid(), now() - interval '1 hour')
            """,
            [(self.org_id, *one) for one in self._facts],
        )
        self._facts.clear()

    async def known_until(self, moment: datetime) -> None:
        """Nothing was looked at since."""
        await self.rows.admin.execute("update derivations set seen_until = $2 where org_id = $1", self.org_id, moment)


async def _past(database_dsn: str, database: Database, org_id: UUID) -> AsyncIterator[Past]:
    admin = await asyncpg.connect(database_dsn)
    await _prepare(admin)
    await admin.execute("select set_config('ovia.org_id', $1, false)", str(org_id))
    for family in FAMILIES:
        async with database.transaction(org_id) as conn:
            await derive(conn, org_id, family)
    yield Past(admin, database, org_id)
    await admin.close()


@pytest.fixture
async def past(
    database_dsn: str, open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> AsyncIterator[Past]:
    """The first organisation's, empty. Its facts have been derived: from nothing."""
    async for one in _past(database_dsn, await open_database("ovia_metrics"), organisations[0].id):
        yield one


@pytest.fixture
async def other_past(
    database_dsn: str, open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> AsyncIterator[Past]:
    """The second organisation's."""
    async for one in _past(database_dsn, await open_database("ovia_metrics"), organisations[1].id):
        yield one
