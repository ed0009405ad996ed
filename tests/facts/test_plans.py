"""What changed is found through indexes, whatever else there is."""

import re

import pytest

from ovia_shared.database.facts.deriving import FAMILIES
from tests.bench import facts as bench
from tests.facts.conftest import Ledger

MERGE_REQUESTS = 1_000
# The tables that hold much here; of the others a page is all there is.
_FILLED = "merge_requests|merge_request_commits|work_items|work_item_transitions|deployments|facts"
# What is planned for the day when a status or a field means something else is not carried out on others.
_LARGE_SCAN = re.compile(rf"Seq Scan on ({_FILLED})\b.*\(actual")


@pytest.fixture
async def large(ledger: Ledger) -> Ledger:
    """As many rows as it takes for a plan to tell, written long ago, and derived."""
    for statement in bench.made(ledger.org_id, ledger.connection_id, MERGE_REQUESTS):
        await ledger.admin.execute(statement)
    await ledger.admin.execute("analyze")
    await ledger.derive()
    await ledger.admin.execute("analyze")
    return ledger


async def test_finding_what_changed_reads_no_table_from_end_to_end(large: Ledger) -> None:
    settings = {"production": {"incident_types": ["incident"], "incident_labels": [], "fix_labels": [],
                               "fix_branches": "^hotfix"}, "workflow": {"categories": {}}}  # fmt: skip
    horizon = await large.admin.fetchval("select now() - interval '1 minute'")
    async with large.database.transaction(large.org_id) as conn:
        for family in FAMILIES:
            for statement in (*family.before_changed, family.changed):
                given = [large.org_id, horizon, 3] if "$3" in statement else []
                given += [settings] if "$4" in statement else []
                if not given:
                    await conn.execute(statement)
                    continue
                explained = f"explain (analyze, costs off, timing off, buffers off) {statement}"
                plan = "\n".join(row[0] for row in await conn.fetch(explained, *given))
                assert _LARGE_SCAN.search(plan) is None, f"{family.name}\n{plan}"
