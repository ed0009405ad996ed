"""KPIs at a million merge requests: what dashboards ask for, beside one scan of the same facts in the same run.

The facts are made in the database: `OVIA_BENCH_MERGE_REQUESTS` of each kind that a merge request, or a work item with
three transitions, has. One account in a hundred is in the team that is asked about.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx

from ovia_local.postgres import EmbeddedPostgres
from ovia_metrics.snapshots.taking import refresh_history, take_latest
from ovia_shared.admin import operations
from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import Database
from tests.bench.report import Table
from tests.bench.serving import service

COUNT = int(os.environ.get("OVIA_BENCH_MERGE_REQUESTS", "1000000"))
ROUNDS = 40
CORRECTIONS = 20
PASSWORD = "bench"
SERIES = (
    "throughput.merge_requests", "review.first_response_hours", "merge_request.cycle_hours", "flow.wip",
    "dora.change_fail_rate", "delivery_health",
)  # fmt: skip

# A year and a half up to now, so that the last twelve months hold two in three.
_FACTS = """
    insert into identities (org_id, id, source, external_id)
    select $1, gen_random_uuid(), 'gitlab', n::text from generate_series(0, 999) n;
    insert into facts (org_id, id, kind, entity_kind, connection_id, entity_id, project_external_id, actor_identity_id,
                       occurred_at, until, value, attributes, derivation_version, row_hash, known_from)
    select $1, gen_random_uuid(), k.kind, split_part(k.kind, '.', 1), $2, n::text, (n % 200)::text, i.id,
           at, case when k.lasts is null then null when n % 400 = 0 then 'infinity' else at + k.lasts end,
           n % 900 / 7.0,
           jsonb_build_object('class', (array['bug', 'feature', 'chore'])[n % 3 + 1], 'coding_hours', n % 70,
               'pickup_hours', n % 11, 'review_hours', n % 40, 'total_hours', n % 300, 'cycle_hours', n % 250,
               'active_hours', n % 90, 'waiting_hours', n % 60, 'success', n % 9 > 0, 'flaky', n % 50 = 0,
               'release', n % 40 = 0, 'ref', 'release/' || n % 5, 'failed', n % 12 = 0, 'rework', n % 15 = 0,
               'committed', true, 'in_scope', true, 'done', n % 5 > 0, 'sprint', (n % 100)::text,
               'first_in_progress_at', at - interval '1 day', 'quiet', jsonb_build_array(jsonb_build_array(at, null))),
           1, gen_random_uuid(), now() - interval '1 day'
      from (select n, now() - interval '540 days' + n * interval '540 days' / {count} as at
              from generate_series(1, {count}) n) x
      join identities i on i.org_id = $1 and i.external_id = (n % 1000)::text
     cross join (values ('merge_request.merged', null::interval), ('merge_request.first_response', null),
                        ('merge_request.open', interval '3 days'), ('merge_request.deployed', null),
                        ('work_item.created', null), ('work_item.in_progress', interval '4 days'),
                        ('work_item.done', interval '9 days')) k (kind, lasts);
    insert into facts (org_id, id, kind, entity_kind, connection_id, entity_id, project_external_id, actor_identity_id,
                       occurred_at, until, value, attributes, derivation_version, row_hash, known_from)
    select org_id, gen_random_uuid(), k.kind, split_part(k.kind, '.', 1), connection_id, entity_id, project_external_id,
           actor_identity_id, occurred_at, case when k.lasts then occurred_at + interval '2 days' end, value,
           attributes, 1, gen_random_uuid(), known_from
      from facts
     cross join (values ('pipeline.finished', false), ('deployment.finished', false), ('change.shipped', false),
                        ('deployment.recovered', false), ('sprint.item', false), ('work_item.blocked', true),
                        ('merge_request.waiting', true)) k (kind, lasts)
     where facts.kind = 'merge_request.merged' and entity_id::integer % 10 = 0
