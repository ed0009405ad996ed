"""Facts follow canonical rows: all of them, once, and nothing else."""

import math
from typing import Any

from ovia_shared.database.facts.deriving import FAMILIES, derive
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.facts.conftest import Ledger, day


async def _statuses(ledger: Ledger) -> None:
    for number, category in enumerate(("todo", "in_progress", "done"), start=1):
        await ledger.put("status_definitions", external_id=str(number), name=category, category=category)


async def _move(ledger: Ledger, item: str, at: float, before: str, after: str) -> None:
    ids = {"todo": "1", "in_progress": "2", "done": "3"}
    await ledger.put(
        "work_item_transitions", work_item_external_id=item, history_external_id=str(int(at * 1000)),
        from_value=ids.get(before), from_text=before, to_value=ids.get(after), to_text=after, occurred_at=day(at),
    )  # fmt: skip


async def _everything(ledger: Ledger) -> None:
    await ledger.put("projects")
    await _statuses(ledger)
    await ledger.put("work_items", external_id="10", key="GLD-1", type="Bug", created_at=day(0))
    await _move(ledger, "10", 1, "todo", "in_progress")
    await _move(ledger, "10", 3, "in_progress", "done")
    await ledger.put("work_items", external_id="11", key="GLD-2", created_at=day(0))
    await _move(ledger, "11", 1, "todo", "in_progress")
    await ledger.put("work_item_links", work_item_external_id="11", external_id="1", target_external_id="10")
    await ledger.put("sprints", external_id="5", start_at=day(0.5), completed_at=day(4))
    await ledger.put("sprint_memberships", work_item_external_id="10", sprint_external_id="5", added_at=day(0.1))
    await ledger.put(
        "merge_requests", external_id="20", state="merged", created_at=day(1), merged_at=day(2), head_sha="a" * 40,
        additions=3, deletions=4,
    )  # fmt: skip
    await ledger.put("merge_request_commits", merge_request_external_id="20", sha="a" * 40, authored_at=day(0))
    await ledger.put("environments", external_id="1")
    await ledger.put("deployments", external_id="30", sha="a" * 40, finished_at=day(3))
    await ledger.put("pipelines", external_id="40", status="failed", sha="a", created_at=day(1), finished_at=day(2))
    await ledger.put("pipelines", external_id="41", status="success", sha="a", created_at=day(2), finished_at=day(3))


def _of(facts: list[Any], **wanted: Any) -> list[Any]:
    return [one for one in facts if all(one[name] == value for name, value in wanted.items())]


async def test_every_kind_of_row_becomes_its_facts(ledger: Ledger) -> None:
    await _everything(ledger)
    await ledger.derive()
    facts = await ledger.facts()
    done = _of(facts, kind="work_item.done")[0]
    assert (done["occurred_at"], done["value"]) == (day(3), 72)
    assert done["attributes"]["class"] == "bug"
    assert (done["attributes"]["cycle_hours"], done["attributes"]["active_hours"]) == (48, 48)
    blocked = _of(facts, kind="work_item.blocked")[0]
    assert (blocked["entity_id"], blocked["occurred_at"], blocked["until"]) == ("11", day(0), day(3))
    assert _of(facts, kind="sprint.item")[0]["attributes"]["done"] is True
    assert _of(facts, kind="merge_request.merged")[0]["value"] == 7
    assert _of(facts, kind="change.shipped")[0]["value"] == 72
    assert _of(facts, kind="merge_request.deployed")[0]["value"] == 24
    assert [one["attributes"]["flaky"] for one in _of(facts, kind="pipeline.finished")] == [True, False]


async def test_deriving_twice_writes_nothing(ledger: Ledger) -> None:
    await _everything(ledger)
    assert (await ledger.derive())[0] > 0
    assert await ledger.derive() == (0, 0)
    assert await ledger.derive(from_scratch=True) == (0, 0)


async def test_what_the_source_no_longer_has_closes_its_facts_and_keeps_them(ledger: Ledger) -> None:
    await _everything(ledger)
    await ledger.derive()
    await ledger.put(
        "merge_requests", external_id="20", state="merged", created_at=day(1), merged_at=day(2), removed_at=day(9)
    )
    await ledger.derive()
    assert await ledger.facts("merge_request.merged") == []
    assert await ledger.admin.fetchval("select count(*) from facts where kind = 'merge_request.merged'") == 1


async def test_a_reopened_item_was_done_until_then(ledger: Ledger) -> None:
    await _everything(ledger)
    await ledger.derive()
    await _move(ledger, "10", 5, "done", "in_progress")
    await ledger.derive()
    done = (await ledger.facts("work_item.done"))[0]
    assert (done["occurred_at"], done["until"]) == (day(3), day(5))
    # Whoever waits for it waits again.
    assert len(await ledger.facts("work_item.blocked")) == 2


async def test_a_merge_request_merged_before_it_was_created_was_never_open(ledger: Ledger) -> None:
    await ledger.put("merge_requests", external_id="1", state="merged", created_at=day(2), merged_at=day(1))
    await ledger.derive()
    assert [one["kind"] for one in await ledger.facts()] == ["merge_request.merged"]
    assert (await ledger.facts())[0]["attributes"]["review_hours"] is None


async def test_a_status_of_no_known_category_is_neither_begun_nor_done(ledger: Ledger) -> None:
    await _statuses(ledger)
    await ledger.put("work_items", external_id="1", key="GLD-1", created_at=day(0), status="?", status_category=None)
    await _move(ledger, "1", 1, "todo", "?")
    await ledger.derive()
    assert [one["kind"] for one in await ledger.facts()] == ["work_item.created"]


