"""Facts: everything for the first time, nothing new, a thousand changed items; beside one scan of the same rows.

The organisation is made in the database: `OVIA_BENCH_MERGE_REQUESTS` of them, and three transitions for each. About
one in a hundred is a hotfix, one in fifty names a work item, and one in ten of these is an incident.
"""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

from ovia_local.postgres import EmbeddedPostgres
from ovia_metrics.facts.organisation import derive_facts
from ovia_shared.admin import operations
from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import Database
from tests.bench.report import Table

COUNT = int(os.environ.get("OVIA_BENCH_MERGE_REQUESTS", "1000000"))
PROJECTS = 200
CHANGED = 1_000
ROUNDS = 3
PASSWORD = "bench"

# Rows are a month old: what is written here was not read within the hour.
_MAKE = """
    insert into projects (org_id, connection_id, raw_record_id, external_id, kind, key, name, default_branch, archived,
                          changed_at)
    select $1, $2, $2, n::text, 'repository', 'p' || n, 'p' || n, 'main', false, now() - interval '30 days'
      from generate_series(0, {projects} - 1) n;
    insert into status_definitions (org_id, connection_id, raw_record_id, external_id, name, category, changed_at)
    select $1, $2, $2, n::text, c, c, now() - interval '30 days'
      from unnest(array['todo', 'in_progress', 'done']) with ordinality x (c, n);
    insert into merge_requests (org_id, connection_id, raw_record_id, external_id, project_external_id, number, title,
        state, draft, reviewer_identity_ids, assignee_identity_ids, source_branch, target_branch, labels, head_sha,
        additions, deletions, created_at, merged_at, notes, changed_at)
    select $1, $2, $2, n::text, (n % {projects})::text, n, 't', 'merged', false, '[]', '[]',
           case when n % 101 = 0 then 'hotfix/x' else 'topic' end, 'main', '[]',
           md5(n::text), n % 500, n % 90, at, at + n % 70 * interval '1 hour', '[]', now() - interval '30 days'
      from (select n, timestamptz '2023-01-01' + n * interval '1 minute' as at from generate_series(1, {count}) n) x;
    insert into merge_request_commits (org_id, connection_id, raw_record_id, merge_request_external_id, sha,
        authored_at, committed_at, changed_at)
    select $1, $2, $2, external_id, head_sha, created_at - interval '1 day', created_at - interval '1 day', changed_at
      from merge_requests;
    insert into environments (org_id, connection_id, raw_record_id, external_id, project_external_id, name, tier,
                              changed_at)
    select $1, $2, $2, external_id, external_id, 'production', 'production', changed_at from projects;
    insert into deployments (org_id, connection_id, raw_record_id, external_id, project_external_id,
        environment_external_id, sha, status, finished_at, changed_at)
    select $1, $2, $2, external_id, project_external_id, project_external_id, head_sha, 'success',
           merged_at + interval '1 hour', changed_at
      from merge_requests where number / {projects} % 10 = 0;
    insert into work_items (org_id, connection_id, raw_record_id, external_id, project_external_id, key, type, title,
        status, status_category, labels, components, fix_versions, affected_versions, fields, created_at, notes,
        changed_at)
    select $1, $2, $2, external_id, project_external_id, 'K-' || number,
           case when number % 583 = 0 then 'Incident' else 'Task' end, 't', 'done', 'done', '[]', '[]', '[]',
           '[]', '{{}}', created_at, '[]', changed_at
      from merge_requests;
    insert into work_item_transitions (org_id, connection_id, raw_record_id, work_item_external_id,
        history_external_id, ordinal, field, from_value, from_text, to_value, to_text, occurred_at, changed_at)
    select $1, $2, $2, external_id, h::text, 0, 'status', f, f, t, t, created_at + h * interval '1 hour', changed_at
      from work_items, (values (1, '1', '2'), (2, '2', '1'), (3, '1', '3')) x (h, f, t);
    insert into source_references (org_id, connection_id, raw_record_id, subject_kind, subject_external_id,
        target_kind, target, found_in, changed_at)
    select $1, $2, $2, 'merge_request', external_id, 'work_item', 'K-' || number, 'branch', changed_at
      from merge_requests where number % 53 = 0
"""