"""


async def run() -> list[Table]:
    """About twenty minutes for a million on two cores, most of it making facts and counting history once."""
    with tempfile.TemporaryDirectory(prefix="ovia-bench-") as name:
        directory = Path(name)
        os.chmod(directory, 0o711)  # noqa: PTH101 (as root, the server's account passes through)
        with EmbeddedPostgres(directory / "postgres") as server:
            org_id, token = await _organisation(server)
            admin = await asyncpg.connect(server.admin_dsn("bench"))
            dsn = prepare.as_role(server.admin_dsn("bench"), "ovia_metrics", PASSWORD)
            try:
                return [await _measured(admin, dsn, org_id, token)]
            finally:
                await admin.close()


async def _measured(admin: asyncpg.Connection, dsn: str, org_id: UUID, token: str) -> Table:
    team = await _fill(admin, org_id)
    total = await admin.fetchval("select count(*) from facts")
    database = Database(dsn, size=2, statement_timeout=7200, name="bench")
    await database.open()
    began = time.perf_counter()
    await take_latest(database, org_id)
    latest = time.perf_counter() - began
    began = time.perf_counter()
    counted = await refresh_history(database, org_id)
    history = time.perf_counter() - began
    began = time.perf_counter()
    again = await refresh_history(database, org_id)
    looked = time.perf_counter() - began
    await database.close()
    rows = [
        ("latest snapshot of organisation and team", f"{latest:.1f} s", "", ""),
        (f"all of history, {counted.values:,} values", f"{history:.1f} s", "", ""),
        (f"history looked after, {again.values:,} values counted", f"{looked:.1f} s", "", ""),
    ]
    async with (
        service("ovia_metrics.app", dsn) as (port, _),
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {token}"}, timeout=300
        ) as client,
    ):
        scan = await _timed(lambda: admin.fetchval("select count(md5(f::text)) from facts f"), 3)
        rows.append((f"one scan of {total:,} facts", f"{statistics.median(scan):,.0f} ms", "", ""))
        rows.append(_row("/team/kpi", await _asked(client, "/team/kpi"), "p95 < 100 ms"))
        since = (datetime.now(UTC) - timedelta(days=365)).date()
        for kpi in SERIES:
            path = f"/team/kpi/history?kpi={kpi}&bucket=week&from={since}"
            rows.append(_row(f"12 months by week: {kpi}", await _asked(client, path), "p95 < 300 ms"))
        rows.append(
            _row("a month of one KPI, counted", await _asked(client, "/team/kpi/review.first_response_hours"), "")
        )
        rows.append(
            _row("a team's numbers after a correction", await _corrected(admin, client, org_id, team), "p95 < 2 s")
        )
    return Table(f"KPIs over {total:,} facts, {COUNT:,} merge requests", ("what", "p50", "p95", "target"), tuple(rows))


async def _fill(admin: asyncpg.Connection, org_id: UUID) -> UUID:
    connection_id, team = uuid4(), uuid4()
    for statement in _FACTS.format(count=COUNT).split(";\n"):
        await admin.execute(statement.replace("$1", f"'{org_id}'::uuid").replace("$2", f"'{connection_id}'::uuid"))
    await admin.execute("insert into teams (org_id, id, name) values ($1, $2, 'Wings')", org_id, team)
    await admin.execute(
        """
        with made as (
            insert into people (org_id, id, display_name)
            select $1, gen_random_uuid(), 'Person ' || n from generate_series(0, 9) n returning id),
        numbered as (select id, row_number() over () - 1 as number from made),
        joined as (
            insert into team_memberships (org_id, id, team_id, person_id, valid_from)
            select $1, gen_random_uuid(), $2, id, '2000-01-01' from numbered)
        insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace, engine_version,
                              verified_by, verified_at)
        select $1, gen_random_uuid(), i.id, n.id, 'verified', 1, '[]', 'bench', 'bench', now()
          from numbered n join identities i on i.org_id = $1 and i.external_id = n.number::text
        """,
        org_id,
        team,
    )
    await admin.execute("vacuum analyze")
    return team


async def _corrected(admin: asyncpg.Connection, client: httpx.AsyncClient, org_id: UUID, team: UUID) -> list[float]:
    """Somebody's account turns out to be another's, and the team's numbers are read."""
    people = [row["id"] for row in await admin.fetch("select id from people")]
    account = await admin.fetchval("select identity_id from mappings limit 1")
    path = f"/team/kpi?scope_kind=team&scope_id={team}"
    taken = []
    for number in range(CORRECTIONS):
        await admin.execute(
            "update mappings set known_to = clock_timestamp() where identity_id = $1 and known_to = 'infinity'", account
        )
        await admin.execute(
            """
            insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace, engine_version,
                                  known_from, verified_by, verified_at)
            values ($1, gen_random_uuid(), $2, $3, 'verified', 1, '[]', 'bench', clock_timestamp(), 'bench', now())
            """,
            org_id,
            account,
            people[number % len(people)],
        )
        taken += await _asked(client, path, 1)
    return taken


async def _asked(client: httpx.AsyncClient, path: str, rounds: int = ROUNDS) -> list[float]:
    async def ask() -> None:
        (await client.get(path)).raise_for_status()

    if rounds > 1:
        await ask()
    return await _timed(ask, rounds)


async def _timed(what: Callable[[], Awaitable[object]], rounds: int) -> list[float]:
    """Milliseconds of each round."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        await what()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _row(what: str, taken: list[float], target: str) -> tuple[str, str, str, str]:
    ordered = sorted(taken)
    return what, f"{statistics.median(ordered):,.0f} ms", f"{ordered[int(len(ordered) * 0.95) - 1]:,.0f} ms", target


async def _organisation(server: EmbeddedPostgres) -> tuple[UUID, str]:
    await prepare.prepare_server(server.admin_dsn(), dict.fromkeys(prepare.LOGINS, PASSWORD))
    await prepare.prepare_database(server.admin_dsn(), "bench")
    owner = prepare.as_role(server.admin_dsn("bench"), prepare.OWNER, PASSWORD)
    await asyncio.to_thread(migrate.apply, owner)
    database = Database(owner, size=1, name="bench organisation")
    await database.open()
    try:
        made = await operations.create_organisation(database, "Bench", actor="bench")
        _, token = await operations.issue_token(database, made.id, name="bench", role="viewer", actor="bench")
        return made.id, token
    finally:
        await database.close()
