"""Facts derived from the sample organisation, read through the whole ingest, come to the known answers."""

from typing import Any

from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet

from ovia_demo.answers import answers
from ovia_demo.organisation import generate
from ovia_demo.server import create_app
from ovia_demo.serving import TOKEN
from ovia_shared.database.facts.deriving import FAMILIES, derive
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.ingest.conftest import Ingest


def _spread(kind: str, value: str, *shares: int, where: str = "true") -> str:
    columns = ", ".join(
        f"percentile_cont({share / 100}) within group (order by {value}) as p{share}" for share in shares
    )
    return f"select count({value}) as n, {columns} from now_in where kind = '{kind}' and {where}"


def _share(kind: str, good: str, whole: str = "1", where: str = "true") -> str:
    return (
        f"select sum({whole})::integer as n, sum({good})::double precision / nullif(sum({whole}), 0) as share"
        f" from now_in where kind = '{kind}' and {where}"
    )


def _number(name: str) -> str:
    return f"(attributes->>'{name}')::double precision"


def _flag(name: str) -> str:
    return f"(attributes->>'{name}')::boolean::integer"


STILL = "until >= $3"
COUNTS = (
    "select count(*) as n, count(*)::double precision as count"
    ", (count(*) filter (where attributes->>'class' = 'bug'))::double precision as bug"
    ", (count(*) filter (where attributes->>'class' = 'feature'))::double precision as feature"
    ", (count(*) filter (where attributes->>'class' = 'chore'))::double precision as chore from now_in where "
)
OPEN = "select count(*) as n, count(*)::double precision as count from open_at where kind = "
STALE = """exists (select from jsonb_array_elements(attributes->'quiet') q
    where (q->>0)::timestamptz < $3::timestamptz - interval '7 days'
      and (q->>1 is null or (q->>1)::timestamptz >= $3))::integer"""

KPIS = {
    "throughput.merge_requests": COUNTS + "kind = 'merge_request.merged'",
    "throughput.work_items": COUNTS + f"kind = 'work_item.done' and {STILL}",
    "review.first_response_hours": _spread("merge_request.first_response", "value", 50, 90),
    "review.duration_hours": _spread("merge_request.merged", _number("review_hours"), 50, 90),
    "merge_request.coding_hours": _spread("merge_request.merged", _number("coding_hours"), 50, 90),
    "merge_request.pickup_hours": _spread("merge_request.merged", _number("pickup_hours"), 50, 90),
    "merge_request.review_hours": _spread("merge_request.merged", _number("review_hours"), 50, 90),
    "merge_request.deploy_hours": _spread("merge_request.deployed", "value", 50, 90),
    "merge_request.cycle_hours": _spread("merge_request.deployed", _number("total_hours"), 50, 90),
    "merge_request.size": _spread("merge_request.merged", "value", 50, 90),
    "merge_request.stale_share": (
        f"select count(*) as n, avg({STALE})::double precision as share from open_at where kind = 'merge_request.open'"
    ),
    "work_item.lead_hours": _spread("work_item.done", "value", 50, 85, 90, where=STILL),
    "work_item.cycle_hours": _spread("work_item.done", _number("cycle_hours"), 50, 85, 90, where=STILL),
    "flow.wip": OPEN + "'work_item.in_progress'",
    "blockers.open": OPEN + "'work_item.blocked'",
    "flow.efficiency": (
        f"select count(*) as n, sum({_number('active_hours')})"
        f" / nullif(sum({_number('active_hours')} + {_number('waiting_hours')}), 0) as share"
        f" from now_in where kind = 'work_item.done' and {STILL} and attributes->>'cycle_hours' is not null"
    ),
    "sprint.completion": _share(
        "sprint.item", _flag("done"), f"(({_flag('committed')} + {_flag('added')} > 0)::integer)"
    ),
    "sprint.spillover": _share("sprint.item", f"{_flag('in_scope')} - {_flag('done')}", _flag("in_scope")),
    "sprint.scope_change": _share("sprint.item", f"{_flag('added')} + {_flag('removed')}", _flag("committed")),
    "pipeline.success_rate": _share("pipeline.finished", _flag("success")),
    "pipeline.flaky_share": _share("pipeline.finished", _flag("flaky")),
    "pipeline.duration_minutes": _spread("pipeline.finished", "value", 50, 90),
    "dora.change_lead_hours": _spread("change.shipped", "value", 50, 90),
    "dora.change_fail_rate": _share("deployment.finished", _flag("failed")),
    "dora.rework_rate": _share("deployment.finished", _flag("rework")),
    "dora.recovery_hours": _spread("deployment.recovered", "value", 50, 90),
}


def _alike(mine: Any, known: Any) -> bool:
    if mine is None or known is None:
        return (mine or 0) == (known or 0)
    return bool(abs(mine - known) <= 1e-6 * max(1.0, abs(known)))


async def test_the_facts_of_the_sample_come_to_the_known_answers(
    ingest: Ingest, open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    organisation = generate(7, 10, 3)
    async with TestServer(create_app(organisation)) as server:
        base = str(server.make_url("")).rstrip("/")
        process = await ingest.start(
            "run", "--organisation", organisations[0].name, "--sample", JIRA_BASE_URL=f"{base}/jira",
            JIRA_EMAIL="reader@fernweh.example", JIRA_API_TOKEN=TOKEN, GITLAB_BASE_URL=f"{base}/gitlab",
            GITLAB_PRIVATE_TOKEN=TOKEN, OVIA_CREDENTIALS_KEYS=Fernet.generate_key().decode(),
        )  # fmt: skip
        _, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    database = await open_database("ovia_metrics")
    org_id = organisations[0].id
    async with database.transaction(org_id) as conn:
        for family in FAMILIES:
            assert (await derive(conn, org_id, family)).added > 0
    async with database.transaction(org_id) as conn:
        for family in FAMILIES:
            assert await derive(conn, org_id, family) == (0, 0)
            assert await derive(conn, org_id, family, from_scratch=True) == (0, 0)
    known = answers(organisation)
    wrong = []
    for window in known.windows:
        async with database.transaction(org_id) as conn:
            for kpi, statement in KPIS.items():
                row = await conn.fetchrow(
                    f"""
                    with now_in as (select * from facts where org_id = $1 and known_to = 'infinity'
                                       and occurred_at >= $2 and occurred_at < $3),
                         open_at as (select * from facts where org_id = $1 and known_to = 'infinity'
                                        and occurred_at < $3 and until >= $3 and $2::timestamptz is not null)
                    {statement}
                    """,
                    org_id,
                    window.start,
                    window.end,
                )
                assert row is not None
                told = known.find(kpi, window=window.name)
                if (row["n"] or 0) != told.n or not all(
                    _alike(value, told.values[name]) for name, value in row.items() if name != "n"
                ):
                    wrong.append((kpi, window.name, dict(row), told.n, told.values))
    assert wrong == []
