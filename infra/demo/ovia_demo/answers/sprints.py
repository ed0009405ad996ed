"""How each closed sprint went, and what sprints come to together."""

from datetime import datetime

import msgspec

from ovia_demo.answers.measures import Measure, Result, within
from ovia_demo.answers.scopes import Row, Window
from ovia_demo.answers.spread import share
from ovia_demo.answers.timeline import DONE, Item
from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.model import Issue, Sprint, Stay


class SprintOutcome(msgspec.Struct, kw_only=True):
    """`committed`: in the sprint when it started. `added` and `removed`: afterwards, before it was closed.

    `scope`: in the sprint when it was closed; `completed`: done then; `not_done`: the rest. `completion`: completed ÷
    (committed or added). `spillover`: not done ÷ scope. `scope_change`: (added + removed) ÷ committed.
    """

    sprint: int
    name: str
    project: str
    committed: int
    added: int
    removed: int
    scope: int
    completed: int
    not_done: int
    completion: float | None
    spillover: float | None
    scope_change: float | None


def outcomes(organisation: Organisation, items: list[Item]) -> list[SprintOutcome]:
    return [_outcome(one, _ledger(organisation, items, one)) for one in organisation.sprints if one.completed_at]


def measures(organisation: Organisation, items: list[Item]) -> list[Measure]:
    rows = [row for one in organisation.sprints for row in _ledger(organisation, items, one)]
    return [
        Measure("sprint.completion", rows, lambda rows, window: _ratio(rows, window, ("done",), ("planned",))),
        Measure("sprint.spillover", rows, lambda rows, window: _ratio(rows, window, ("left",), ("scope",))),
        Measure(
            "sprint.scope_change", rows,
            lambda rows, window: _ratio(rows, window, ("added", "removed"), ("committed",)),
        ),
    ]  # fmt: skip


def _ledger(organisation: Organisation, items: list[Item], sprint: Sprint) -> list[Row]:
    """A row for each item that was ever in the sprint; the parts are 1 for yes. Nothing until it is closed."""
    if sprint.completed_at is None:
        return []
    stays = [(issue, [one for one in issue.stays if one.sprint == sprint.id]) for issue in organisation.issues]
    by_key = {item.key: item for item in items}
    return [
        _entry(issue, by_key[issue.key], here, sprint.start_at, sprint.completed_at) for issue, here in stays if here
    ]


def _entry(issue: Issue, item: Item, stays: list[Stay], start: datetime, close: datetime) -> Row:
    committed = any(one.start <= start and (one.end is None or one.end > start) for one in stays)
    added = any(start < one.start < close for one in stays)
    removed = any(one.end is not None and start < one.end < close for one in stays)
    scope = any(one.start < close and (one.end is None or one.end >= close) for one in stays)
    done = scope and item.category_before(close) == DONE
    marks = {"committed": committed, "added": added, "removed": removed, "scope": scope, "done": done,
             "planned": committed or added, "left": scope and not done}  # fmt: skip
    parts: dict[str, float | None] = {name: float(held) for name, held in marks.items()}
    return Row(at=close, product=issue.product, actor=issue.assignee, parts=parts)


def _sum(rows: list[Row], *names: str) -> float:
    return sum(one.parts[name] or 0 for one in rows for name in names)


def _ratio(rows: list[Row], window: Window, above: tuple[str, ...], below: tuple[str, ...]) -> Result:
    here = within(rows, window)
    whole = _sum(here, *below)
    return int(whole), {"share": share(_sum(here, *above), whole)}


def _outcome(sprint: Sprint, rows: list[Row]) -> SprintOutcome:
    committed, added, removed, scope, done = (
        int(_sum(rows, name)) for name in ("committed", "added", "removed", "scope", "done")
    )
    return SprintOutcome(
        sprint=sprint.id, name=sprint.name, project=sprint.product, committed=committed, added=added, removed=removed,
        scope=scope, completed=done, not_done=scope - done, completion=share(done, _sum(rows, "planned")),
        spillover=share(scope - done, scope), scope_change=share(added + removed, committed),
    )  # fmt: skip
