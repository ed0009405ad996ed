"""What a page says in canonical rows, from Cloud and from Data Center, and however little of it is there."""

import json
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_ingest.connectors.confluence.connector import CONNECTOR
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Normalised
from ovia_shared.models.canonical.documents import Document, DocumentVersion
from ovia_shared.models.canonical.projects import Project
from ovia_shared.models.canonical.references import Reference
from ovia_shared.models.canonical.work_items import Comment
from ovia_shared.models.source import Deployment, SourceSettings
from tests.ingest.confluence.payloads import (
    ANN,
    BOB,
    Json,
    cloud_comment,
    cloud_document,
    cloud_envelope,
    cloud_version,
    content,
    person,
)

Row = TypeVar("Row")
CLOUD = Context("https://gliders.example", SourceSettings(), Deployment.CLOUD, project_key="GL")
DATA_CENTER = Context("https://wiki.example/confluence", SourceSettings(), Deployment.DATA_CENTER, project_key="GL")


def normalised(payload: Any, context: Context = CLOUD, stream: str = "pages") -> Normalised:
    return CONNECTOR.shape(stream, context).normalise(json.dumps(payload).encode())


def rows(found: Normalised, kind: type[Row]) -> list[Row]:
    return [row for row in found.rows if isinstance(row, kind)]


