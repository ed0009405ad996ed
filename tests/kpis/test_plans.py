"""A question about a week reads that week, however many years of facts there are."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from ovia_shared.database.kpis.statements import value_of
from tests.kpis.conftest import Books, days

PER_DAY = 40
DAYS = 700


async def _years(books: Books) -> None:
    await books.admin.execute(
        """
        insert into facts (org_id, id, kind, entity_kind, connection_id, entity_id, project_external_id, occurred_at,
                           until, value, attributes, derivation_version, row_hash, known_from)
        select $1, gen_random_uuid(), kind, 'merge_request', $2, n::text, '1', at,
               case when kind <> 'merge_request.open' then null when n % 900 = 0 then 'infinity'
                    else at + interval '2 days' end,
               n, '{"class": "bug", "quiet": []}', 1, gen_random_uuid(), now() - interval '1 day'
          from generate_series(1, $3::integer) n,
               lateral (select $4::timestamptz + n * interval '1 day' / $5 as at) x,
               (values ('merge_request.merged'), ('merge_request.open')) k (kind)
        """,
        books.org_id, books.connection_id, PER_DAY * DAYS, days(-DAYS + 30, 0).start, PER_DAY,
    )  # fmt: skip
    await books.admin.execute("vacuum analyze facts")


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from _nodes(one)


@pytest.mark.parametrize(
    ("kpi", "most"),
    [("throughput.merge_requests", 7 * PER_DAY), ("merge_request.size", 7 * PER_DAY),
     ("merge_request.stale_share", 60 * PER_DAY)],
)  # fmt: skip
async def test_counting_a_week_reads_no_more_than_the_week(books: Books, kpi: str, most: int) -> None:
    await _years(books)
    async with books.database.transaction(books.org_id) as conn:
        question = await books.question(conn, kpi, days(14, 21))
        found = await conn.fetchval(
            f"explain (analyze, format json) {value_of(kpi, question.basis.scope)}",
            question.org_id, question.window.start, question.window.end, question.facts_as_of, question.people_as_of,
            msgspec.to_builtins(question.basis),
        )  # fmt: skip
    plan = found[0]["Plan"] if isinstance(found, list) else msgspec.json.decode(found)[0]["Plan"]
    reads = [node for node in _nodes(plan) if node.get("Relation Name") == "facts" and node["Actual Loops"]]
    assert reads
    for node in reads:
        assert node["Node Type"] != "Seq Scan", node
        read = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        assert read <= most, node
