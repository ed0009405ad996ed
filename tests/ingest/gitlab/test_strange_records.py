"""Records with everything missing or strange still become rows, or are refused with a reason."""

from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_ingest.connectors.gitlab.connector import CONNECTOR
from ovia_ingest.connectors.gitlab.diffs import counted, lines_of
from tests.ingest.gitlab.payloads import CONTEXT, normalised, rows_of

STREAMS = (*CONNECTOR.root_streams, *CONNECTOR.project_streams)
KINDS = {
    "projects": "project", "users": "user", "merge_requests": "merge_request", "issues": "issue",
    "pipelines": "pipeline", "jobs": "job", "environments": "environment",
    "deployments": "deployment", "releases": "release", "tags": "tag",
}  # fmt: skip


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("content", [None, {}, {"id": None}, {"id": ""}, {"tag_name": "", "name": None}])
def test_a_record_without_an_id_is_refused_with_a_reason(stream: str, content: Any) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        normalised(stream, **{KINDS[stream]: content})


@pytest.mark.parametrize("stream", STREAMS)
def test_a_record_of_nothing_but_its_id_is_enough(stream: str) -> None:
    content = {"id": 1, "iid": 1, "tag_name": "v1", "name": "v1"}
    found = normalised(stream, **{KINDS[stream]: content})
    kind = CONNECTOR.shape(stream, CONTEXT).kind
    assert kind is None or len(rows_of(found, kind)) == 1


strange_texts = st.one_of(
    st.none(), st.text(max_size=40), st.just("\x00"), st.just("x" * 300_000), st.just("9999-99-99T99:99:99Z"),
    st.just("0001-01-01T00:00:00+23:59"), st.just("a/" * 5000 + "#"),
)  # fmt: skip
strange_numbers = st.one_of(st.none(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
strange_users: st.SearchStrategy[dict[str, Any] | None] = st.one_of(
    st.none(),
    st.builds(dict, id=st.one_of(st.none(), st.integers(), strange_texts), username=strange_texts, name=strange_texts),
)  # fmt: skip


@given(data=st.data())
@pytest.mark.parametrize("stream", STREAMS)
def test_strange_values_become_rows_that_postgres_can_hold(stream: str, data: st.DataObject) -> None:
    texts = (
        "title",
        "name",
        "description",
        "state",
        "status",
        "ref",
        "created_at",
        "merged_at",
        "web_url",
        "tier",
        "message",
    )
    content: dict[str, Any] = {
        "id": 1, "iid": 1, "tag_name": "v1", **{field: data.draw(strange_texts, label=field) for field in texts},
        **{field: data.draw(strange_users, label=field) for field in ("author", "user", "owner", "closed_by")},
        **{field: data.draw(strange_numbers, label=field) for field in ("duration", "queued_duration", "weight")},
    }  # fmt: skip
    if stream in ("tags", "users"):
        content["name"] = "v1"
    notes = [{"id": 1, "system": system, "body": data.draw(strange_texts)} for system in (True, False)]
    found = normalised(stream, **{KINDS[stream]: content}, notes=notes)
    named = {one.external_id for one in found.accounts}
    for row in found.rows:
        for field in row.__struct_fields__:
            value = getattr(row, field)
            if field.endswith("_account"):
                assert value is None or value in named
            if isinstance(value, str):
                assert "\0" not in value
                value.encode()
            if isinstance(value, int):
                assert abs(value) < 2**63
            if isinstance(value, datetime):
                assert value.tzinfo is not None


def _diff(changes: list[str], context: int) -> str:
    old = context + sum(change.startswith("-") for change in changes)
    new = context + sum(change.startswith("+") for change in changes)
    lines = [f"@@ -1,{old} +1,{new} @@ def tow():", *[" same"] * context, *changes, "\\ No newline at end of file"]
    return "\n".join(lines) + "\n"


@given(st.lists(st.sampled_from(["+a", "-a", "+", "-", "--- x", "+++ x", "-- a", "++ @@ -1 +1 @@"])), st.integers(0, 5))
def test_lines_are_counted_whatever_they_look_like(changes: list[str], context: int) -> None:
    added = sum(change.startswith("+") for change in changes)
    hunk = _diff(changes, context)
    assert lines_of(hunk) == (added, len(changes) - added)
    assert lines_of(hunk + hunk) == (2 * added, 2 * (len(changes) - added))


@pytest.mark.parametrize(
    ("file", "lines"),
    [
        ({"diff": "@@ -0,0 +1 @@\n+a\n"}, (1, 0)),
        ({"diff": ""}, (0, 0)),
        ({"diff": "Binary files a/x and b/x differ\n"}, (0, 0)),
        ({"diff": "", "too_large": True}, (None, None)),
        ({"diff": "", "collapsed": True}, (None, None)),
        ({"new_path": "x"}, (None, None)),
        ({"diff": 5}, (None, None)),
    ],
)
def test_a_file_keeps_its_counts_and_not_its_text(file: dict[str, Any], lines: tuple[int | None, int | None]) -> None:
    kept = msgspec.json.decode(msgspec.json.encode(counted(msgspec.Raw(msgspec.json.encode(file)))))
    assert (kept.pop("additions"), kept.pop("deletions")) == lines
    assert kept == {name: value for name, value in file.items() if name != "diff"}
