"""How work flows: how much is where at a moment, which items these are, and what became of sprints."""

from datetime import datetime
from enum import StrEnum

import msgspec

from ovia_shared.models.kpi import KpiRow


class FlowCategory(StrEnum):
    """Where a work item is. What is neither in progress nor done is to do, also in a status without a category."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    DONE = "done"


class FlowPoint(msgspec.Struct, frozen=True):
    """How many items were where right before a moment; `done` are those that were done since the window began."""

    at: datetime
    todo: int
    in_progress: int
    done: int


class FlowItem(msgspec.Struct, frozen=True):
    """An item in its category at the end of a window, and the source's word for its status then.

    `age_hours` is how long it had been under way then, since it was first in progress; or, of what is to do, how long
    ago it was created. Null of what is done: it ages no more.
    """

    row: KpiRow
    status: str | None
    age_hours: float | None


class SprintFlow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a closed sprint: items in it at its start (`planned`), taken in and out before its close, done at
    its close, and left over. `id` is as in the parameter `scope_id`."""

    id: str
    name: str
    started_at: datetime
    closed_at: datetime
    planned: int
    added: int
    removed: int
    done: int
    spilled_over: int
