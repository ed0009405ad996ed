"""Whatever happens in whatever order: deriving as it happens and deriving everything at the end believe the same."""

import os
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.facts.conftest import Ledger, day

STATUSES = ("To Do", "Doing", "Done", "Blocked", "?")
CATEGORIES = ("todo", "in_progress", "done", "in_progress", None)
# More than that by hand, after changing what is looked at: OVIA_EXAMPLES=500.
EXAMPLES = int(os.environ.get("OVIA_EXAMPLES", "8"))
SHAS = ("a", "b", "c", "d")
PEOPLE = tuple(UUID(int=number) for number in range(1, 4))
few = st.integers(0, 3).map(str)
# Two projects, two branches, environments: enough for everything to move from one to the other.
ENVIRONMENTS = (("1", "1"), ("2", "1"), ("3", "2"))
two = st.sampled_from(["1", "1", "2"])
times = st.one_of(st.none(), st.integers(0, 12).map(day))
gone = st.sampled_from([None, None, None, day(20)])
shas = st.sampled_from([None, *SHAS])
Change = tuple[str, dict[str, Any]]


def _row(table: str, **values: st.SearchStrategy[Any]) -> st.SearchStrategy[Change]:
    return st.tuples(st.just(table), st.fixed_dictionaries(values))


def _statuses(number: int) -> dict[str, Any]:
    return {"to_value": str(number), "to_text": STATUSES[number], "from_value": "0", "from_text": STATUSES[0]}


transitions = st.builds(
    lambda item, history, at, number: (
        "work_item_transitions",
        {"work_item_external_id": item, "history_external_id": history, "occurred_at": at, **_statuses(number)},
    ),
    few, few, times, st.integers(0, 4),
)  # fmt: skip
delivery = st.one_of(
    _row("merge_requests", external_id=few, project_external_id=two, created_at=times, merged_at=times,
         state=st.sampled_from(["open", "merged", "merged", "merged", "closed"]), closed_at=times, head_sha=shas,
         merge_commit_sha=shas, removed_at=gone, draft=st.booleans(),
         target_branch=st.sampled_from(["main", "main", "main", "trunk"]), author_identity_id=st.just(None),
         source_branch=st.sampled_from(["topic", "hotfix/x"]), labels=st.sampled_from([[], ["bug"], ["hotfix"]])),
    _row("merge_request_commits", merge_request_external_id=few, sha=st.sampled_from(SHAS), authored_at=times,
         committed_at=times, removed_at=gone),
    st.sampled_from(ENVIRONMENTS).flatmap(lambda place: _row(
        "deployments", external_id=few, project_external_id=st.just(place[1]),
        environment_external_id=st.just(place[0]), sha=shas, finished_at=times, created_at=times, removed_at=gone,
        status=st.sampled_from(["success", "success", "failed"]))),
    st.sampled_from(ENVIRONMENTS).flatmap(lambda place: _row(
        "environments", external_id=st.just(place[0]), project_external_id=st.just(place[1]),
        name=st.sampled_from(["production", "prod", "test"]),
        tier=st.sampled_from(["production", "production", "staging", None]))),
    _row("projects", external_id=two, default_branch=st.sampled_from(["main", "main", "trunk"]),
         key=st.sampled_from(["GLD", "OLD"])),
    _row("releases", external_id=few, project_external_id=two, kind=st.sampled_from(["release", "tag", "version"]),
         tag=st.sampled_from(["v1.0", "nightly"]), sha=shas, released_at=times, removed_at=gone,
         released=st.sampled_from([True, True, False])),
    st.tuples(st.just("correct"), st.fixed_dictionaries(
        {"deployment": few, "incidents": st.one_of(st.none(), st.lists(few, max_size=2))})),
    _row("pipelines", external_id=few, sha=st.sampled_from(SHAS), created_at=times, finished_at=times,
         status=st.sampled_from(["success", "failed"]), removed_at=gone),
)  # fmt: skip
work = st.one_of(
    few.flatmap(lambda one: _row(
        "work_items", external_id=st.just(one), key=st.sampled_from([f"GLD-{one}", f"NEW-{one}"]), created_at=times,
        removed_at=gone, type=st.sampled_from(["Bug", "Incident"]), project_external_id=two,
        labels=st.sampled_from([[], ["incident"]]), flagged=st.sampled_from([None, True]))),
    few.flatmap(lambda one: _row(
        "work_item_keys", work_item_external_id=st.just(one), key=st.just(f"GLD-{one}"))),
    transitions,
    st.builds(
        lambda item, history, at, text: ("work_item_transitions", {
            "work_item_external_id": item, "history_external_id": "f" + history, "occurred_at": at, "field": "Flag",
            "field_external_id": "7", "to_text": text}),
        few, few, times, st.sampled_from(["", "Impediment"])),
    _row("field_definitions", external_id=st.just("7"), role=st.sampled_from([None, "flagged"])),
    _row("status_definitions", external_id=st.just("3"), name=st.just("Blocked"),
         category=st.sampled_from(["in_progress", "done"])),
    _row("work_item_links", work_item_external_id=few, external_id=few, target_external_id=few, removed_at=gone),
    _row("sprints", external_id=two, start_at=times, completed_at=times, removed_at=gone),
    _row("sprint_memberships", work_item_external_id=few, sprint_external_id=two, added_at=times,
         left_at=times, removed_at=gone),
    st.tuples(few, few).flatmap(lambda pair: _row(
        "source_references", subject_external_id=st.just(pair[0]), target=st.just(f"GLD-{pair[1]}"), removed_at=gone)),
)  # fmt: skip
reviews = st.one_of(
    _row("merge_request_events", merge_request_external_id=few, external_id=few, occurred_at=times,
         kind=st.sampled_from(["ready", "approved", "other"]), actor_identity_id=st.sampled_from(PEOPLE),
         removed_at=gone),
    _row("comments", subject_external_id=few, external_id=few, created_at=times, removed_at=gone,
         author_identity_id=st.sampled_from(PEOPLE)),
    st.tuples(st.just("account"), st.fixed_dictionaries(
        {"identity_id": st.sampled_from(PEOPLE), "service_account": st.booleans(), "active": st.booleans()})),
)  # fmt: skip
histories = st.lists(st.lists(st.one_of(delivery, delivery, work, reviews), min_size=1, max_size=8),
                     min_size=1, max_size=5)  # fmt: skip
