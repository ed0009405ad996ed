"""Records in the words of GitLab's REST API."""

from datetime import datetime
from typing import Any

from ovia_demo import rendering
from ovia_demo.gitlab.diffs import diff
from ovia_demo.organisation.code_model import (
    Commit,
    Deployment,
    Environment,
    FileChange,
    Job,
    MergeRequest,
    Note,
    Pipeline,
    Release,
    Ticket,
)
from ovia_demo.organisation.model import Account, Group, Repository
from ovia_demo.serving import World, zulu, zulu_or_none

GHOST = "m-01"


class Payloads:
    """Records as GitLab sends them to clients that reach it at `base`."""

    def __init__(self, world: World, base: str) -> None:
        self.world = world
        self.base = base
        self._environments = {one.id: one for one in world.organisation.environments}
        self._groups = {one.id: one for one in world.organisation.groups}
        self._jobs = {number: (job, pipeline) for rows in world.jobs.values() for number, job, pipeline in rows}

    def account(self, actor: str | None) -> Account | None:
        """The account of an actor. Whoever has none any more is shown as the ghost user."""
        if actor is None:
            return None
        return self.world.account("gitlab", actor) or self.world.account("gitlab", GHOST)

    def user(self, account: Account) -> dict[str, Any]:
        """The short form, which stands beside everything a user did."""
        return {
            "id": int(account.external_id), "username": account.username, "public_email": self._mail(account),
            "name": account.name, "state": "active" if account.active else "blocked", "locked": False,
            "avatar_url": None,
            "web_url": f"{self.base}/{account.username}",
        }  # fmt: skip

    def _mail(self, account: Account) -> str:
        return account.email or "" if account.email_shown and not account.machine else ""

    def full_user(self, account: Account) -> dict[str, Any]:
        """The long form, which says whether it is a bot."""
        return {**self.user(account), "created_at": zulu(self.world.organisation.start), "bio": "",
                "bot": _is_bot(account),
                "organization": "", "job_title": ""}  # fmt: skip

    def actor(self, actor: str | None) -> dict[str, Any] | None:
        account = self.account(actor)
        return None if account is None else self.user(account)

    def group(self, group: Group) -> dict[str, Any]:
        return {
            "id": group.id, "web_url": f"{self.base}/groups/{group.path}", "name": group.name,
            "path": group.path.rsplit("/", 1)[-1], "description": "", "visibility": "private", "full_name": group.name,
            "full_path": group.path, "parent_id": group.parent, "created_at": zulu(self.world.organisation.start),
        }  # fmt: skip

    def project(self, repository: Repository) -> dict[str, Any]:
        group = self._groups[repository.group]
        namespace = {"id": group.id, "name": group.name, "path": group.path.rsplit("/", 1)[-1], "kind": "group",
                     "full_path": group.path, "parent_id": group.parent}  # fmt: skip
        return {
            "id": repository.id, "description": f"{repository.name} of {repository.product}", "name": repository.name,
            "name_with_namespace": f"Fernweh Gliders / {repository.name}", "path": repository.path.rsplit("/", 1)[-1],
            "path_with_namespace": repository.path, "created_at": zulu(repository.created_at), "default_branch": "main",
            "tag_list": [], "topics": [], "ssh_url_to_repo": f"git@gitlab.fernweh.example:{repository.path}.git",
            "http_url_to_repo": f"{self.base}/{repository.path}.git", "web_url": f"{self.base}/{repository.path}",
            "forks_count": 0, "star_count": 0, "last_activity_at": zulu(self.world.organisation.until),
            "namespace": namespace, "archived": repository.archived, "visibility": "private", "empty_repo": False,
            "issues_enabled": True, "merge_requests_enabled": True, "jobs_enabled": True,
        }  # fmt: skip

    def merge_request(self, one: MergeRequest, *, full: bool = False) -> dict[str, Any]:
        path = self.world.repositories[one.repository].path
        last = one.commits[-1].sha if one.commits else None
        text = rendering.markdown(one.text, self.account) if one.text else None
        shown = {
            "id": one.id, "iid": one.iid, "project_id": one.repository,
            "title": f"Draft: {one.title}" if one.draft else one.title, "description": text, "state": one.state,
            "created_at": zulu(one.created_at), "updated_at": zulu(one.updated_at),
            "merged_by": self.actor(one.merged_by),
            "merge_user": self.actor(one.merged_by), "merged_at": zulu_or_none(one.merged_at),
            "closed_by": self.actor(one.closed_by), "closed_at": zulu_or_none(one.closed_at),
            "target_branch": one.target_branch, "source_branch": one.source_branch,
            "user_notes_count": sum(not note.system for note in one.notes), "upvotes": 0, "downvotes": 0,
            "author": self.actor(one.author), "assignees": [self.actor(actor) for actor in one.assignees],
            "assignee": self.actor(one.assignees[0]) if one.assignees else None,
            "reviewers": [self.actor(actor) for actor in one.reviewers], "source_project_id": one.repository,
            "target_project_id": one.repository, "labels": one.labels, "draft": one.draft,
            "work_in_progress": one.draft,
            "milestone": None, "merge_when_pipeline_succeeds": False, "merge_status": "can_be_merged",
            "detailed_merge_status": "not_open" if one.state != "opened" else "mergeable", "sha": last,
            "merge_commit_sha": one.merge_sha, "squash_commit_sha": one.squash_sha, "discussion_locked": None,
            "reference": f"!{one.iid}", "references": {"short": f"!{one.iid}", "relative": f"!{one.iid}",
                                                       "full": f"{path}!{one.iid}"},
            "web_url": f"{self.base}/{path}/-/merge_requests/{one.iid}", "squash": one.squash_sha is not None,
            "has_conflicts": False, "blocking_discussions_resolved": True,
        }  # fmt: skip
        if full:
            shown |= {"subscribed": False, "changes_count": str(len(one.files)),
                      "first_deployed_to_production_at": None,
                      "diff_refs": {"base_sha": None, "head_sha": last, "start_sha": None}}  # fmt: skip
        return shown

    def approvals(self, one: MergeRequest) -> dict[str, Any]:
        given = [{"user": self.actor(approval.actor), "approved_at": zulu(approval.at)} for approval in one.approvals]
        return {"id": one.id, "iid": one.iid, "project_id": one.repository, "title": one.title, "state": one.state,
                "approved": bool(given), "approvals_required": 0, "approvals_left": 0,
                "approved_by": given}  # fmt: skip

    def note(self, one: MergeRequest, note: Note) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": note.id, "type": note.kind, "body": note.text, "author": self.actor(note.author),
            "created_at": zulu(note.at),
            "updated_at": zulu(note.updated_at), "system": note.system, "noteable_id": one.id,
            "noteable_type": "MergeRequest", "project_id": one.repository, "noteable_iid": one.iid,
            "resolvable": note.kind is not None, "confidential": False, "internal": False,
        }  # fmt: skip
        if note.kind is not None:
            shown |= {
                "resolved": note.resolved,
                "position": {"new_path": one.files[0].path, "new_line": 12, "old_line": None},
            }
        return shown

    def commit(self, one: MergeRequest, commit: Commit) -> dict[str, Any]:
        path = self.world.repositories[one.repository].path
        return {
            "id": commit.sha, "short_id": commit.sha[:8], "created_at": zulu(commit.committed_at), "parent_ids": [],
            "title": commit.title, "message": commit.message, "author_name": commit.author_name,
            "author_email": commit.author_email, "authored_date": zulu(commit.authored_at),
            "committer_name": commit.committer_name, "committer_email": commit.committer_email,
            "committed_date": zulu(commit.committed_at), "trailers": {},
            "web_url": f"{self.base}/{path}/-/commit/{commit.sha}",
        }  # fmt: skip

    def diff(self, file: FileChange) -> dict[str, Any]:
        text, cut = diff(file)
        return {"diff": text, "collapsed": cut, "too_large": cut, "new_path": file.path, "old_path": file.path,
                "a_mode": "0" if file.new else "100644", "b_mode": "100644", "new_file": file.new,
                "renamed_file": False,
                "deleted_file": False, "generated_file": False}  # fmt: skip

    def state_events(self, one: MergeRequest | Ticket) -> list[dict[str, Any]]:
        """Who merged or closed it, and when."""
        acts: list[tuple[str, datetime | None, str | None]] = [("closed", one.closed_at, one.closed_by)]
        kind = "Issue"
        if isinstance(one, MergeRequest):
            kind = "MergeRequest"
            acts.append(("merged", one.merged_at, one.merged_by))
        return [
            {"id": one.id * 4 + number, "user": self.actor(actor), "created_at": zulu(at), "resource_type": kind,
             "resource_id": one.id, "state": state}
            for number, (state, at, actor) in enumerate(acts) if at is not None
        ]  # fmt: skip

    def pipeline(self, one: Pipeline, *, full: bool = False) -> dict[str, Any]:
        path = self.world.repositories[one.repository].path
        shown = {
            "id": one.id, "iid": one.iid, "project_id": one.repository, "sha": one.sha, "ref": one.ref,
            "status": one.status,
            "source": one.source, "created_at": zulu(one.created_at), "updated_at": zulu_or_none(one.updated_at),
            "web_url": f"{self.base}/{path}/-/pipelines/{one.id}", "name": None,
        }  # fmt: skip
        if full:
            took = None
            if one.finished_at is not None and one.started_at is not None:
                took = int((one.finished_at - one.started_at).total_seconds())
            waited = None if one.started_at is None else int((one.started_at - one.created_at).total_seconds())
            shown |= {
                "before_sha": "0" * 40, "tag": one.tag, "yaml_errors": None, "user": self.actor(one.actor),
                "started_at": zulu_or_none(one.started_at), "finished_at": zulu_or_none(one.finished_at),
                "committed_at": None, "duration": took, "queued_duration": waited, "coverage": None,
            }  # fmt: skip
        return shown

    def job(self, one: Job, pipeline: Pipeline) -> dict[str, Any]:
        path = self.world.repositories[pipeline.repository].path
        took = None
        if one.started_at is not None and one.finished_at is not None:
            took = (one.finished_at - one.started_at).total_seconds()
        return {
            "id": one.id, "status": one.status, "stage": one.stage, "name": one.name, "ref": pipeline.ref,
            "tag": pipeline.tag,
            "coverage": None, "allow_failure": one.allow_failure, "created_at": zulu(one.created_at),
            "started_at": zulu_or_none(one.started_at), "finished_at": zulu_or_none(one.finished_at), "erased_at": None,
            "duration": took, "queued_duration": one.queued, "user": self.actor(pipeline.actor),
            "commit": {"id": pipeline.sha, "short_id": pipeline.sha[:8]}, "failure_reason": one.failure_reason,
            "pipeline": {"id": pipeline.id, "iid": pipeline.iid, "project_id": pipeline.repository, "sha": pipeline.sha,
                         "ref": pipeline.ref, "status": pipeline.status},
            "web_url": f"{self.base}/{path}/-/jobs/{one.id}", "runner": None, "tag_list": [],
        }  # fmt: skip

    def environment(self, one: Environment) -> dict[str, Any]:
        host = f"{one.name}.fernweh.example"
        return {"id": one.id, "name": one.name, "slug": one.name, "external_url": f"https://{host}",
                "state": "available",
                "tier": one.tier, "created_at": zulu(one.created_at), "updated_at": zulu(one.created_at)}  # fmt: skip

    def deployment(self, one: Deployment) -> dict[str, Any]:
        job = self._jobs.get(one.job or 0)
        return {
            "id": one.id, "iid": one.iid, "ref": one.ref, "sha": one.sha, "created_at": zulu(one.created_at),
            "updated_at": zulu_or_none(one.updated_at), "finished_at": zulu_or_none(one.finished_at),
            "status": one.status,
            "user": self.actor(one.actor), "environment": self.environment(self._environments[one.environment]),
            "deployable": None if job is None else self.job(*job),
        }  # fmt: skip

    def release(self, one: Release) -> dict[str, Any]:
        path = self.world.repositories[one.repository].path
        return {
            "tag_name": one.tag, "description": one.text, "name": one.name, "created_at": zulu(one.created_at),
            "released_at": zulu(one.released_at), "upcoming_release": False, "author": self.actor(one.author),
            "commit": {"id": one.sha, "short_id": one.sha[:8], "created_at": zulu(one.created_at)}, "milestones": [],
            "commit_path": f"/{path}/-/commit/{one.sha}", "tag_path": f"/{path}/-/tags/{one.tag}", "evidences": [],
            "_links": {"self": f"{self.base}/{path}/-/releases/{one.tag}"},
        }  # fmt: skip

    def tag(self, one: Release) -> dict[str, Any]:
        release = None if one.bare else {"tag_name": one.tag, "description": one.text}
        commit = {
            "id": one.sha,
            "short_id": one.sha[:8],
            "created_at": zulu(one.created_at),
            "title": f"Merge into {one.tag}",
        }
        return {"name": one.tag, "message": "", "target": one.sha, "commit": commit, "release": release,
                "protected": False,
                "created_at": zulu(one.created_at)}  # fmt: skip

    def ticket(self, one: Ticket) -> dict[str, Any]:
        path = self.world.repositories[one.repository].path
        return {
            "id": one.id, "iid": one.iid, "project_id": one.repository, "title": one.title, "description": one.text,
            "state": one.state, "created_at": zulu(one.created_at), "updated_at": zulu(one.updated_at),
            "closed_at": zulu_or_none(one.closed_at), "closed_by": self.actor(one.closed_by), "labels": one.labels,
            "milestone": None, "assignees": [self.actor(actor) for actor in one.assignees],
            "author": self.actor(one.author),
            "type": "ISSUE", "issue_type": "issue", "user_notes_count": 0, "due_date": None, "confidential": False,
            "weight": None, "time_stats": {"time_estimate": 0, "total_time_spent": 0},
            "references": {"short": f"#{one.iid}", "relative": f"#{one.iid}", "full": f"{path}#{one.iid}"},
            "web_url": f"{self.base}/{path}/-/issues/{one.iid}",
        }  # fmt: skip

    def members(self) -> list[dict[str, Any]]:
        """Everybody is a member everywhere, through the top group."""
        found = [self.world.account("gitlab", one.id) for one in self.world.organisation.people]
        return [
            {**self.user(one), "access_level": 30, "expires_at": None, "membership_state": "active"}
            for one in found if one is not None
        ]  # fmt: skip


def _is_bot(account: Account) -> bool:
    # The ghost user, and ordinary accounts that a program uses, do not count as bots there.
    name = account.username or ""
    return name.startswith(("project_", "group_", "service_account_")) and account.machine
