"""Why a number changed: each cause in its own part and nowhere else."""

from typing import Any

import msgspec
import pytest

from ovia_shared.database import organisation_settings
from ovia_shared.database.ids import new_id
from ovia_shared.database.kpis.grouping import By
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.kpi import Scope, ScopeKind
from ovia_shared.models.kpi_settings import Staleness
from tests.kpis.conftest import Books, day
from tests.kpis.explaining import FIRST, MERGED, derived_anew, explained, has_project, merged, now, only, tell
from tests.kpis.test_counting import _product, _project


async def test_what_became_known_late_is_late_data_and_nothing_else(books: Books) -> None:
    for at in (1, 2, 8, 9):
        await merged(books, at)
    gone = await merged(books, 3)
    await tell(books, MERGED)
    await merged(books, 4, entity="late")
    await merged(books, 5, entity="later")
    await books.disbelieve(gone)
    await merged(books, 99)
    found = await explained(books, MERGED)
    assert found.parts is not None
    assert (found.before.value, found.restated.value, found.after.value, found.difference) == (3, 4, 2, -1)
    assert msgspec.to_builtins(found.parts) == {
        "mix": 0, "rate": -2, "late_data": 1, "identity_corrections": 0, "definition_changes": 0,
    }  # fmt: skip
    assert found.late.count == 3
    assert [(one.entity_id, one.how) for one in found.late.items] == [
        (str(gone), "withdrawn"), ("later", "arrived"), ("late", "arrived"),
    ]  # fmt: skip
    assert (found.corrections.accounts, found.definitions) == (0, [])
    assert found.before.receipt_id != found.restated.receipt_id
    assert found.before.as_of < found.restated.as_of
    assert found.reasons == [
        "other has 2, before 4: -2", "3 items became known, or known better, after the earlier number was told: +1",
    ]  # fmt: skip


async def test_a_fact_that_took_the_place_of_another_and_counts_the_same_is_no_late_data(books: Books) -> None:
    old = await merged(books, 1, entity="7", value=5.0)
    await merged(books, 8)
    await tell(books, MERGED)
    await books.disbelieve(old)
    await merged(books, 1, entity="7", value=6.0)
    assert (await explained(books, MERGED)).late.count == 0
    size = await explained(books, "merge_request.size", then=await now(books))
    assert (size.difference, size.late.count) == (None, 0)


async def test_a_corrected_mapping_is_an_identity_correction_and_nothing_else(books: Books) -> None:
    mine, theirs = await books.account("mine"), await books.account("theirs")
    ann = await books.person("Ann", mine)
    bob = await books.person("Bob", theirs)
    team = await books.team("Wings", ann)
    await books.team("Tails", bob)
    for at in (1, 8):
        await merged(books, at, actor=mine)
    await merged(books, 2, actor=theirs)
    scope = Scope(ScopeKind.TEAM, str(team))
    await tell(books, MERGED, scope)
    mapping = await books.map(theirs, ann)
    event = new_id()
    await books.admin.execute(
        """
        insert into identity_events (org_id, id, actor, action, mapping_id, identity_id, person_id, before, after)
        values ($1, $2, 'Petra', 'remap', $3, $4, $5, '{}', $6)
        """,
        books.org_id, event, mapping, theirs, ann, {"mappings": [{"id": str(mapping)}]},
    )  # fmt: skip
    # About another account, which counts nowhere here.
    await books.map(await books.account("nobody's"), bob)
    found = await explained(books, MERGED, scope)
    assert (found.before.value, found.restated.value, found.after.value) == (1, 2, 1)
    assert found.parts is not None
    assert (found.parts.rate, found.parts.identity_corrections) == (-1, 1)
    assert (found.parts.late_data, found.parts.definition_changes, found.parts.mix) == (0, 0, 0)
    assert [(one.event_id, one.identity_id, one.actor) for one in found.corrections.events] == [
        (event, theirs, "Petra")
    ]
    assert (found.corrections.accounts, found.corrections.memberships, found.late.count) == (1, 0, 0)
    assert "who is who, or in which team, was corrected for 1 account: +1" in found.reasons
    hidden = await explained(books, MERGED, scope, named=False)
    assert (hidden.corrections.accounts, hidden.corrections.events) == (1, [])


async def test_a_membership_told_otherwise_and_a_threshold_are_identity_corrections(books: Books) -> None:
    account, doubtful = await books.account("a"), await books.account("b")
    ann = await books.person("Ann", account)
    await books.map(doubtful, ann, "auto", 0.8)
    team = await books.team("Wings")
    await merged(books, 1, actor=account)
    await merged(books, 2, actor=doubtful)
    scope = Scope(ScopeKind.TEAM, str(team))
    await tell(books, MERGED, scope)
    then = await now(books)
    await books.join(team, ann)
    # Nothing was ever told of the team before: no difference to nothing.
    assert (await explained(books, MERGED, scope, windows=(FIRST, FIRST))).difference is None
    joined = await now(books)
    async with books.database.transaction(books.org_id) as conn:
        await organisation_settings.write(conn, books.org_id, "matching", MatchingSettings(auto=0.7), "Petra")
    found = await explained(books, MERGED, scope, windows=(FIRST, FIRST), then=joined)
    assert (found.before.value, found.after.value) == (1, 2)
    assert only(found, "identity_corrections") == 1
    assert (found.corrections.accounts, found.corrections.memberships) == (1, 0)
    since = await explained(books, MERGED, scope, windows=(FIRST, FIRST), then=then)
    assert (since.corrections.accounts, since.corrections.memberships) == (2, 1)


