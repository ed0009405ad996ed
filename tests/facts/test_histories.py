"""Whatever happens in whatever order: deriving as it happens and deriving everything at the end believe the same."""

from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.facts.conftest import Ledger, day

STATUSES = ("To Do", "Doing", "Done", "Blocked", "?")
CATEGORIES = ("todo", "in_progress", "done", "in_progress", None)
SHAS = ("a", "b", "c")
few = st.integers(0, 3).map(str)
times = st.one_of(st.none(), st.integers(0, 12).map(day))
gone = st.sampled_from([None, None, None, day(20)])


def _row(table: str, **values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(table), st.fixed_dictionaries(values))


def _statuses(number: int) -> dict[str, Any]:
    return {"to_value": str(number), "to_text": STATUSES[number], "from_value": "0", "from_text": STATUSES[0]}


merge_requests = _row(
    "merge_requests", external_id=few, state=st.sampled_from(["open", "merged", "closed"]), created_at=times,
    merged_at=times, closed_at=times, head_sha=st.sampled_from(SHAS), removed_at=gone, draft=st.booleans(),
    labels=st.sampled_from([[], ["bug"], ["hotfix"]]),
)  # fmt: skip
transitions = st.builds(
    lambda item, history, at, number: (
        "work_item_transitions",
        {"work_item_external_id": item, "history_external_id": history, "occurred_at": at, **_statuses(number)},
    ),
    few, few, times, st.integers(0, 4),
)  # fmt: skip
changes = st.one_of(
    merge_requests,
    _row("merge_request_events", merge_request_external_id=few, external_id=few, occurred_at=times,
         kind=st.sampled_from(["ready", "approved", "other"])),
    _row("merge_request_commits", merge_request_external_id=few, sha=st.sampled_from(SHAS), authored_at=times,
         committed_at=times, removed_at=gone),
    _row("deployments", external_id=few, sha=st.sampled_from(SHAS), finished_at=times, removed_at=gone),
    _row("environments", external_id=st.just("1"), tier=st.sampled_from(["production", "staging"])),
    _row("pipelines", external_id=few, sha=st.sampled_from(SHAS), created_at=times, finished_at=times,
         status=st.sampled_from(["success", "failed"])),
    few.flatmap(lambda one: _row(
        "work_items", external_id=st.just(one), key=st.just(f"GLD-{one}"), created_at=times, removed_at=gone,
        type=st.sampled_from(["Bug", "Incident"]))),
    few.flatmap(lambda one: _row(
        "work_item_keys", work_item_external_id=st.just(one), key=st.just(f"GLD-{one}"))),
    transitions,
    _row("work_item_links", work_item_external_id=few, external_id=few, target_external_id=few, removed_at=gone),
    _row("sprints", external_id=st.just("1"), start_at=times, completed_at=times),
    _row("sprint_memberships", work_item_external_id=few, sprint_external_id=st.just("1"), added_at=times,
         left_at=times),
    _row("source_references", subject_external_id=few, target=few.map("GLD-{}".format)),
)  # fmt: skip


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=st.lists(st.lists(changes, min_size=1, max_size=8), min_size=1, max_size=4))
async def test_deriving_step_by_step_and_from_scratch_believe_the_same(
    ledger: Ledger, history: list[list[tuple[str, dict[str, Any]]]]
) -> None:
    await ledger.admin.execute("truncate facts, derivations")
    for table in {name for step in history for name, _ in step}:
        await ledger.admin.execute(f"delete from {table}")
    ledger.connection_id = uuid4()
    await ledger.put("projects")
    for number, (name, category) in enumerate(zip(STATUSES, CATEGORIES, strict=True)):
        await ledger.put("status_definitions", external_id=str(number), name=name, category=category)
    for step in history:
        for table, values in step:
            await ledger.put(table, **values)
        await ledger.derive()
        assert await ledger.derive() == (0, 0)
    believed = await ledger.facts()
    assert await ledger.derive(from_scratch=True) == (0, 0)
    assert await ledger.facts() == believed
    # Nothing believed is left over from what was closed, and nothing needs what was believed before.
    await ledger.admin.execute("truncate facts, derivations")
    await ledger.derive()
    assert await ledger.facts() == believed
