"""Why a number changed, from canonical rows on: what the deriver did late, and what it did by other rules."""

from ovia_shared.database import organisation_settings
from ovia_shared.models.fact_settings import Workflow
from ovia_shared.models.kpi import Scope, ScopeKind, Window
from tests.facts.conftest import Ledger, day
from tests.kpis.conftest import Books
from tests.kpis.explaining import explained, only, tell

FINISHED = "throughput.work_items"
FIRST, SECOND = Window(day(0), day(7)), Window(day(7), day(14))


async def _statuses(ledger: Ledger) -> None:
    await ledger.put("projects")
    for number, (name, category) in enumerate((("To Do", "todo"), ("Done", "done"), ("Shipped", "in_progress"))):
        await ledger.put("status_definitions", external_id=str(number), name=name, category=category)


async def _finished(ledger: Ledger, key: str, at: float, status: str = "Done") -> None:
    await ledger.put("work_items", external_id=key, key=key, title=f"About {key}", created_at=day(at - 1),
                     url=f"https://jira.example/browse/{key}")  # fmt: skip
    await ledger.put(
        "work_item_transitions", work_item_external_id=key, history_external_id=key, from_value="0", from_text="To Do",
        to_value={"Done": "1", "Shipped": "2"}[status], to_text=status, occurred_at=day(at),
    )  # fmt: skip


async def test_what_is_derived_late_and_what_by_other_rules_are_told_apart(ledger: Ledger) -> None:
    books = Books(ledger.admin, ledger.database, ledger.org_id)
    await _statuses(ledger)
    await _finished(ledger, "GLD-1", 1)
    await _finished(ledger, "GLD-2", 2, "Shipped")
    await _finished(ledger, "GLD-3", 8)
    await ledger.derive()
    await tell(books, FINISHED, window=FIRST)
    await _finished(ledger, "GLD-4", 3)
    await ledger.derive()
    async with ledger.database.transaction(ledger.org_id) as conn:
        chosen = Workflow(categories={"*": {"Shipped": "done"}})
        await organisation_settings.write(conn, ledger.org_id, "workflow", chosen, "Petra")
    await ledger.derive()
    await _finished(ledger, "GLD-5", 4)
    await ledger.derive()
    found = await explained(books, FINISHED, windows=(FIRST, SECOND))
    assert found.parts is not None
    assert (found.before.value, found.restated.value, found.after.value) == (1, 4, 1)
    assert (found.parts.late_data, found.parts.definition_changes, found.parts.rate) == (2, 1, -3)
    assert [(one.key, one.title, one.how) for one in found.late.items] == [
        ("GLD-5", "About GLD-5", "arrived"), ("GLD-4", "About GLD-4", "arrived"),
    ]  # fmt: skip
    assert found.late.items[0].url == "https://jira.example/browse/GLD-5"
    assert [(one.what, one.by) for one in found.definitions] == [
        ("facts of work_items, derived with other settings", None), ("setting workflow", "Petra"),
    ]  # fmt: skip


async def test_what_a_sprint_is_told_to_hold_later_is_late_data(ledger: Ledger) -> None:
    books = Books(ledger.admin, ledger.database, ledger.org_id)
    await _statuses(ledger)
    await ledger.put("sprints", external_id="5", start_at=day(0), completed_at=day(6))
    for key, at in (("GLD-1", 1), ("GLD-2", 2)):
        await _finished(ledger, key, at)
    await ledger.put("sprint_memberships", work_item_external_id="GLD-1", sprint_external_id="5", added_at=day(0))
    await ledger.derive()
    sprint = Scope(ScopeKind.SPRINT, f"{ledger.connection_id}:5")
    await tell(books, FINISHED, sprint, FIRST)
    await ledger.put("sprint_memberships", work_item_external_id="GLD-2", sprint_external_id="5", added_at=day(0))
    await ledger.derive()
    found = await explained(books, FINISHED, sprint, windows=(FIRST, FIRST))
    assert (found.before.value, found.after.value) == (1, 2)
    assert only(found, "late_data") == 1
    assert found.definitions == []