async def test_a_changed_setting_is_a_definition_change_and_nothing_else(books: Books) -> None:
    for at in (-5, -1, 1):
        await books.fact(
            "merge_request.open", day(at), lasting=True, attributes={"quiet": [[day(at).isoformat(), None]]}
        )
    await tell(books, "merge_request.stale_share")
    async with books.database.transaction(books.org_id) as conn:
        await organisation_settings.write(conn, books.org_id, "staleness", Staleness(20), "Petra")
    found = await explained(books, "merge_request.stale_share", windows=(FIRST, FIRST))
    assert (found.before.value, found.restated.value) == (2 / 3, 0)
    assert only(found, "definition_changes") == pytest.approx(-2 / 3)
    assert [(one.what, one.by) for one in found.definitions] == [("setting staleness", "Petra")]
    assert found.reasons == ["definitions changed (setting staleness): -66.7 points"]
    assert (found.late.count, found.corrections.accounts) == (0, 0)


async def test_facts_derived_by_other_rules_are_told_from_those_that_came_late(books: Books) -> None:
    first = await merged(books, 1)
    await merged(books, 8)
    await tell(books, MERGED)
    await merged(books, 2, entity="before the rules changed")
    await derived_anew(books, "merge_requests", first, None, "settings")
    await merged(books, 3, entity="in between")
    for at in (4, 5):
        await derived_anew(books, "merge_requests", None, at, "version")
    # Of facts this number is not counted from, and of those that changed after its window alone.
    await derived_anew(books, "pipelines", None, None, "settings")
    await derived_anew(books, "merge_requests", None, 70, "settings")
    async with books.database.transaction(books.org_id) as conn:
        await organisation_settings.write(conn, books.org_id, "classification", Staleness(), "Petra")
    found = await explained(books, MERGED)
    assert found.parts is not None
    assert (found.before.value, found.restated.value, found.after.value) == (1, 4, 1)
    assert (found.parts.late_data, found.parts.definition_changes, found.parts.rate) == (2, 1, -3)
    assert [one.entity_id for one in found.late.items] == ["in between", "before the rules changed"]
    assert [one.what for one in found.definitions] == [
        "facts of merge_requests, derived with other settings", "facts of merge_requests, derived by a newer version",
        "facts of merge_requests, derived by a newer version", "setting classification",
    ]  # fmt: skip


async def test_another_make_up_of_the_scope_is_a_definition_change(books: Books) -> None:
    for project in "12":
        await _project(books, project)
        await merged(books, 1, project=project)
    product = await _product(books, "1")
    scope = Scope(ScopeKind.PRODUCT, str(product))
    await tell(books, MERGED, scope)
    await has_project(books, product, "2")
    found = await explained(books, MERGED, scope, windows=(FIRST, FIRST))
    assert only(found, "definition_changes") == 1
    assert [one.what for one in found.definitions] == ["what the product is made up of"]


async def test_another_version_of_the_kpi_is_a_definition_change(books: Books) -> None:
    await merged(books, 1)
    await tell(books, MERGED)
    await books.admin.execute("alter table receipts disable trigger append_only")
    await books.admin.execute(
        "update receipts set kpi_version = 0, answer = replace(answer, '\"value\":1.0', '\"value\":4.0')"
    )
    found = await explained(books, MERGED, windows=(FIRST, FIRST))
    assert (found.before.value, only(found, "definition_changes")) == (4, -3)
    assert [one.what for one in found.definitions] == [f"{MERGED}, version 1 for 0"]


async def test_of_a_changed_moment_the_setting_that_was_in_force_then_counts(books: Books) -> None:
    await books.fact("merge_request.open", day(-3), lasting=True, attributes={"quiet": [[day(-3).isoformat(), None]]})
    then = await now(books)
    async with books.database.transaction(books.org_id) as conn:
        await organisation_settings.write(conn, books.org_id, "staleness", Staleness(20), "Petra")
    found = await explained(books, "merge_request.stale_share", windows=(FIRST, FIRST), then=then)
    assert (found.before.value, found.before.as_of, only(found, "definition_changes")) == (1, then, -1)


async def test_two_organisations_know_nothing_of_each_other(books: Books, organisations: Any) -> None:
    theirs = Books(books.admin, books.database, organisations[1].id)
    for at in (1, 2, 8):
        await merged(theirs, at)
    await merged(books, 1)
    await merged(books, 8)
    await tell(theirs, MERGED)
    await tell(books, MERGED)
    for at in (3, 4):
        await merged(theirs, at)
    await theirs.team("Theirs", await theirs.person("P", await theirs.account("a")))
    mine, others = await explained(books, MERGED, by=By.TEAM), await explained(theirs, MERGED, by=By.TEAM)
    assert (only(mine, "rate"), mine.late.count) == (0, 0)
    assert others.parts is not None
    assert (others.parts.late_data, others.parts.rate, others.late.count) == (2, -3, 2)
