"""A merge request with its review as canonical rows. Pure; `VERSION` grows with its outcome."""

from collections.abc import Sequence

from ovia_ingest.connectors.gitlab import payloads
from ovia_ingest.connectors.gitlab.meaning import (
    Normaliser,
    Seen,
    commits_named,
    identified,
    labels,
    named_in,
    number,
    optional,
    project_of,
)
from ovia_ingest.connectors.gitlab.review import comments, events
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Normalised
from ovia_ingest.sources.values import line, long_text, moment
from ovia_shared.models.canonical.merge_requests import MergeRequest, MergeRequestCommit
from ovia_shared.models.canonical.references import Reference

VERSION = 2
KIND = "merge_request"
# "locked" is a merge request while it is being merged.
STATES = {"opened": "open", "locked": "open", "merged": "merged", "closed": "closed"}


def merge_requests(context: Context) -> Normaliser:
    """The normaliser of merge requests of one connection."""

    def normalise(payload: bytes) -> Normalised:
        envelope = payloads.read(payload, payloads.MergeRequestEnvelope)
        merge_request = envelope.merge_request
        external_id = identified(merge_request.id, "merge request")
        seen = Seen(context.base_url)
        commits = _commits(external_id, envelope.commits)
        row = _row(external_id, envelope, commits, seen)
        project = project_of(merge_request.references, "!") or context.project_key
        return Normalised(
            (
                row,
                *(commits or ()),
                *events(external_id, envelope, seen),
                *comments(KIND, external_id, envelope.notes, seen),
                *_references(row, commits or (), project),
            ),
            seen.accounts,
        )

    return normalise


def _row(
    external_id: str,
    envelope: payloads.MergeRequestEnvelope,
    commits: Sequence[MergeRequestCommit] | None,
    seen: Seen,
) -> MergeRequest:
    one = envelope.merge_request
    iid = number(one.iid)
    if iid is None:
        raise ValueError("the merge request has no number")
    notes: list[str] = []
    additions, deletions = _lines(envelope, notes)
    state = line(one.state, 40) or ""
    authored = [commit.authored_at for commit in commits or () if commit.authored_at is not None]
    return MergeRequest(
        external_id=external_id,
        project_external_id=identified(envelope.project_id, "merge request's project"),
        number=iid,
        title=line(one.title) or "",
        description=long_text(one.description, "description", notes),
        url=line(one.web_url, 2000),
        state=STATES.get(state, state or "open"),
        draft=bool(one.draft if one.draft is not None else one.work_in_progress),
        author_account=seen.name(one.author),
        merged_by_account=seen.name(one.merge_user if one.merge_user is not None else one.merged_by),
        closed_by_account=seen.name(one.closed_by),
        reviewer_accounts=seen.names(one.reviewers),
        assignee_accounts=seen.names(one.assignees if one.assignees is not None else [one.assignee]),
        source_branch=line(one.source_branch),
        target_branch=line(one.target_branch),
        labels=labels(one.labels),
        milestone=None if one.milestone is None else line(one.milestone.title),
        head_sha=line(one.sha, 64),
        merge_commit_sha=line(one.merge_commit_sha, 64),
        squash_commit_sha=line(one.squash_commit_sha, 64),
        additions=additions,
        deletions=deletions,
        changed_files=None if envelope.diffs is None else len(envelope.diffs),
        commit_count=None if commits is None else len(commits),
        first_commit_at=min(authored, default=None),
        created_at=moment(one.created_at),
        updated_at=moment(one.updated_at),
        merged_at=moment(one.merged_at),
        closed_at=moment(one.closed_at),
        notes=tuple(notes),
    )


def _lines(envelope: payloads.MergeRequestEnvelope, notes: list[str]) -> tuple[int | None, int | None]:
    """(added, removed) lines; unknown if any file's are."""
    if envelope.diffs is None:
        if envelope.diffs_unread is not None:
            notes.append(f"the diff could not be read: {line(envelope.diffs_unread, 300)}")
        return None, None
    files = [one for one in envelope.diffs if one is not None]
    known = [
        (added, removed)
        for one in files
        if (added := number(one.additions)) is not None and (removed := number(one.deletions)) is not None
    ]
    if len(known) < len(envelope.diffs):
        missing = len(envelope.diffs) - len(known)
        notes.append(
            f"lines not counted: GitLab leaves {missing} of {len(envelope.diffs)} changed files out of the diff"
        )
        return None, None
    return sum(added for added, _ in known), sum(removed for _, removed in known)


def _commits(merge_request: str, listed: Sequence[payloads.Commit | None] | None) -> list[MergeRequestCommit] | None:
    if listed is None:
        return None
    found = {
        sha: MergeRequestCommit(
            merge_request_external_id=merge_request,
            sha=sha,
            title=line(one.title),
            message=long_text(one.message, "message", []),
            author_name=line(one.author_name),
            author_email=line(one.author_email, 320),
            authored_at=moment(one.authored_date),
            committed_at=moment(one.committed_date),
        )
        for one in listed
        if one is not None and (sha := optional(one.id)) is not None
    }
    return list(found.values())


def _references(row: MergeRequest, commits: Sequence[MergeRequestCommit], project: str | None) -> list[Reference]:
    texts = [("branch", row.source_branch), ("title", row.title), ("description", row.description)]
    for commit in commits:
        first, _, rest = (commit.message or commit.title or "").partition("\n")
        texts += [("commit_title", first), ("commit_message", rest)]
    shas = [("merge_commit", row.merge_commit_sha), ("squash_commit", row.squash_commit_sha)]
    shas += [("commits", commit.sha) for commit in commits]
    return [
        *named_in(KIND, row.external_id, texts, project),
        *commits_named(KIND, row.external_id, shas),
    ]
