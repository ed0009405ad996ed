"""What reached production when, which of it did harm, and when that was put right. By what anybody could see:

commits, branches, labels, keys that texts name. What the generator meant is not asked.
"""

import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from ovia_demo.answers.timeline import DONE, Item
from ovia_demo.organisation.code_model import Deployment, MergeRequest, Organisation
from ovia_demo.organisation.model import Text


class Change(msgspec.Struct, kw_only=True):
    """A successful deployment to production. `new`: the merge requests it brought there, as the first that has them.

    `restored_at` is when a failed one was put right, `restored_by` the deployment that did (None: an incident's end).
    """

    deployment: Deployment
    product: str
    at: datetime
    new: list[MergeRequest] = []
    rollback: bool = False
    fix: bool = False
    failed: bool = False
    restored_at: datetime | None = None
    restored_by: int | None = None
    incidents: list[str] = []

    def put_right(self, at: datetime, by: int | None) -> None:
        if at >= self.at and (self.restored_at is None or at < self.restored_at):
            self.restored_at, self.restored_by = at, by


def changes(organisation: Organisation, items: list[Item]) -> list[Change]:
    """All of them, environment by environment, each in the order of time."""
    incidents = {key: item for item in items if item.incident() for key in item.keys}
    products = {one.id: one.product for one in organisation.repositories}
    found = []
    for environment in organisation.environments:
        if environment.tier != "production":
            continue
        line = [
            Change(deployment=one, product=products[one.repository], at=one.finished_at or one.created_at)
            for one in organisation.deployments if one.environment == environment.id and one.status == "success"
        ]  # fmt: skip
        line.sort(key=lambda one: (one.at, one.deployment.id))
        _ship(line, [one for one in organisation.merge_requests if one.repository == environment.repository])
        _mark_rollbacks(line)
        _mark_fixes(line, incidents)
        found += line
    return found


def shipped(found: list[Change]) -> dict[int, datetime]:
    """When each merge request reached production, by its id."""
    return {made.id: one.at for one in found for made in one.new}


def _ship(line: list[Change], made: list[MergeRequest]) -> None:
    """A deployment contains the merge request whose commit it deploys, and all merged before that."""
    merged = [(one.merged_at, one.id, one) for one in made if one.merged_at and one.target_branch == "main"]
    order = [one for _, _, one in sorted(merged, key=lambda part: part[:2])]
    place: dict[str, int] = {}
    for number, one in enumerate(order):
        last = one.commits[-1].sha if one.commits else None
        for commit in (one.merge_sha, one.squash_sha, last):
            if commit is not None:
                place[commit] = number
    reached = 0
    for change in line:
        until = place.get(change.deployment.sha, -1) + 1
        change.new = order[reached:until]
        reached = max(reached, until)


def _mark_rollbacks(line: list[Change]) -> None:
    known: set[str] = set()
    before: Change | None = None
    for change in line:
        commit = change.deployment.sha
        if before is not None and commit in known and commit != before.deployment.sha:
            change.rollback, before.failed = True, True
            before.put_right(change.at, change.deployment.id)
        known.add(commit)
        before = change


def _mark_fixes(line: list[Change], incidents: dict[str, Item]) -> None:
    for change in line:
        for made in change.new:
            named = [incidents[key] for key in sorted(_keys(made)) if key in incidents]
            if not (named or "hotfix" in made.labels or re.match(r"hotfix[/-]", made.source_branch)):
                continue
            change.fix = True
            merged = made.merged_at
            suspect = min((one.created_at for one in named if merged is None or one.created_at < merged),
                          default=made.created_at)  # fmt: skip
            culprits = [one for one in line if one.at <= suspect and one is not change]
            if culprits:
                _blame(culprits[-1], change, named)


def _blame(culprit: Change, change: Change, named: list[Item]) -> None:
    culprit.failed = True
    culprit.incidents += [one.key for one in named if one.key not in culprit.incidents]
    culprit.put_right(change.at, change.deployment.id)
    for incident in named:
        ends = [one.start for one in incident.stretches if one.category == DONE and one.start >= culprit.at]
        if ends:
            culprit.put_right(ends[0], None)


_KEY = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z][A-Za-z0-9_]*-[1-9][0-9]*)(?![A-Za-z0-9])")


def _keys(made: MergeRequest) -> set[str]:
    """Keys that its title, text and commits name in capitals, and its branch in any letters."""
    words = [made.title, *_words(made.text), *(one.message for one in made.commits)]
    found = {key for text in words for key in _KEY.findall(text) if key.isupper()}
    return found | {key.upper() for key in _KEY.findall(made.source_branch)}


def _words(text: Text) -> Iterator[str]:
    for block in text:
        yield block.text
        yield from block.items
