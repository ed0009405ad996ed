"""The lists' statements at 20,000 accounts, as the service's own role: through an index, and few pages touched."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

import asyncpg
import pytest

from ovia_shared.database import mappings, orphans, people
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.models.mapping import MappingFilter, MappingPosition, MappingStatus
from ovia_shared.models.orphan import OrphanFilter
from ovia_shared.models.person import PersonFilter, PersonPosition
from tests.bench import sample_organisation
from tests.conftest import RoleDsn, SampleOrganisation

MAPPINGS = 20_000
# What a page of 51 rows may touch: each row of the list, its identity and its person through an index of few levels.
PAGE_BUFFERS = 700

_LARGE_SCAN = re.compile(r"Seq Scan on (mappings|identities|people|\w+_words)\b")

Ask = Callable[[Connection], Awaitable[Any]]


class Plans:
    """Stands for a connection: plans and runs each statement instead of giving its rows."""

    def __init__(self, conn: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._conn = conn
        self.text = ""

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        rows = await self._conn.fetch(f"explain (analyze, buffers, costs off, timing off) {statement}", *values)
        self.text = "\n".join(row[0] for row in rows)
        return []

    @property
    def buffers(self) -> int:
        """Pages touched, in memory or not, while running; those of planning come after a line of their own."""
        found = re.search(r"Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?", self.text)
        assert found, self.text
        return int(found[1] or 0) + int(found[2] or 0)


async def plan_of(role_dsn: RoleDsn, organisation: SampleOrganisation, ask: Ask) -> Plans:
    conn = await asyncpg.connect(role_dsn("ovia_api"))
    try:
        await conn.execute("select set_config('ovia.org_id', $1, false)", str(organisation.id))
        # As after some executions, when the statement has one plan for all values.
        await conn.execute("set plan_cache_mode = force_generic_plan")
        plans = Plans(conn)
        await ask(cast("Connection", plans))
        return plans
    finally:
        await conn.close()


@pytest.fixture
async def large(database_dsn: str, organisations: tuple[SampleOrganisation, SampleOrganisation]) -> SampleOrganisation:
    """An organisation of 20,000 mapped accounts beside one of 2,000."""
    conn = await asyncpg.connect(database_dsn)
    for organisation, size in zip(organisations, (MAPPINGS, MAPPINGS // 10), strict=True):
        async with conn.transaction():
            await sample_organisation.fill(conn, organisation.id, size)
    await sample_organisation.analyse(conn)
    await conn.close()
    return organisations[0]


async def test_lists_find_their_page_through_an_index(large: SampleOrganisation, role_dsn: RoleDsn) -> None:
    org = large.id
    place = MappingPosition(0.85, 1_790_000_000_000_000, new_id())
    queue = MappingFilter(status=MappingStatus.CONFLICT)
    asked: list[tuple[str, str, Ask]] = [
        ("all", "mappings_by_confidence", lambda c: mappings.find(c, org, MappingFilter(), None, 51)),
        ("all, a later page", "mappings_by_confidence", lambda c: mappings.find(c, org, MappingFilter(), place, 51)),
        ("the conflict queue", "mappings_queue", lambda c: mappings.find(c, org, queue, None, 51)),
        ("the queue, a later page", "mappings_queue", lambda c: mappings.find(c, org, queue, place, 51)),
        (
            "between two confidences",
            "mappings_by_confidence",
            lambda c: mappings.find(c, org, MappingFilter(min_confidence=0.5, max_confidence=0.6), None, 51),
        ),
        (
            "a rare beginning of a word",
            "identity_words_pkey",
            lambda c: mappings.find(c, org, MappingFilter(words=("petrov31",)), None, 51),
        ),
        ("people", "people_by_name", lambda c: people.find(c, org, PersonFilter(), None, 51)),
        (
            "people, a later page",
            "people_by_name",
            lambda c: people.find(c, org, PersonFilter(), PersonPosition("Hana", new_id()), 51),
        ),
        (
            "people by a rare word",
            "person_words_pkey",
            lambda c: people.find(c, org, PersonFilter(words=("petrov31",)), None, 51),
        ),
    ]
    for what, index, ask in asked:
        plans = await plan_of(role_dsn, large, ask)
        assert index in plans.text, f"{what}:\n{plans.text}"
        assert not re.search(r"Seq Scan on (mappings|identities|people|\w+_words)", plans.text), (
            f"{what}:\n{plans.text}"
        )
        assert "Sort Key: m.confidence" not in plans.text or "rare" in what, f"{what}:\n{plans.text}"
        assert plans.buffers <= PAGE_BUFFERS, f"{what}: {plans.buffers} buffers\n{plans.text}"


async def test_orphans_are_found_without_reading_the_accounts_that_are_none(
    large: SampleOrganisation, role_dsn: RoleDsn
) -> None:
    plans = await plan_of(role_dsn, large, lambda c: orphans.find(c, large.id, OrphanFilter(), None, 51))
    assert re.search(r"Index (Only )?Scan using unmapped_identities_pkey", plans.text), plans.text
    assert plans.buffers <= PAGE_BUFFERS, plans.text
    committers = OrphanFilter(source="git_commit_committer")
    narrowed = await plan_of(role_dsn, large, lambda c: orphans.find(c, large.id, committers, None, 51))
    for one in (plans, narrowed):
        looked_up = re.search(
            r"Index Scan using identities_pkey on identities \(actual rows=1(\.00)? loops=(\d+)\)", one.text
        )
        assert looked_up, one.text
        assert int(looked_up[2]) <= MAPPINGS // 20


async def test_the_number_of_mappings_is_known_without_counting_them(
    large: SampleOrganisation, role_dsn: RoleDsn
) -> None:
    conn = await asyncpg.connect(role_dsn("ovia_api"))
    await conn.execute("select set_config('ovia.org_id', $1, false)", str(large.id))
    try:
        for wanted in (MappingFilter(), MappingFilter(status=MappingStatus.CONFLICT), MappingFilter(source="jira")):
            counted = await mappings.count(conn, large.id, wanted)
            listed = await mappings.find(conn, large.id, wanted, None, MAPPINGS + 1)
            assert counted == len(listed)
        orphaned = len(await orphans.find(conn, large.id, OrphanFilter(), None, MAPPINGS))
        assert orphaned == await orphans.count(conn, large.id, OrphanFilter()) == MAPPINGS // 20
        bots = OrphanFilter(service_account=True, source="git_commit_author", words=("a",))
        assert await orphans.count(conn, large.id, bots) == len(
            await orphans.find(conn, large.id, bots, None, MAPPINGS)
        )
    finally:
        await conn.close()
