"""Why a number changed: what each group of its rows contributes."""

from uuid import UUID

import pytest

from ovia_shared.database import organisation_settings
from ovia_shared.database.kpis.grouping import By
from ovia_shared.errors import InvalidInput
from ovia_shared.models.kpi import Scope, ScopeKind
from ovia_shared.models.kpi_settings import HealthWeights
from tests.kpis.conftest import Books, day, days
from tests.kpis.explaining import FIRST, MERGED, SECOND, by_key, explained, has_project, merged, only, tell
from tests.kpis.test_counting import _product, _project


async def test_without_an_earlier_number_all_of_it_is_what_groups_did(books: Books) -> None:
    for at, class_ in ((1, "bug"), (2, "bug"), (3, "chore"), (8, "feature"), (9, "chore"), (10, "chore")):
        await merged(books, at, class_)
    await books.fact("merge_request.merged", day(11))
    found = await explained(books, MERGED, by=By.TYPE)
    assert {key: group.rate for key, group in by_key(found).items()} == {
        "bug": -2,
        "feature": 1,
        "chore": 1,
        "none": 1,
    }
    assert (found.before, found.by) == (found.restated, "type")
    assert (found.groups[0].key, found.groups[0].before_n, found.groups[0].after_n) == ("bug", 2, 0)
    assert found.reasons[0] == "bug has 0, before 2: -2"


async def test_deployments_per_day_are_split_per_day(books: Books) -> None:
    for at in (1, 2, 8, 9, 10, 11):
        await books.fact("deployment.finished", day(at))
    found = await explained(books, "dora.deployment_frequency", windows=(days(0, 4), days(7, 15)))
    assert (found.before.value, found.after.value) == (0.5, 0.5)
    assert only(found, "rate") == 0
    assert found.groups[0].rate == 0


async def test_a_rate_by_product_tells_growth_from_getting_worse(books: Books) -> None:
    for project in "123":
        await _project(books, project)
    shop = await _product(books, "1")
    await has_project(books, shop, "2")
    atlas = await books.admin.fetchval(
        "insert into products (org_id, id, name) values ($1, gen_random_uuid(), 'Atlas') returning id", books.org_id
    )
    # In both: the first by name has its rows.
    await has_project(books, atlas, "2")
    for project, at, passed in (
        ("1", 1, True), ("1", 2, True), ("2", 3, False), ("2", 4, False),
        ("1", 8, True), ("2", 9, False), ("2", 10, False), ("2", 11, False), ("3", 12, True),
    ):  # fmt: skip
        await books.fact("pipeline.finished", day(at), project=project, attributes={"success": passed})
    found = await explained(books, "pipeline.success_rate", by=By.PRODUCT)
    groups = by_key(found)
    assert set(groups) == {str(shop), str(atlas), "other"}
    assert [(groups[str(one)].before_n, groups[str(one)].after_n) for one in (shop, atlas)] == [(2, 1), (2, 3)]
    assert all(group.rate == 0 for group in groups.values())
    assert (groups["other"].before, groups["other"].after, groups["other"].after_share) == (None, 1, 0.2)
    assert found.difference == pytest.approx(0.4 - 0.5)
    # 100 % of what was half and is a fifth, the whole being at 45 %.
    assert groups[str(shop)].mix == pytest.approx(-0.3 * 0.55)
    assert "Atlas is 60 % of it, before 50 %: -4.5 points" in found.reasons


async def _teams(books: Books) -> tuple[UUID, list[UUID], list[UUID]]:
    """A root with two teams of four below it, of whom one stands deeper; the accounts of these, by team."""
    accounts = [await books.account(f"a{number}") for number in range(8)]
    people = [await books.person(f"P{number}", account) for number, account in enumerate(accounts)]
    root = await books.team("Gliders")
    await books.team("Wings", *people[:4], parent=root)
    tails = await books.team("Tails", parent=root)
    await books.team("Fins", *people[4:], parent=tails)
    return root, accounts[:4], accounts[4:]


async def test_a_median_by_team_tells_which_team_got_slower(books: Books) -> None:
    root, wings, fins = await _teams(books)
    for number in range(4):
        for week in (0, 7):
            await books.fact("merge_request.first_response", day(week + number), actor=wings[number], value=2.0)
            slow = 6.0 if week else 4.0
            await books.fact("merge_request.first_response", day(week + number), actor=fins[number], value=slow)
    found = await explained(books, "review.first_response_hours", Scope(ScopeKind.TEAM, str(root)), by=By.TEAM)
    groups = {group.name: group for group in found.groups}
    assert set(groups) == {"Wings", "Tails"}
    assert (found.before.value, found.after.value) == (3, 4)
    assert (groups["Tails"].rate, groups["Tails"].mix, groups["Wings"].rate) == (1, 0, 0)
    assert (groups["Tails"].before, groups["Tails"].after, groups["Tails"].before_share) == (4, 6, 0.5)
    assert found.reasons == ["Tails itself is at 6 hours, before 4 hours: +1 hours"]
    whole = await explained(books, "review.first_response_hours", by=By.TEAM)
    assert [group.name for group in whole.groups] == ["Gliders"]


