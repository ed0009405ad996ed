"""Why a number changed: whatever happened, the parts sum to the difference to the last bit."""

from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from ovia_shared.database import organisation_settings
from ovia_shared.database.kpis.grouping import By
from ovia_shared.database.kpis.measuring import has
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Composite, Kpi
from ovia_shared.models.kpi import Scope, ScopeKind
from ovia_shared.models.kpi_settings import Staleness
from tests.kpis.conftest import ORGANISATION, Books, day, days
from tests.kpis.explaining import (
    derived_anew,
    explained,
    now,
)
from tests.kpis.test_counting import FLAGS, INTERVALS, KINDS, _product, _project, some_fact


def _of_every_kind() -> list[dict[str, Any]]:
    hours = (
        "coding_hours",
        "pickup_hours",
        "review_hours",
        "total_hours",
        "cycle_hours",
        "active_hours",
        "waiting_hours",
    )
    attributes = {
        **dict.fromkeys(FLAGS, True), **dict.fromkeys(hours, 7.0), "class": "bug", "ref": "release/1", "sprint": "5",
        "first_in_progress_at": day(-20).isoformat(), "quiet": [[day(-20).isoformat(), None]],
    }  # fmt: skip
    return [
        {"kind": kind, "at": day(at), "value": 5.0, "attributes": attributes, "until": None,
         "lasting": kind in INTERVALS, "actor": 0, "project": "1"}
        for at in (-10, -5, 15, 20) for kind in KINDS
    ]  # fmt: skip


async def test_for_every_kpi_scope_and_grouping_the_parts_sum_to_the_difference(books: Books) -> None:
    """Random facts: some come late, some are withdrawn, some derived anew. Mappings and settings change too."""
    histories: list[list[dict[str, Any]]] = []

    @settings(max_examples=3, derandomize=True)
    @given(st.lists(some_fact(), min_size=100, max_size=130))
    def draw(facts: list[dict[str, Any]]) -> None:
        # One of each kind in both windows, known from the first: what chance leaves out is asked about too.
        histories.append(_of_every_kind() + facts)

    draw()
    accounts = [await books.account(name) for name in "abcd"]
    people = [await books.person(name, account) for name, account in zip("ABC", accounts, strict=False)]
    team = await books.team("Wings", people[0], people[1])
    await _project(books, "1")
    product = await _product(books, "1")
    scopes = [ORGANISATION, Scope(ScopeKind.TEAM, str(team)), Scope(ScopeKind.PRODUCT, str(product))]
    seen: set[str] = set()
    for number, facts in enumerate(histories):
        await books.admin.execute("delete from facts")
        ids: list[UUID] = []
        then = await now(books)
        for place, one in enumerate(facts):
            if place == 2 * len(facts) // 3:
                then = await now(books)
                await derived_anew(books, "merge_requests", ids[0], 3, "version")
            known = {name: value for name, value in one.items() if name not in ("kind", "at")}
            ids.append(await books.fact(one["kind"], one["at"], **known | {"actor": accounts[one["actor"]]}))
        for fact in ids[1:12]:
            await books.disbelieve(fact)
        await books.map(accounts[2], people[number % 3])
        await books.map(accounts[3], people[1 - number % 2])
        async with books.database.transaction(books.org_id) as conn:
            await organisation_settings.write(conn, books.org_id, "staleness", Staleness(number + 1), "Petra")
        windows = (days(-15, 10), days(10, 35))
        scope, by = scopes[number % 3], list(By)[number % 3]
        basis = await books.basis(scope)
        for kpi in CATALOGUE.values():
            if has(kpi, basis.scope):
                given_by = None if isinstance(kpi.source, Composite) else by
                found = await explained(books, kpi.name, scope, by=given_by, then=then, windows=windows)
                if found.parts is not None:
                    seen.add(kpi.name)
    assert {"count", "spread", "ratio", "rate", "composite"} == {_form(CATALOGUE[name]) for name in seen}
    assert len(seen) > 30


def _form(kpi: Kpi) -> str:
    return "composite" if isinstance(kpi.source, Composite) else type(kpi.source.aggregate).__name__.lower()
