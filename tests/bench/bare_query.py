"""The ceiling of the database side: the first page of mappings by asyncpg alone, over as many connections."""

import asyncio
import sys
import time

import asyncpg
import msgspec
import uvloop

from ovia_shared.database.mappings import FIRST_PAGE_SQL
from tests.bench.load import Measured


class Plan(msgspec.Struct):
    """Where to ask, as whom, over how many connections, and for how many seconds."""

    dsn: str
    org_id: str
    connections: int
    seconds: float


async def ask(plan: Plan) -> Measured:
    """Fetches the page again and again on every connection; rows are decoded by asyncpg and thrown away."""
    pool = await asyncpg.create_pool(plan.dsn, min_size=plan.connections, max_size=plan.connections)
    latencies: list[float] = []
    started = time.perf_counter()

    async def one() -> None:
        async with pool.acquire() as connection:
            await connection.execute("select set_config('ovia.org_id', $1, false)", plan.org_id)
            while (began := time.perf_counter()) < started + plan.seconds:
                await connection.fetch(FIRST_PAGE_SQL, plan.org_id)
                latencies.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(one() for _ in range(plan.connections)))
    seconds = time.perf_counter() - started
    await pool.close()
    return Measured(len(latencies), seconds, latencies)


if __name__ == "__main__":
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(ask(plan))))
