"""Lists of forecasts find their page through an index, however many there are."""

from typing import cast

import asyncpg

from ovia_shared.database import forecasts
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.models.forecast import ForecastFilter, ForecastPosition
from ovia_shared.models.kpi import ScopeKind
from tests.api.test_plans import Ask, Plans
from tests.conftest import RoleDsn, SampleOrganisation
from tests.metrics.forecasts.conftest import midnight

# What a page of 51 may touch: each row and its place in the index.
PAGE_BUFFERS = 150


async def test_a_page_of_forecasts_is_found_through_an_index(
    database_dsn: str, role_dsn: RoleDsn, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    admin = await asyncpg.connect(database_dsn)
    for organisation in organisations:
        await admin.execute(
            """
            insert into forecasts (org_id, id, kind, scope_kind, scope_id, made_at, made_by, backtest, engine_version,
                                   question, history, refusal, confidence, confidence_reasons, due_at)
            select $1, gen_random_uuid(), 'when', 'team', (n % 100)::text, now() - n * interval '1 hour', 'a test',
                   true, 1, '{}', '{}', 'none', 'low', '[]', case when n % 500 = 0 then now() end
              from generate_series(1, 5000) n
            """,
            organisation.id,
        )
    await admin.execute("analyze forecasts")
    await admin.close()
    org_id = organisations[0].id
    place = ForecastPosition(midnight(-100), new_id())
    team = ForecastFilter(scope_kind=ScopeKind.TEAM, scope_id="7")
    conn = await asyncpg.connect(role_dsn("ovia_metrics"))
    await conn.execute("select set_config('ovia.org_id', $1, false)", str(org_id))
    await conn.execute("set plan_cache_mode = force_generic_plan")
    asked: list[tuple[str, Ask]] = [
        ("forecasts_in_order", lambda c: forecasts.find(c, org_id, ForecastFilter(), None, 51)),
        ("forecasts_in_order", lambda c: forecasts.find(c, org_id, ForecastFilter(), place, 51)),
        ("forecasts_by_scope", lambda c: forecasts.find(c, org_id, team, None, 51)),
        ("forecasts_waiting", lambda c: forecasts.waiting(c, org_id, None, 100)),
    ]
    for index, ask in asked:
        plans = Plans(conn)
        await ask(cast("Connection", plans))
        assert "Seq Scan on forecasts" not in plans.text, plans.text
        assert index in plans.text, plans.text
        assert plans.buffers <= PAGE_BUFFERS, plans.text
    await conn.close()