def at(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_a_page_of_cloud_becomes_a_document() -> None:
    found = normalised(cloud_envelope())
    assert rows(found, Document) == [
        Document(
            external_id="101", project_external_id="7", kind="page", title="Thermals over the lake",
            body="# Lift\nSee GLD-7 and GLD-7.", url="https://gliders.example/wiki/spaces/GL/pages/101/Thermals",
            status="current", parent_external_id="100", author_account=ANN, last_author_account=BOB, version=2,
            labels=("soaring",), created_at=at(1, 8, 2), updated_at=at(1, 10),
        )
    ]  # fmt: skip
    assert [(row.number, row.author_account, row.message, row.minor) for row in rows(found, DocumentVersion)] == [
        (2, BOB, None, False),
        (1, ANN, "new", False),
    ]
    assert [(row.target, row.found_in) for row in rows(found, Reference)] == [("GLD-7", "body")]
    assert {account.external_id for account in found.accounts} == {ANN, BOB}
    assert {account.source for account in found.accounts} == {"confluence"}


def test_a_page_of_data_center_becomes_a_document() -> None:
    found = normalised({"scope": "9", "document": content(), "versions": [], "comments": []}, DATA_CENTER)
    ann, bob = "4028ann@wiki.example", "4028bob@wiki.example"
    assert rows(found, Document) == [
        Document(
            external_id="201", project_external_id="9", kind="page", title="Winch launches",
            body="Cable broke: OPS-3", url="https://wiki.example/confluence/display/GL/Winch+launches",
            status="current", parent_external_id="200", author_account=ann, last_author_account=bob, version=2,
            labels=("winch",), created_at=at(1, 7, 2), updated_at=at(1, 9),
        )
    ]  # fmt: skip
    assert [(row.number, row.author_account, row.minor) for row in rows(found, DocumentVersion)] == [(2, bob, True)]
    assert [row.target for row in rows(found, Reference)] == ["OPS-3"]
    assert {(one.external_id, one.username, one.display_name) for one in found.accounts} == {
        (ann, "ann", "Ann"),
        (bob, "bob", "Bob"),
    }


def test_the_base_url_of_cloud_may_name_the_wiki_or_not() -> None:
    context = Context("https://gliders.example/wiki/", SourceSettings(), Deployment.CLOUD)
    (document,) = rows(normalised(cloud_envelope(), context), Document)
    assert document.url == "https://gliders.example/wiki/spaces/GL/pages/101/Thermals"


def test_a_blog_post_is_a_document_of_its_own_kind() -> None:
    (document,) = rows(normalised(cloud_envelope(), stream="blogposts"), Document)
    assert document.kind == "blogpost"


@pytest.mark.parametrize(
    ("status", "resolved"), [("resolved", True), ("open", False), ("reopened", False), (None, None)]
)
def test_comments_say_where_they_stand_and_whether_they_are_settled(status: str | None, resolved: bool | None) -> None:
    inline = [{"comment": cloud_comment("5", "Why?", resolutionStatus=status)}]
    found = normalised(cloud_envelope(footer_comments=[{"comment": cloud_comment("4")}], inline_comments=inline))
    assert [(row.external_id, row.body, row.inline, row.resolved) for row in rows(found, Comment)] == [
        ("4", "Nice", False, None),
        ("5", "Why?", True, resolved),
    ]
    assert {(row.subject_kind, row.subject_external_id) for row in rows(found, Comment)} == {("document", "101")}


def test_an_edited_comment_keeps_its_author_and_the_day_it_was_written() -> None:
    thread = {
        "comment": cloud_comment("4", version=cloud_version(3, BOB, "2026-03-09T10:00:00Z")),
        "versions": [cloud_version(2, BOB), cloud_version(1, ANN, "2026-03-02T10:00:00Z")],
    }
    (comment,) = rows(normalised(cloud_envelope(footer_comments=[thread])), Comment)
    assert (comment.author_account, comment.created_at, comment.updated_at) == (ANN, at(2, 10), at(9, 10))


def test_an_edited_comment_without_its_history_does_not_claim_a_day() -> None:
    thread = {"comment": cloud_comment("4", version=cloud_version(3, BOB))}
    (comment,) = rows(normalised(cloud_envelope(footer_comments=[thread])), Comment)
    assert (comment.author_account, comment.created_at, comment.updated_at) == (BOB, None, at(1, 10))


@pytest.mark.parametrize(
    ("extensions", "inline", "resolved"),
    [
        ({"location": "footer"}, False, None),
        ({"location": "inline", "resolution": {"status": "open"}}, True, False),
        ({"location": "resolved", "resolution": {"status": "resolved"}}, True, True),
    ],
)
def test_comments_of_data_center_are_understood(extensions: Json, inline: bool, resolved: bool | None) -> None:
    comment = content("301", type="comment", extensions=extensions)
    found = normalised({"scope": "9", "document": content(), "comments": [comment]}, DATA_CENTER)
    (row,) = rows(found, Comment)
    assert (row.external_id, row.author_account, row.body) == ("301", "4028ann@wiki.example", "Cable broke: OPS-3")
    assert (row.inline, row.resolved, row.created_at) == (inline, resolved, at(1, 7, 2))


def test_deleted_comments_are_left_out() -> None:
    thread = {"comment": cloud_comment("4", status="trashed")}
    assert not rows(normalised(cloud_envelope(footer_comments=[thread])), Comment)


def test_all_labels_count_where_the_document_held_only_some() -> None:
    envelope = {"scope": "9", "document": content(), "labels": [{"name": "b"}, {"name": "a"}, {"name": "b"}]}
    (document,) = rows(normalised(envelope, DATA_CENTER), Document)
    assert document.labels == ("a", "b")


def test_keys_behind_jira_macros_and_links_are_references() -> None:
    macro = (
        '<ac:structured-macro ac:name="jira"><ac:parameter ac:name="server">S</ac:parameter>'
        '<ac:parameter ac:name="key">SKY-9</ac:parameter></ac:structured-macro>'
    )
    value = f'<p>Fixed{macro}<a href="https://jira.example/browse/OPS-4">there</a></p>'
    document = cloud_document(title="GLD-1: done", body={"storage": {"value": value}})
    found = rows(normalised(cloud_envelope(document=document)), Reference)
    assert sorted((row.target, row.found_in) for row in found) == [
        ("GLD-1", "title"),
        ("OPS-4", "body"),
        ("SKY-9", "body"),
    ]
    assert {(row.subject_kind, row.subject_external_id) for row in found} == {("document", "101")}


def test_a_page_that_was_found_in_another_space_belongs_there() -> None:
    (document,) = rows(normalised(cloud_envelope(document=cloud_document(spaceId="8"))), Document)
    assert document.project_external_id == "8"
    (document,) = rows(normalised(cloud_envelope(document=cloud_document(spaceId=None))), Document)
    assert document.project_external_id == "7"


def test_an_absurd_body_is_cut_and_says_so() -> None:
    document = cloud_document(body={"storage": {"value": "<p>" + "lift " * 100_000 + "</p>"}})
    (row,) = rows(normalised(cloud_envelope(document=document)), Document)
    assert row.body is not None
    assert len(row.body) <= 200_000
    assert row.notes == ("body cut from 499,999 to 200,000 characters",)


@pytest.mark.parametrize("context", [CLOUD, DATA_CENTER])
def test_a_page_needs_nothing_but_an_id(context: Context) -> None:
    nothing = dict.fromkeys(cloud_document() | content())
    parts = {name: [None] for name in ("versions", "labels", "footer_comments", "inline_comments", "comments")}
    (row,) = normalised({"document": {**nothing, "id": 5}, "scope": "7", **parts}, context).rows
    assert row == Document(external_id="5", project_external_id="7", kind="page", title="5")


@pytest.mark.parametrize("context", [CLOUD, DATA_CENTER])
@pytest.mark.parametrize("external_id", [None, "", "\0", "9" * 600])
def test_a_page_without_a_usable_id_is_refused(context: Context, external_id: str | None) -> None:
    with pytest.raises(ValueError, match="no usable id"):
        normalised({"scope": "7", "document": {"id": external_id}}, context)


def test_numbers_and_dates_that_nothing_can_hold_are_dropped() -> None:
    version = cloud_version(2**40, "\0", "31.12.2025")
    document = cloud_document(version=version, createdAt="99999-01-01", authorId=" ")
    found = normalised(cloud_envelope(document=document, versions=[version, cloud_version(-1)]))
    (row,) = rows(found, Document)
    assert (row.version, row.created_at, row.updated_at, row.author_account) == (None, None, None, None)
    assert not rows(found, DocumentVersion)


jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.data(), st.sampled_from([CLOUD, DATA_CENTER]))
def test_rows_name_only_accounts_that_came_with_them(data: st.DataObject, context: Context) -> None:
    envelope = cloud_envelope(
        document=cloud_document() if context is CLOUD else content(),
        footer_comments=[{"comment": cloud_comment("4"), "versions": [cloud_version(1)]}],
        comments=[content("301", type="comment")],
    )
    spoiled: Any = envelope["document"]
    name = data.draw(st.sampled_from(sorted(spoiled)))
    spoiled[name] = data.draw(jsons)
    try:
        found = normalised(envelope, context)
    except ValueError:
        return
    known = {account.external_id for account in found.accounts}
    for row in found.rows:
        named = {getattr(row, field) for field in row.__struct_fields__ if field.endswith("_account")}
        assert named - {None} <= known
        assert "\0" not in repr(row)


