"""Where activity is found: one branch per table and role in it, each through an index in order of time."""

from typing import NamedTuple

from ovia_shared.models.activity import ActivityType

_WORK_ITEM = "'work_item', t.work_item_external_id"
_MERGE_REQUEST = "'merge_request', t.merge_request_external_id"


class Branch(NamedTuple):
    """A table `t`, the column that names the account, and the time it happened.

    `key` is unique within the branch. `subject` is two columns, kind and external id. Where `types` are several, `type`
    tells them apart by row.
    """

    types: tuple[ActivityType, ...]
    table: str
    who: str
    at: str
    key: str
    subject: str
    type: str
    project: str = "null"
    title: str = "null"
    url: str = "null"
    detail: str = "null"
    also: str = ""
    removed: str = "t.removed_at"


def _one(kind: ActivityType) -> tuple[tuple[ActivityType, ...], str]:
    return (kind,), f"'{kind.value}'"


def _branch(kind: ActivityType, table: str, who: str, at: str, **more: str) -> Branch:
    types, text = _one(kind)
    return Branch(types, table, f"t.{who}", f"t.{at}", type=text, **more)


_ITEM = {"key": "t.external_id", "subject": "'work_item', t.external_id"}
_REQUEST = {"key": "t.external_id", "subject": "'merge_request', t.external_id"}
_T = ActivityType

BRANCHES = (
    _branch(_T.WORK_ITEM_CREATED, "work_items t", "creator_identity_id", "created_at", **_ITEM),
    # Where a source tells of no creator, who reported it made it.
    _branch(
        _T.WORK_ITEM_CREATED, "work_items t", "reporter_identity_id", "created_at", **_ITEM,
        also="t.creator_identity_id is null",
    ),
    Branch(
        (_T.WORK_ITEM_TRANSITIONED, _T.WORK_ITEM_CHANGED),
        "work_item_transitions t",
        "t.actor_identity_id",
        "t.occurred_at",
        "t.work_item_external_id || ' ' || t.history_external_id || ' ' || t.ordinal",
        _WORK_ITEM,
        "case when t.field = 'status' then 'work_item_transitioned' else 'work_item_changed' end",
        detail="jsonb_build_object('field', t.field, 'from', left(t.from_text, 300), 'to', left(t.to_text, 300))",
    ),
    Branch(
        (_T.WORK_ITEM_COMMENTED, _T.MERGE_REQUEST_COMMENTED, _T.DOCUMENT_COMMENTED),
        "comments t",
        "t.author_identity_id",
        "t.created_at",
        "t.subject_kind || ' ' || t.subject_external_id || ' ' || t.external_id",
        "t.subject_kind, t.subject_external_id",
        "t.subject_kind || '_commented'",
        detail="jsonb_build_object('text', case when not t.restricted then left(t.body, 300) end, 'inline', t.inline)",
        also="t.subject_kind in ('work_item', 'merge_request', 'document')",
    ),
    _branch(
        _T.WORK_LOGGED, "worklogs t", "author_identity_id", "started_at",
        key="t.work_item_external_id || ' ' || t.external_id", subject=_WORK_ITEM,
        detail="jsonb_build_object('seconds', t.seconds, 'text', left(t.comment, 300))",
    ),
    _branch(_T.MERGE_REQUEST_OPENED, "merge_requests t", "author_identity_id", "created_at", **_REQUEST),
    _branch(_T.MERGE_REQUEST_MERGED, "merge_requests t", "merged_by_identity_id", "merged_at", **_REQUEST),
    _branch(_T.MERGE_REQUEST_CLOSED, "merge_requests t", "closed_by_identity_id", "closed_at", **_REQUEST),
    Branch(
        (
            _T.MERGE_REQUEST_APPROVED,
            _T.MERGE_REQUEST_UNAPPROVED,
            _T.MERGE_REQUEST_CHANGES_REQUESTED,
            _T.MERGE_REQUEST_CHANGED,
        ),
        "merge_request_events t",
        "t.actor_identity_id",
        "t.occurred_at",
        "t.merge_request_external_id || ' ' || t.external_id",
        _MERGE_REQUEST,
        "case when t.kind in ('approved', 'unapproved', 'changes_requested') then 'merge_request_' || t.kind"
        " else 'merge_request_changed' end",
        detail="jsonb_build_object('event', t.kind)",
        # Merging and closing are told by the merge request itself, commits by git.
        also="t.kind in ('approved', 'unapproved', 'changes_requested', 'review_requested', 'draft', 'ready',"
        " 'reopened')",
    ),
    _branch(
        _T.COMMIT_AUTHORED, "commits t", "author_identity_id", "authored_at",
        key="t.sha", subject="'commit', t.sha", title="t.summary",
    ),
    # The one branch without an index in order of time: it reads the commits one has co-authored, and no others.
    Branch(
        (_T.COMMIT_CO_AUTHORED,),
        "commit_co_authors o join commits t on t.org_id = o.org_id and t.connection_id = o.connection_id"
        " and t.sha = o.sha and o.org_id = $1",
        "o.identity_id",
        "t.authored_at",
        "t.sha",
        "'commit', t.sha",
        "'commit_co_authored'",
        title="t.summary",
    ),
    _branch(
        _T.PIPELINE_STARTED, "pipelines t", "actor_identity_id", "created_at",
        key="t.external_id", subject="'pipeline', t.external_id", project="t.project_external_id", title="t.ref",
        url="t.url", detail="jsonb_build_object('status', t.status)",
    ),
    _branch(
        _T.DEPLOYMENT_MADE, "deployments t", "actor_identity_id", "created_at",
        key="t.external_id", subject="'deployment', t.external_id", project="t.project_external_id",
        title="t.environment", detail="jsonb_build_object('status', t.status, 'ref', t.ref)",
    ),
    Branch(
        (_T.DOCUMENT_CREATED, _T.DOCUMENT_EDITED),
        "document_versions t",
        "t.author_identity_id",
        "t.created_at",
        "t.document_external_id || ' ' || t.number",
        "'document', t.document_external_id",
        "case when t.number = 1 then 'document_created' else 'document_edited' end",
        detail="jsonb_build_object('version', t.number, 'text', left(t.message, 300), 'minor', t.minor)",
    ),
)  # fmt: skip
