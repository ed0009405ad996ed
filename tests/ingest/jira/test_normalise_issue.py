"""A Jira issue becomes canonical rows, however odd it is."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovia_ingest.connectors.jira.adf import text_of
from ovia_ingest.connectors.jira.normalise_issue import issues
from ovia_ingest.sources.reading import Normalised
from ovia_shared.models.canonical.references import Reference
from ovia_shared.models.canonical.work_items import (
    Comment,
    SprintMembership,
    WorkItem,
    WorkItemKey,
    WorkItemLink,
    WorkItemTransition,
    Worklog,
)
from tests.ingest.jira.issues import CONTEXT, SPRINT, change, document, issue, moved, payload

Row = TypeVar("Row", bound=msgspec.Struct)
normalise = issues(CONTEXT)


def rows(found: Normalised, kind: type[Row]) -> list[Row]:
    return [row for row in found.rows if isinstance(row, kind)]


def the(found: Normalised, kind: type[Row]) -> Row:
    (row,) = rows(found, kind)
    return row


def test_a_whole_issue_is_understood() -> None:
    found = normalise(payload())
    item = the(found, WorkItem)
    assert (item.external_id, item.key, item.type, item.title) == ("1001", "GLD-12", "Story", "Trim the left wing")
    assert item.description == "As agreed in SKY-7.\nВторой абзац"
    assert (item.status, item.status_category, item.priority) == ("In Progress", "in_progress", "High")
    assert (item.story_points, item.flagged, item.fields) == (5.0, True, {"Wing type": "delta"})
    assert (item.reporter_account, item.creator_account) == ("ann-1", "app-1")
    assert item.created_at == datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    assert item.url == "https://fernweh.example/browse/GLD-12"
    assert item.notes == ()
    link = the(found, WorkItemLink)
    assert (link.description, link.target_key, link.inward) == ("is blocked by", "SKY-9", True)
    assert the(found, Comment).body == "Done?"
    assert the(found, Worklog).seconds == 3600
    assert [(one.target, one.found_in) for one in rows(found, Reference)] == [("SKY-7", "description")]
    machines = {account.external_id: account.service_account for account in found.accounts}
    assert machines == {"ann-1": False, "app-1": True}


def test_every_item_of_every_history_entry_is_a_transition() -> None:
    log = [
        change(2, "2026-01-04T00:00:00.000+0000", moved("status", "1", "2"), moved("status", "2", "3")),
        change(1, 1767400000000, moved("assignee", None, "ann-1")),
    ]
    found = rows(normalise(payload(log)), WorkItemTransition)
    assert [(one.history_external_id, one.ordinal, one.to_value) for one in found] == [
        ("1", 0, "ann-1"), ("2", 0, "2"), ("2", 1, "3"),
    ]  # fmt: skip
    assert found[0].occurred_at == datetime(2026, 1, 3, 0, 26, 40, tzinfo=UTC)


def test_a_moved_issue_keeps_its_earlier_keys() -> None:
    log = [change(1, "2026-01-04T00:00:00.000+0000", moved("Key", "OLD-3", "GLD-12"))]
    keys = {(one.key, one.work_item_external_id) for one in rows(normalise(payload(log)), WorkItemKey)}
    assert keys == {("OLD-3", "1001"), ("GLD-12", "1001")}


def test_stays_in_sprints_come_from_the_history() -> None:
    log = [
        change(1, "2026-01-03T00:00:00.000+0000", moved("Sprint", "6", "6, 7", SPRINT)),
        change(2, "2026-01-04T00:00:00.000+0000", moved("Sprint", "6, 7", "7", SPRINT)),
        change(3, "2026-01-05T00:00:00.000+0000", moved("Sprint", "7", "6, 7", SPRINT)),
    ]
    found = rows(normalise(payload(log, **{SPRINT: [{"id": 6}, {"id": 7}]})), SprintMembership)
    created, third, fourth, fifth = (datetime(2026, 1, day, tzinfo=UTC) for day in (2, 3, 4, 5))
    assert [(one.sprint_external_id, one.ordinal, one.added_at, one.left_at) for one in found] == [
        ("6", 0, created.replace(hour=3, minute=4, second=5, microsecond=678000), fourth),
        ("6", 1, fifth, None),
        ("7", 0, third, None),
    ]


@given(st.lists(st.frozensets(st.sampled_from(["1", "2", "3"])), min_size=1, max_size=8))
def test_the_stays_not_ended_are_the_sprints_the_issue_is_in(sets: list[frozenset[str]]) -> None:
    log = [
        change(number, f"2026-01-{number + 3:02}T00:00:00.000+0000",
               moved("Sprint", ", ".join(sorted(before)), ", ".join(sorted(after)), SPRINT))
        for number, (before, after) in enumerate(pairwise(sets))
    ]  # fmt: skip
    present = [{"id": int(one)} for one in sorted(sets[-1])]
    found = rows(normalise(payload(log, **{SPRINT: present})), SprintMembership)
    assert {one.sprint_external_id for one in found if one.left_at is None} == sets[-1]
    assert len({(one.sprint_external_id, one.ordinal) for one in found}) == len(found)


def test_comments_fetched_apart_replace_the_few_that_came_with_the_issue() -> None:
    envelope = {"issue": issue(), "changelog": [], "comments": [{"id": str(one), "body": "x"} for one in range(30)]}
    assert len(rows(normalise(msgspec.json.encode(envelope)), Comment)) == 30


def test_data_center_sends_names_and_keys_and_its_own_sprint_texts() -> None:
    sprint = "com.atlassian.greenhopper.service.sprint.Sprint@1a[id=12,rapidViewId=3,state=ACTIVE,name=S]"
    body = issue(reporter={"key": "JIRAUSER1", "name": "ann", "displayName": "Ann"}, description="h1. Wiki text",
                 **{SPRINT: [sprint]})  # fmt: skip
    body["changelog"] = {"histories": [change(1, "2026-01-04T00:00:00.000+0000", moved("status", "1", "2"))]}
    found = normalise(msgspec.json.encode({"issue": body}))
    assert the(found, WorkItem).reporter_account == "JIRAUSER1@fernweh.example"
    assert the(found, WorkItem).description == "h1. Wiki text"
    assert the(found, SprintMembership).sprint_external_id == "12"
    assert len(rows(found, WorkItemTransition)) == 1


def test_an_issue_without_an_id_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="no id"):
        normalise(msgspec.json.encode({"issue": {"key": "GLD-1"}}))


@pytest.mark.parametrize("field", sorted(issue()["fields"]))
def test_null_where_a_value_belongs_loses_nothing_else(field: str) -> None:
    item = the(normalise(payload(**{field: None})), WorkItem)
    assert item.external_id == "1001"
    assert item.title


def test_absurd_dates_and_numbers_are_left_out_with_a_note() -> None:
    item = the(normalise(payload(created="44444-01-01", updated=-7, timespent=10**25)), WorkItem)
    assert item.created_at is None
    assert item.spent_seconds is None
    assert len(item.notes) == 3


def test_lone_surrogates_are_refused_by_the_decoder_or_replaced() -> None:
    raw = payload(summary="MARK").replace(b"MARK", b"half \\ud83d of a character")
    try:
        found = the(normalise(raw), WorkItem)
    except (ValueError, msgspec.MsgspecError):
        return
    found.title.encode()


def test_a_document_nested_ten_thousand_deep_is_read_or_refused() -> None:
    deep: Any = {"type": "text", "text": "bottom"}
    for _ in range(10_000):
        deep = {"type": "blockquote", "content": [deep]}
    assert text_of(deep) == "bottom"


def test_document_blocks_become_lines() -> None:
    tree = {"type": "doc", "content": [
        {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Plan"}]},
        {"type": "bulletList", "content": [{"type": "listItem", "content": [
            {"type": "paragraph", "content": [{"type": "mention", "attrs": {"text": "@Ann"}}]}]}]},
    ]}  # fmt: skip
    assert text_of(tree) == "## Plan\n- @Ann"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(issue()["fields"])), JSON)
def test_any_json_in_any_field_is_stored_or_refused_never_a_crash(field: str, value: Any) -> None:
    try:
        found = normalise(payload(**{field: value}))
    except (ValueError, msgspec.MsgspecError):
        return
    named = {account.external_id for account in found.accounts}
    for row in found.rows:
        for name in row.__struct_fields__:
            if name.endswith("_account"):
                assert getattr(row, name) in named | {None}


def test_a_text_is_itself_and_nothing_is_none() -> None:
    assert text_of("plain") == "plain"
    assert text_of(None) is None
    assert text_of(document()) is None


def test_an_issue_with_a_security_level_is_restricted() -> None:
    level = {"self": "https://fernweh.example/rest/api/3/securitylevel/10021", "id": "10021", "name": "Crew only"}
    assert the(normalise(payload(security=level)), WorkItem).restricted
    assert not the(normalise(payload(security=None)), WorkItem).restricted
    assert not the(normalise(payload()), WorkItem).restricted


def test_a_comment_for_a_role_or_a_group_or_not_for_customers_is_restricted() -> None:
    comments = [
        {"id": "1", "body": document("For all"), "jsdPublic": True},
        {"id": "2", "body": document("For some"), "visibility": {"type": "role", "value": "Administrators"}},
        {"id": "3", "body": document("For a group"), "visibility": {"type": "group", "value": "crew"}},
        {"id": "4", "body": document("Between us"), "jsdPublic": False},
        {"id": "5", "body": document("For all"), "visibility": None},
    ]
    found = normalise(payload(comment={"comments": comments, "total": 5}))
    assert {one.external_id for one in rows(found, Comment) if one.restricted} == {"2", "3", "4"}
    assert not the(found, WorkItem).restricted