async def test_done_before_it_was_created_has_no_lead_time(ledger: Ledger) -> None:
    await _statuses(ledger)
    await ledger.put("work_items", external_id="1", key="GLD-1", created_at=day(5))
    await _move(ledger, "1", 1, "todo", "done")
    await ledger.derive()
    done = await ledger.facts("work_item.done")
    assert len(done) == 1
    assert done[0]["value"] is None


async def test_a_sprint_never_closed_and_missing_times_give_no_facts(ledger: Ledger) -> None:
    await ledger.put("work_items", external_id="1", key="GLD-1", created_at=None)
    await ledger.put("work_items", external_id="2", key="GLD-2", created_at=day(0))
    await ledger.put("sprints", external_id="5", state="active", start_at=day(0))
    await ledger.put("sprint_memberships", work_item_external_id="2", sprint_external_id="5")
    await ledger.put("merge_requests", external_id="1", state="merged")
    await ledger.put("pipelines", external_id="40", status="failed")
    await ledger.derive()
    assert [(one["kind"], one["entity_id"]) for one in await ledger.facts()] == [("work_item.created", "2")]


async def test_hours_are_elapsed_time_also_where_clocks_are_put_forward(ledger: Ledger) -> None:
    await ledger.put("projects")
    # The night of 28 to 29 March 2026 has one hour less in Berlin; what passed is what counts.
    name = await ledger.admin.fetchval("select current_database()")
    await ledger.admin.execute(f"alter database {name} set timezone = 'Europe/Berlin'")
    await ledger.put("merge_requests", external_id="1", state="merged", created_at=day(26), merged_at=day(28))
    await ledger.put("merge_request_commits", merge_request_external_id="1", sha="b", authored_at=day(25))
    await ledger.derive()
    assert math.isclose((await ledger.facts("merge_request.merged"))[0]["attributes"]["coding_hours"], 24)


async def test_another_time_zone_of_the_server_changes_no_fact(ledger: Ledger, open_database: OpenDatabase) -> None:
    await _everything(ledger)
    await ledger.derive()
    name = await ledger.admin.fetchval("select current_database()")
    await ledger.admin.execute(f"alter database {name} set timezone = 'Australia/Lord_Howe'")
    elsewhere = await open_database("ovia_metrics")
    async with elsewhere.transaction(ledger.org_id) as conn:
        assert await conn.fetchval("show timezone") == "Australia/Lord_Howe"
        for family in FAMILIES:
            assert await derive(conn, ledger.org_id, family, from_scratch=True) == (0, 0)


async def test_a_change_that_reached_production_before_it_was_written_has_no_lead_time(ledger: Ledger) -> None:
    await ledger.put("projects")
    await ledger.put("environments", external_id="1")
    await ledger.put("merge_requests", external_id="1", state="merged", created_at=day(2), merged_at=day(3),
                     head_sha="a")  # fmt: skip
    await ledger.put("merge_request_commits", merge_request_external_id="1", sha="a", authored_at=day(4))
    await ledger.put("deployments", external_id="30", sha="a", finished_at=day(2.5))
    await ledger.derive()
    assert [(one["occurred_at"], one["value"]) for one in await ledger.facts("change.shipped")] == [(day(2.5), None)]
    assert [one["value"] for one in await ledger.facts("merge_request.deployed")] == [None]


async def test_a_pipeline_that_ended_before_it_began_ran_for_no_time_that_counts(ledger: Ledger) -> None:
    await ledger.put("projects")
    await ledger.put("pipelines", external_id="40", status="success", started_at=day(2), finished_at=day(1))
    await ledger.derive()
    assert [one["value"] for one in await ledger.facts("pipeline.finished")] == [None]


async def test_a_sprint_closed_before_it_began_had_nothing_in_scope(ledger: Ledger) -> None:
    await ledger.put("work_items", external_id="1", key="GLD-1", created_at=day(0))
    await ledger.put("sprints", external_id="5", start_at=day(4), completed_at=day(2))
    await ledger.put("sprint_memberships", work_item_external_id="1", sprint_external_id="5", added_at=day(3))
    await ledger.derive()
    told = [one["attributes"] for one in await ledger.facts("sprint.item")]
    assert [(one["added"], one["removed"], one["in_scope"], one["done"]) for one in told] == [(False,) * 4]


async def test_an_item_done_twice_was_done_twice_and_its_work_is_counted_up_to_each(ledger: Ledger) -> None:
    await _everything(ledger)
    await _move(ledger, "10", 5, "done", "in_progress")
    await _move(ledger, "10", 6, "in_progress", "done")
    await ledger.derive()
    done = await ledger.facts("work_item.done")
    assert [(one["occurred_at"], one["until"].year) for one in done] == [(day(3), 2026), (day(6), 9999)]
    assert [one["attributes"]["active_hours"] for one in done] == [48, 72]


async def test_a_row_committed_late_is_not_missed(ledger: Ledger) -> None:
    await ledger.put("merge_requests", external_id="1", created_at=day(0))
    slow = ledger.admin.transaction()
    await slow.start()
    await ledger.admin.execute("update merge_requests set state = 'closed', closed_at = now(), changed_at = now()")
    await ledger.derive()
    await slow.commit()
    # Open, and waiting for an answer: both end.
    assert await ledger.derive() == (2, 2)


async def test_an_organisation_sees_no_facts_of_another(
    ledger: Ledger, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    await _everything(ledger)
    await ledger.derive()
    other = Ledger(ledger.admin, ledger.database, organisations[1].id)
    assert await other.derive() == (0, 0)
    assert await other.facts() == []