_CHANGE = "update {table} set changed_at = now(), {what} where org_id = $1 and external_id in ({which})"
_SCATTERED = f"select (n * 7 + 13 + $2)::text from generate_series(1, {CHANGED}) n"
# Each of another project, from its middle: what it shipped comes with the next one.
_DEPLOYED = """
    select external_id from (
        select external_id, status, row_number() over (partition by project_external_id order by finished_at) as place
          from deployments where org_id = $1) d
     where place = 10 + $2 and status = 'success' order by external_id limit 10
"""
_CHANGES = (
    (f"{CHANGED:,} changed work items", "work_items", "type = 'Bug'", _SCATTERED),
    (f"{CHANGED:,} changed merge requests", "merge_requests", "additions = additions + 1", _SCATTERED),
    ("10 deployments that failed after all", "deployments", "status = 'failed'", _DEPLOYED),
)


async def run() -> list[Table]:
    """About half an hour for a million on two cores."""
    with tempfile.TemporaryDirectory(prefix="ovia-bench-") as name:
        directory = Path(name)
        os.chmod(directory, 0o711)  # noqa: PTH101 (as root, the server's account passes through)
        with EmbeddedPostgres(directory / "postgres") as server:
            org_id = await _organisation(server)
            admin = await asyncpg.connect(server.admin_dsn("bench"))
            dsn = prepare.as_role(server.admin_dsn("bench"), "ovia_metrics", PASSWORD)
            database = Database(dsn, size=2, statement_timeout=7200, name="bench")
            await database.open()
            try:
                return [await _measured(admin, database, org_id)]
            finally:
                await database.close()
                await admin.close()


async def _measured(admin: asyncpg.Connection, database: Database, org_id: UUID) -> Table:
    connection_id = uuid4()
    for statement in made(org_id, connection_id, COUNT):
        await admin.execute(statement)
    await admin.execute("vacuum analyze")
    rows = []
    began = time.perf_counter()
    for table in ("merge_requests", "work_items", "work_item_transitions"):
        await admin.fetchval(f"select count(md5(t::text)) from {table} t")
    rows.append(("one scan of merge requests, items and transitions", "", f"{time.perf_counter() - began:.2f} s"))
    rows.append(("everything, for the first time", *await _derived(database, org_id)))
    await admin.execute("vacuum analyze facts")
    rows.append(("nothing new", *await _derived(database, org_id)))
    for name, table, what, which in _CHANGES:
        taken = []
        for number in range(ROUNDS):
            await admin.execute(_CHANGE.format(table=table, what=what, which=which), org_id, number)
            wrote, seconds = await _derived(database, org_id)
            taken.append((float(seconds.split()[0]), wrote, seconds))
        rows.append((f"{name}, median of {ROUNDS}", *sorted(taken)[ROUNDS // 2][1:]))
    title = f"facts of {COUNT:,} merge requests, {COUNT:,} work items, {3 * COUNT:,} transitions"
    return Table(title, ("what", "facts", "time"), tuple(rows))


def made(org_id: UUID, connection_id: UUID, count: int) -> list[str]:
    """The statements that make an organisation of so many merge requests."""
    text = _MAKE.format(count=count, projects=PROJECTS)
    return text.replace("$1", f"'{org_id}'::uuid").replace("$2", f"'{connection_id}'::uuid").split(";")


async def _derived(database: Database, org_id: UUID) -> tuple[str, str]:
    began = time.perf_counter()
    done = await derive_facts(database, org_id)
    assert done is not None
    parts = ", ".join(f"{one.family} {one.seconds:.1f}" for one in done)
    added, closed = sum(one.added for one in done), sum(one.closed for one in done)
    return f"{added:,} added, {closed:,} closed", f"{time.perf_counter() - began:.2f} s ({parts})"


async def _organisation(server: EmbeddedPostgres) -> UUID:
    await prepare.prepare_server(server.admin_dsn(), dict.fromkeys(prepare.LOGINS, PASSWORD))
    await prepare.prepare_database(server.admin_dsn(), "bench")
    owner = prepare.as_role(server.admin_dsn("bench"), prepare.OWNER, PASSWORD)
    await asyncio.to_thread(migrate.apply, owner)
    database = Database(owner, size=1, name="bench organisation")
    await database.open()
    try:
        return (await operations.create_organisation(database, "Bench", actor="bench")).id
    finally:
        await database.close()
