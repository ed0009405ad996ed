"""Canonical rows written by hand, and the facts derived from them."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from ovia_shared.database.facts.deriving import FAMILIES, derive
from ovia_shared.database.pool import Database, _prepare
from tests.conftest import OpenDatabase, SampleOrganisation

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def day(number: float) -> datetime:
    """So many days after the beginning."""
    return START + timedelta(days=number)


class Ledger:
    """One organisation's canonical rows and facts. Rows are written by a superuser, facts by ovia_metrics."""

    def __init__(self, admin: asyncpg.Connection, database: Database, org_id: UUID) -> None:
        self.admin = admin
        self.database = database
        self.org_id = org_id
        self.connection_id = uuid4()

    async def put(self, table: str, **values: Any) -> None:
        """A row, or a later state of it: whatever a key does not tell apart is replaced."""
        known = {
            "org_id": self.org_id,
            "connection_id": self.connection_id,
            "raw_record_id": uuid4(),
            "changed_at": datetime.now(UTC),
            **DEFAULTS[table],
            **values,
        }
        names = list(known)
        given = ", ".join(f"${number}" for number in range(1, len(names) + 1))
        await self.admin.execute(
            f"""
            insert into {table} ({", ".join(names)}) values ({given})
            on conflict on constraint {table}_pkey do update
               set {", ".join(f"{name} = excluded.{name}" for name in names)}
            """,
            *known.values(),
        )

    async def account(self, identity_id: UUID, *, service_account: bool = False, **attributes: Any) -> None:
        """An account, or what is known of it later."""
        await self.admin.execute(
            """
            insert into identities (org_id, id, source, external_id, service_account, attributes)
            values ($1, $2, 'gitlab', $2::uuid::text, $3, $4)
                on conflict (org_id, id) do update
               set service_account = $3, attributes = $4, updated_at = now()
            """,
            self.org_id, identity_id, service_account, attributes,
        )  # fmt: skip

    async def correct(self, deployment: str, incidents: Sequence[str] | None) -> None:
        """Somebody says which incidents this deployment caused; None: what was said is taken back."""
        deployment_id = f"md5('{self.connection_id} environments {deployment}')::uuid"
        async with self.admin.transaction():
            await self.admin.execute(
                f"""
                update deployment_corrections set known_to = clock_timestamp(), changed_at = now()
                 where org_id = $1 and deployment_id = {deployment_id} and known_to = 'infinity'
                """,
                self.org_id,
            )
            if incidents is None:
                return
            correction = uuid4()
            await self.admin.execute(
                f"""
                insert into deployment_corrections (org_id, id, deployment_id, said_by, known_from)
                values ($1, $2, {deployment_id}, 'Ada', clock_timestamp())
                """,
                self.org_id,
                correction,
            )
            await self.admin.execute(
                """
                insert into corrected_incidents (org_id, correction_id, connection_id, external_id)
                select distinct $1::uuid, $2::uuid, $3::uuid, unnest($4::text[])
                """,
                self.org_id, correction, self.connection_id, list(incidents),
            )  # fmt: skip

    async def derive(self, *, from_scratch: bool = False) -> tuple[int, int]:
        """How many facts were added and closed."""
        added = closed = 0
        for family in FAMILIES:
            async with self.database.transaction(self.org_id) as conn:
                one = await derive(conn, self.org_id, family, from_scratch=from_scratch)
            added, closed = added + one.added, closed + one.closed
        return added, closed

    async def facts(self, kind: str | None = None) -> list[Any]:
        """What is believed now, of a kind or of all."""
        async with self.database.transaction(self.org_id) as conn:
            return await conn.fetch(
                """
                select kind, entity_id, occurred_at, until, value, attributes from facts
                 where org_id = $1 and known_to = 'infinity' and ($2::text is null or kind = $2)
                 order by kind, entity_id, occurred_at, row_hash
                """,
                self.org_id,
                kind,
            )


DEFAULTS: dict[str, dict[str, Any]] = {
    "projects": {"external_id": "1", "kind": "repository", "key": "GLD", "name": "Glider", "default_branch": "main",
                 "archived": False},
    "status_definitions": {},
    "work_items": {"project_external_id": "1", "title": "", "labels": [], "components": [], "fix_versions": [],
                   "affected_versions": [], "fields": {}, "notes": [], "status": "To Do", "status_category": "todo",
                   "type": "Task"},
    "work_item_keys": {},
    "work_item_transitions": {"ordinal": 0, "field": "status"},
    "work_item_links": {"type": "Blocks", "description": "is blocked by", "inward": True},
    "merge_requests": {"project_external_id": "1", "title": "", "state": "open", "draft": False, "number": 1,
                       "reviewer_identity_ids": [], "assignee_identity_ids": [], "labels": [], "notes": [],
                       "target_branch": "main", "source_branch": "topic"},
    "merge_request_events": {},
    "merge_request_commits": {},
    "comments": {"subject_kind": "merge_request", "body": "", "inline": False},
    "pipelines": {"project_external_id": "1", "ref": "main", "tag": False},
    "environments": {"project_external_id": "1", "name": "production", "tier": "production"},
    "deployments": {"project_external_id": "1", "environment_external_id": "1", "status": "success"},
    "releases": {"project_external_id": "1", "kind": "release", "name": "1.0", "tag": "1.0", "released": True},
    "field_definitions": {"name": "Flagged", "custom": True},
    "sprints": {"state": "closed", "name": "Sprint"},
    "sprint_memberships": {"ordinal": 0},
    "source_references": {"subject_kind": "merge_request", "target_kind": "work_item", "found_in": "title"},
}  # fmt: skip


@pytest.fixture
async def ledger(
    database_dsn: str, open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> AsyncIterator[Ledger]:
    """The ledger of the first organisation, empty."""
    admin = await asyncpg.connect(database_dsn)
    await _prepare(admin)
    yield Ledger(admin, await open_database("ovia_metrics"), organisations[0].id)
    await admin.close()
