"""List endpoints at 200,000 mappings, beside the same query through bare asyncpg and a bare Litestar "hello".

All in one run, in turns: a machine that slows down slows all of them. The service and the "hello" run the same way,
under granian with one worker, and are asked by the same client; the query runs in a process of its own too.
"""

import asyncio
import os
import statistics
import sys
import tempfile
from pathlib import Path

import msgspec

from ovia_local.postgres import EmbeddedPostgres
from ovia_shared.admin import operations
from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import Database, connected
from tests.bench import bare_query, export, sample_organisation, serving
from tests.bench.load import Measured, Plan
from tests.bench.report import Table

MAPPINGS = 200_000
OTHER_MAPPINGS = 20_000
CONNECTIONS = 16
ROUNDS = 5
SECONDS = 1.5
TARGETS = {"mappings": "≥ 0.5 of the ceiling", "conflict queue": "p95 < 50 ms"}
PASSWORD = "bench"

LISTS = {
    "mappings": "/team/identity-mappings",
    "mappings in conflict": "/team/identity-mappings?status=conflict",
    "conflict queue": "/team/conflict-queue",
    "conflict queue, oldest first": "/team/conflict-queue?sort=age_desc",
    "mappings by search": "/team/identity-mappings?search=petrov1",
    "people": "/team/people",
    "orphans": "/team/identities/orphans",
    "sync": "/sync",
}


async def run() -> list[Table]:
    """Measures everything; about two minutes on two cores, most of it making the organisation."""
    with tempfile.TemporaryDirectory(prefix="ovia-bench-") as name:
        directory = Path(name)
        os.chmod(directory, 0o711)  # noqa: PTH101 (as root, the server's account passes through)
        with EmbeddedPostgres(directory / "postgres") as server:
            org_id, token = await _organisation(server)
            dsn = prepare.as_role(server.admin_dsn("bench"), "ovia_api", PASSWORD)
            async with serving.service("ovia_api.app", dsn) as api, serving.service("tests.bench.hello", dsn) as hello:
                lists = await _measured(api[0], hello[0], token, bare_query.Plan(dsn, org_id, CONNECTIONS, SECONDS))
                return [*lists, await export.measured(api[0], api[1], token)]


async def _measured(api: int, hello: int, token: str, query: bare_query.Plan) -> list[Table]:
    found: dict[str, list[Measured]] = {name: [] for name in ("hello", "query", *LISTS)}
    headers = {"authorization": f"Bearer {token}"}
    for _ in range(ROUNDS):
        found["query"].append(await _run("tests.bench.bare_query", query))
        found["hello"].append(await _load(Plan("127.0.0.1", hello, "/", {}, CONNECTIONS, SECONDS)))
        for name, path in LISTS.items():
            found[name].append(await _load(Plan("127.0.0.1", api, path, headers, CONNECTIONS, SECONDS)))
    rates = {name: statistics.median(one.requests / one.seconds for one in runs) for name, runs in found.items()}
    ceiling = min(rates["hello"], rates["query"])
    titles = {"query": "bare asyncpg, the query of the first list", "hello": "bare Litestar hello"}
    rows = []
    for name, runs in found.items():
        latencies = sorted(latency for one in runs for latency in one.latencies)
        rows.append(
            (
                titles.get(name, LISTS.get(name, name)),
                f"{rates[name]:,.0f}",
                f"{_percentile(latencies, 0.50):.1f}",
                f"{_percentile(latencies, 0.95):.1f}",
                f"{_percentile(latencies, 0.99):.1f}",
                "" if name in titles else f"{rates[name] / ceiling:.2f}",
                TARGETS.get(name, ""),
            )
        )
    title = f"Lists of 50 at {MAPPINGS:,} mappings, {CONNECTIONS} connections, medians of {ROUNDS} rounds"
    columns = ("what", "per second", "p50 ms", "p95 ms", "p99 ms", "÷ lower ceiling", "target")
    return [Table(title, columns, tuple(rows))]


async def _organisation(server: EmbeddedPostgres) -> tuple[str, str]:
    """The large organisation's id and a token of it; a second organisation stands beside it."""
    await prepare.prepare_server(server.admin_dsn(), dict.fromkeys(prepare.LOGINS, PASSWORD))
    await prepare.prepare_database(server.admin_dsn(), "bench")
    owner = prepare.as_role(server.admin_dsn("bench"), prepare.OWNER, PASSWORD)
    await asyncio.to_thread(migrate.apply, owner)
    database = Database(owner, size=1)
    await database.open()
    large = await operations.create_organisation(database, "Large", actor="bench")
    other = await operations.create_organisation(database, "Other", actor="bench")
    _, token = await operations.issue_token(database, large.id, name="bench", role="viewer", actor="bench")
    await database.close()
    async with connected(server.admin_dsn("bench")) as conn:
        for org_id, size in ((large.id, MAPPINGS), (other.id, OTHER_MAPPINGS)):
            async with conn.transaction():
                await sample_organisation.fill(conn, org_id, size)
        await sample_organisation.analyse(conn)
    return str(large.id), token


async def _load(plan: Plan) -> Measured:
    return await _run("tests.bench.load", plan)


async def _run(module: str, plan: msgspec.Struct) -> Measured:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate(msgspec.json.encode(plan))
    if process.returncode:
        raise RuntimeError(f"{module} ended with {process.returncode}")
    return msgspec.json.decode(out, type=Measured)


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