async def test_teams_too_small_are_put_together(books: Books) -> None:
    root, wings, fins = await _teams(books)
    loners = [await books.account(f"l{number}") for number in range(5)]
    people = [await books.person(f"L{number}", account) for number, account in enumerate(loners)]
    scope = Scope(ScopeKind.TEAM, str(root))
    for number, account in enumerate([wings[0], *loners]):
        await merged(books, number, actor=account)
        await merged(books, number + 7, actor=account)
    await books.team("Rudders", *people[:2], parent=root)
    # Two people alone would be what is missing from the whole: the next larger team, Tails, goes with them.
    found = await explained(books, MERGED, scope, by=By.TEAM)
    assert {one.name: one.after_n for one in found.groups} == {"small teams": 2, "Wings": 1}
    await books.team("Noses", *people[2:], parent=root)
    await merged(books, 8, actor=fins[0])
    found = await explained(books, MERGED, scope, by=By.TEAM)
    assert {one.name: one.after_n for one in found.groups} == {"small teams": 5, "Wings": 1, "Tails": 1}
    whole = await explained(books, MERGED, by=By.TEAM)
    assert {one.name: one.after_n for one in whole.groups} == {"Gliders": 7}


async def test_who_is_in_no_team_is_told_apart(books: Books) -> None:
    _, wings, _ = await _teams(books)
    await merged(books, 8, actor=wings[0])
    await merged(books, 8, actor=await books.account("stranger"))
    await merged(books, 8)
    await merged(books, 1)
    assert {one.name: one.rate for one in (await explained(books, MERGED, by=By.TEAM)).groups} == {
        "Gliders": 1,
        "no team": 1,
    }


async def test_a_composite_is_split_by_its_parts_also_where_one_drops_out(books: Books) -> None:
    for week, done in ((0, (True, False)), (7, (True, True))):
        for number, one in enumerate(done):
            await books.fact("sprint.item", day(week + number),
                             attributes={"committed": True, "in_scope": True, "done": one})  # fmt: skip
    await books.fact("pipeline.finished", day(1), attributes={"success": True})
    found = await explained(books, "delivery_health")
    # 50 · 30 + 100 · 15 + 50 · 10 of 55; then 100 of the two that are left.
    assert found.by == "part"
    assert found.before.value == pytest.approx(3500 / 55)
    groups = by_key(found)
    assert set(groups) == {"completion", "pipeline_success", "spillover"}
    assert (groups["pipeline_success"].after, groups["pipeline_success"].rate) == (None, 0)
    assert groups["pipeline_success"].mix < 0
    assert groups["completion"].rate == pytest.approx(50 * (30 / 55 + 30 / 40) / 2)
    assert found.reasons[-1].startswith("Pipelines that passed has no data, before it weighed 27 %: -")
    back = await explained(books, "delivery_health", windows=(SECOND, FIRST))
    assert back.reasons[-1].startswith("Pipelines that passed weighs 27 %, before it had no data: +")
    with pytest.raises(InvalidInput):
        await explained(books, "delivery_health", by=By.TEAM)


async def test_other_weights_of_a_composite_are_a_definition_change(books: Books) -> None:
    for number, one in enumerate((True, False, False)):
        await books.fact(
            "sprint.item", day(number), attributes={"committed": True, "in_scope": number < 2, "done": one}
        )
    await tell(books, "delivery_health")
    async with books.database.transaction(books.org_id) as conn:
        await organisation_settings.write(conn, books.org_id, "health_weights", HealthWeights(completion=1), "Petra")
    found = await explained(books, "delivery_health", windows=(FIRST, FIRST))
    assert only(found, "definition_changes") > 0
    assert [(one.what, one.by) for one in found.definitions] == [("setting health_weights", "Petra")]


async def test_without_data_in_one_window_there_is_no_difference(books: Books) -> None:
    await books.fact("merge_request.first_response", day(8), value=3.0)
    found = await explained(books, "review.first_response_hours")
    assert (found.before.value, found.after.value, found.difference, found.parts, found.reasons) == (
        None,
        3,
        None,
        None,
        [],
    )
