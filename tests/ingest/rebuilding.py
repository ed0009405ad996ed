"""The sample organisation put together again from the canonical tables alone, as far as KPIs are concerned."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from ovia_demo.gitlab.diffs import LARGEST
from ovia_demo.organisation import Organisation
from ovia_demo.organisation.code_model import (
    Approval,
    Commit,
    Deployment,
    Environment,
    FileChange,
    MergeRequest,
    Note,
    Pipeline,
    Ticket,
)
from ovia_demo.organisation.model import Block, Change, History, Issue, Link, Machine, Person, Status, Stay, Step
from tests.ingest.test_killed import Rows

Row = Any
CATEGORIES = {"todo": "new", "in_progress": "indeterminate", "done": "done"}
ACTS = {"changes_requested": "requested changes", "unapproved": "unapproved this merge request"}


class Rebuilding:
    """Reads rows. People, teams and products are taken over: they are what somebody says, not what a source holds."""

    def __init__(self, rows: Rows, organisation: Organisation) -> None:
        self._rows = rows
        self._told = organisation
        self._actors: dict[Any, str] = {}

    async def organisation(self) -> Organisation:
        await self._meet()
        jira, gitlab = [row["id"] for row in await self._rows("select id, kind from connections order by kind desc")]
        sprints = {row["external_id"]: row for row in await self._live("sprints")}
        return msgspec.structs.replace(
            self._told,
            issues=await self._issues(jira),
            tickets=await self._tickets(gitlab),
            merge_requests=await self._merge_requests(),
            pipelines=[self._pipeline(row) for row in await self._live("pipelines")],
            environments=[
                Environment(id=int(row["external_id"]), repository=int(row["project_external_id"]), name=row["name"],
                            tier=row["tier"], created_at=row["created_at"])
                for row in await self._live("environments")
            ],
            deployments=[self._deployment(row) for row in await self._live("deployments")],
            sprints=[
                msgspec.structs.replace(one, start_at=sprints[str(one.id)]["start_at"],
                                        completed_at=sprints[str(one.id)]["completed_at"])
                for one in self._told.sprints
            ],
        )  # fmt: skip

    async def _live(self, table: str, order: str = "external_id") -> list[Row]:
        return await self._rows(f"select * from {table} where removed_at is null order by {order}")

    async def _grouped(self, table: str, subject: str, order: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in await self._live(table, order):
            found[row[subject]].append(row)
        return found

    async def _meet(self) -> None:
        """Who each identity is: what a perfect matching would say."""
        actors: list[Person | Machine] = [*self._told.people, *self._told.machines]
        owners = {(one.source, one.external_id): actor.id for actor in actors for one in actor.accounts}
        for row in await self._rows("select id, source, external_id from identities"):
            owner = owners.get((row["source"], row["external_id"].partition("@")[0]))
            if owner is not None:
                self._actors[row["id"]] = owner

    def _actor(self, identity: Any) -> str:
        return self._actors.get(identity, "nobody")

    async def _issues(self, connection: Any) -> list[Issue]:
        statuses = {
            row["external_id"]: Status(int(row["external_id"]), row["name"], CATEGORIES[row["category"]])
            for row in await self._live("status_definitions") if row["connection_id"] == connection
        }  # fmt: skip
        moves = await self._grouped("work_item_transitions", "work_item_external_id", "occurred_at, ordinal")
        keys = await self._grouped("work_item_keys", "work_item_external_id", "key")
        links = await self._grouped("work_item_links", "work_item_external_id", "external_id")
        stays = await self._grouped("sprint_memberships", "work_item_external_id", "ordinal")
        named = {row["key"]: id_ for id_, rows in keys.items() for row in rows}
        found = []
        for row in await self._live("work_items"):
            if row["connection_id"] != connection:
                continue
            item = row["external_id"]
            changes = [one for one in moves[item] if one["field"] == "status"]
            first = changes[0]["from_value"] if changes else self._status(statuses.values(), row)
            steps = [Step(row["created_at"], statuses[first])]
            steps += [Step(one["occurred_at"], statuses[one["to_value"]]) for one in changes]
            found.append(
                Issue(
                    id=int(item), key=row["key"], former_keys=[one["key"] for one in keys[item]],
                    product=next(one.key for one in self._told.products if str(one.id) == row["project_external_id"]),
                    type=row["type"], title=row["title"], text=(), status=steps[-1].status, reporter="", creator="",
                    team="", assignee=self._actors.get(row["assignee_identity_id"]), labels=msgspec_list(row["labels"]),
                    created_at=row["created_at"], updated_at=row["updated_at"], steps=steps,
                    histories=[_history(one) for one in moves[item]],
                    links=[_link(one, moves[item], named) for one in links[item] if one["type"] == "Blocks"],
                    stays=[
                        Stay(sprint=int(one["sprint_external_id"]), start=one["added_at"] or row["created_at"],
                             end=one["left_at"])
                        for one in stays[item]
                    ],
                )
            )  # fmt: skip
        return found

    @staticmethod
    def _status(statuses: Iterable[Status], row: Row) -> str:
        category = CATEGORIES[row["status_category"]]
        return next(str(one.id) for one in statuses if (one.name, one.category) == (row["status"], category))

    async def _tickets(self, connection: Any) -> list[Ticket]:
        return [
            Ticket(
                id=int(row["external_id"]), iid=int(row["key"].rpartition("#")[2]), title="", text="", state="",
                repository=int(row["project_external_id"]), author="", labels=msgspec_list(row["labels"]),
                assignees=[self._actor(row["assignee_identity_id"])], created_at=row["created_at"],
                updated_at=row["updated_at"], closed_at=row["resolved_at"], closed_by=None,
            )
            for row in await self._live("work_items") if row["connection_id"] == connection
        ]  # fmt: skip

    async def _merge_requests(self) -> list[MergeRequest]:
        commits = await self._grouped("merge_request_commits", "merge_request_external_id", "authored_at")
        events = await self._grouped("merge_request_events", "merge_request_external_id", "occurred_at")
        comments = await self._grouped("comments", "subject_external_id", "created_at")
        found = []
        for row in await self._live("merge_requests"):
            item = row["external_id"]
            ready = [one["occurred_at"] for one in events[item] if one["kind"] == "ready"]
            begun = None if row["draft"] else row["created_at"]
            notes = [
                Note(at=one["created_at"], updated_at=one["created_at"], text=one["body"],
                     author=self._actor(one["author_identity_id"]))
                for one in comments[item] if one["subject_kind"] == "merge_request"
            ] + [
                Note(at=one["occurred_at"], updated_at=one["occurred_at"], system=True,
                     text=ACTS.get(one["kind"], one["kind"]), author=self._actor(one["actor_identity_id"]))
                for one in events[item]
            ]  # fmt: skip
            found.append(
                MergeRequest(
                    id=int(item), iid=row["number"], repository=int(row["project_external_id"]), title=row["title"],
                    text=(Block("p", row["description"] or ""),), author=self._actor(row["author_identity_id"]),
                    state={"open": "opened"}.get(row["state"], row["state"]), draft=row["draft"],
                    source_branch=row["source_branch"], target_branch=row["target_branch"],
                    labels=msgspec_list(row["labels"]), created_at=row["created_at"], updated_at=row["updated_at"],
                    merged_at=row["merged_at"], closed_at=row["closed_at"], merge_sha=row["merge_commit_sha"],
                    squash_sha=row["squash_commit_sha"], notes=notes, files=_lines(row),
                    ready_at=ready[0] if ready else begun,
                    approvals=[Approval(self._actor(one["actor_identity_id"]), one["occurred_at"])
                               for one in events[item] if one["kind"] == "approved"],
                    commits=[_commit(one) for one in commits[item] if one["sha"] != row["head_sha"]]
                    + [_commit(one) for one in commits[item] if one["sha"] == row["head_sha"]],
                )
            )  # fmt: skip
        return found

    def _pipeline(self, row: Row) -> Pipeline:
        return Pipeline(
            id=int(row["external_id"]), repository=int(row["project_external_id"]), ref=row["ref"], sha=row["sha"],
            source="", status=row["status"], actor=self._actor(row["actor_identity_id"]), tag=bool(row["tag"]),
            created_at=row["created_at"], started_at=row["started_at"], finished_at=row["finished_at"],
        )  # fmt: skip

    def _deployment(self, row: Row) -> Deployment:
        return Deployment(
            id=int(row["external_id"]), repository=int(row["project_external_id"]), ref=row["ref"], sha=row["sha"],
            environment=int(row["environment_external_id"]), status=row["status"], created_at=row["created_at"],
            actor=self._actor(row["actor_identity_id"]), finished_at=row["finished_at"],
        )  # fmt: skip


def msgspec_list(value: Any) -> list[str]:
    return msgspec.json.decode(value, type=list[str]) if isinstance(value, str | bytes) else list(value)


def _history(row: Row) -> History:
    change = Change(row["field"], row["field_external_id"] or "", row["from_value"], row["from_text"], row["to_value"],
                    row["to_text"])  # fmt: skip
    return History(at=row["occurred_at"], author="", changes=(change,))


def _link(row: Row, moves: list[Row], named: dict[str, str]) -> Link:
    """When it was made stands in the history, which names the other item by the key it had then."""
    other = named[row["target_key"]]
    made: list[datetime] = [
        one["occurred_at"] for one in moves
        if one["field"] == "Link" and named.get(one["to_value"] or "") == other
        and row["description"].lower() in (one["to_text"] or "").lower()
    ]  # fmt: skip
    return Link(type=row["type"], inward=row["inward"], other=int(other), at=made[-1])


def _lines(row: Row) -> list[FileChange]:
    """Files of so many lines in all, none of them so large that it would have been left out."""
    if row["additions"] is None:
        return [FileChange("", LARGEST, 1)]
    counted = [(one, 0) for one in _pieces(row["additions"])] + [(0, one) for one in _pieces(row["deletions"])]
    return [FileChange("", added, removed) for added, removed in counted]


def _pieces(lines: int) -> list[int]:
    return [min(LARGEST, lines - start) for start in range(0, lines, LARGEST)]


def _commit(row: Row) -> Commit:
    return Commit(sha=row["sha"], author="", author_name="", author_email="", committer_name="", committer_email="",
                  authored_at=row["authored_at"], committed_at=row["committed_at"], title="", message=row["message"]
                  )  # fmt: skip