def test_a_space_of_cloud_becomes_a_project() -> None:
    space = {
        "id": "7", "key": "GL", "name": "Gliders", "type": "global", "status": "archived", "authorId": ANN,
        "createdAt": "2026-02-01T08:00:00.000Z", "description": {"plain": {"value": "All about lift"}},
        "_links": {"webui": "/spaces/GL"},
    }  # fmt: skip
    found = normalised(space, stream="spaces")
    assert found.rows == (
        Project(
            external_id="7", kind="space", key="GL", name="Gliders", url="https://gliders.example/wiki/spaces/GL",
            description="All about lift", archived=True, lead_account=ANN, created_at=at(1, 8, 2),
        ),
    )  # fmt: skip
    assert [account.external_id for account in found.accounts] == [ANN]


def test_a_space_of_data_center_becomes_a_project() -> None:
    space = {"id": 9, "key": "GL", "name": "Gliders", "type": "global", "_links": {"webui": "/display/GL"}}
    (row,) = normalised(space, DATA_CENTER, "spaces").rows
    url = "https://wiki.example/confluence/display/GL"
    assert row == Project(external_id="9", kind="space", key="GL", name="Gliders", url=url)


def test_a_user_of_cloud_is_an_account_and_an_app_is_no_person() -> None:
    user = {"accountId": ANN, "accountType": "atlassian", "email": "ann@gliders.example", "displayName": "Ann Ek"}
    (account,) = normalised(user, stream="users").accounts
    assert (account.external_id, account.email, account.display_name) == (ANN, "ann@gliders.example", "Ann Ek")
    assert not account.service_account
    (app,) = normalised({**user, "accountType": "app", "email": ""}, stream="users").accounts
    assert (app.service_account, app.email) == (True, None)


def test_a_user_of_data_center_is_unique_among_servers() -> None:
    (account,) = normalised(person(status="deactivated"), DATA_CENTER, "users").accounts
    assert (account.external_id, account.username, account.active) == ("4028ann@wiki.example", "ann", False)
    (account,) = normalised({"username": "old"}, DATA_CENTER, "users").accounts
    assert (account.external_id, account.active) == ("old@wiki.example", None)


@pytest.mark.parametrize(("stream", "payload"), [("users", {"type": "anonymous"}), ("spaces", {"key": "GL"})])
def test_what_has_no_id_is_refused(stream: str, payload: Json) -> None:
    with pytest.raises(ValueError, match="no id"):
        normalised(payload, stream=stream)


def test_a_stream_of_another_source_is_not_known() -> None:
    with pytest.raises(KeyError):
        CONNECTOR.shape("issues", CLOUD)


@pytest.mark.parametrize(
    ("restricted_by", "restricted"), [(["100"], True), (["99", "101"], True), ([], False), (None, False)]
)
def test_a_page_is_restricted_by_itself_or_by_a_page_above_it(
    restricted_by: list[str] | None, restricted: bool
) -> None:
    (cloud,) = rows(normalised(cloud_envelope(restricted_by=restricted_by)), Document)
    envelope = {"scope": "9", "document": content(), "restricted_by": restricted_by}
    (data_center,) = rows(normalised(envelope, DATA_CENTER), Document)
    assert (cloud.restricted, data_center.restricted) == (restricted, restricted)