KEPT_BETWEEN_RUNS = ("production_deployments", "production_fixes", "changes_due", "derivations", "facts")
WRITTEN = (
    "projects", "status_definitions", "field_definitions", "work_items", "work_item_keys", "work_item_transitions",
    "work_item_links", "merge_requests", "merge_request_events", "merge_request_commits", "comments", "pipelines",
    "environments", "deployments", "releases", "sprints", "sprint_memberships", "source_references",
    "corrected_incidents", "deployment_corrections", *KEPT_BETWEEN_RUNS,
)  # fmt: skip


async def _happen(ledger: Ledger, what: str, values: dict[str, Any]) -> None:
    if what == "correct":
        await ledger.correct(**values)
    elif what == "account":
        await ledger.account(**values)
    else:
        await ledger.put(what, **values)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories)
async def test_deriving_step_by_step_and_from_scratch_believe_the_same(
    ledger: Ledger, history: list[list[Change]]
) -> None:
    await ledger.admin.execute(";".join(f"delete from {table}" for table in WRITTEN))
    ledger.connection_id = uuid4()
    for project in ("1", "2"):
        await ledger.put("projects", external_id=project)
    for environment, project in ENVIRONMENTS:
        await ledger.put("environments", external_id=environment, project_external_id=project)
    for person in PEOPLE:
        await ledger.account(person)
    for place, (name, category) in enumerate(zip(STATUSES, CATEGORIES, strict=True)):
        await ledger.put("status_definitions", external_id=str(place), name=name, category=category)
    for step in history:
        for table, values in step:
            await _happen(ledger, table, values)
        await ledger.derive()
        assert await ledger.derive() == (0, 0)
    believed = await ledger.facts()
    again = await ledger.derive(from_scratch=True)
    assert await ledger.facts() == believed
    assert again == (0, 0)
    # Nothing believed is left over from what was closed, and nothing needs what was believed before.
    await ledger.admin.execute(";".join(f"delete from {table}" for table in KEPT_BETWEEN_RUNS))
    await ledger.derive()
    assert await ledger.facts() == believed
