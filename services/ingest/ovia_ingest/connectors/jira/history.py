"""An issue's changelog as rows: transitions, earlier keys, and the sprints the issue was in."""

from collections.abc import Sequence
from datetime import datetime

from ovia_ingest.connectors.jira import payloads
from ovia_ingest.connectors.jira.definitions import user
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.values import LONGEST_LINE, line, moment
from ovia_shared.models.canonical.work_items import SprintMembership, WorkItemTransition
from ovia_shared.models.identity import NewIdentity


def transitions(
    item: str, histories: Sequence[payloads.History], context: Context
) -> tuple[list[WorkItemTransition], list[NewIdentity]]:
    """One row for each changed field of each entry, oldest first, and the accounts that made the changes."""
    rows, actors = [], []
    for history in sorted(histories, key=_order):
        actor = user(history.author, context)
        if actor is not None:
            actors.append(actor)
        for ordinal, change in enumerate(history.items or []):
            if change is None or history.id is None:
                continue
            rows.append(
                WorkItemTransition(
                    work_item_external_id=item,
                    history_external_id=str(history.id),
                    ordinal=ordinal,
                    field=line(change.field, 255) or line(change.fieldId, 255) or "(unnamed)",
                    field_external_id=line(change.fieldId, 255),
                    from_value=line(change.from_value),
                    from_text=line(change.fromString, 4 * LONGEST_LINE),
                    to_value=line(change.to),
                    to_text=line(change.toString, 4 * LONGEST_LINE),
                    actor_account=actor.external_id if actor else None,
                    occurred_at=moment(history.created),
                )
            )
    return rows, actors


def earlier_keys(rows: Sequence[WorkItemTransition]) -> list[str]:
    """The keys the issue had before it moved."""
    moves = [row for row in rows if row.field == "Key"]
    return [key for row in moves for key in (row.from_text, row.to_text) if key]


def memberships(
    item: str,
    rows: Sequence[WorkItemTransition],
    sprint_fields: frozenset[str],
    present: Sequence[str],
    created_at: datetime | None,
) -> list[SprintMembership]:
    """The stays of an issue in sprints, by its changes of the sprint field, oldest first.

    Each change names all sprints before and after it. Where there is none, the issue was created in those it is in.
    A sprint it is in by now that no change explains is given without a beginning.
    """
    changes = [
        row for row in rows if row.field_external_id in sprint_fields or (not sprint_fields and row.field == "Sprint")
    ]
    first = _sprints(changes[0].from_value) if changes else list(present)
    stays: dict[str, list[SprintMembership]] = {}
    for sprint in first:
        _enter(stays, item, sprint, created_at)
    for change in changes:
        before, after = _sprints(change.from_value), _sprints(change.to_value)
        for sprint in before:
            if sprint not in after:
                _leave(stays, sprint, change.occurred_at)
        for sprint in after:
            if sprint not in before:
                _enter(stays, item, sprint, change.occurred_at)
    for sprint in present:
        if sprint not in stays:
            _enter(stays, item, sprint, None)
    return [stay for one in stays.values() for stay in one]


def _enter(stays: dict[str, list[SprintMembership]], item: str, sprint: str, moment: datetime | None) -> None:
    known = stays.setdefault(sprint, [])
    if known and known[-1].left_at is None:
        return
    known.append(
        SprintMembership(work_item_external_id=item, sprint_external_id=sprint, ordinal=len(known), added_at=moment)
    )


def _leave(stays: dict[str, list[SprintMembership]], sprint: str, moment: datetime | None) -> None:
    known = stays.get(sprint)
    if known and known[-1].left_at is None:
        last = known[-1]
        known[-1] = SprintMembership(
            work_item_external_id=last.work_item_external_id,
            sprint_external_id=sprint,
            ordinal=last.ordinal,
            added_at=last.added_at,
            left_at=moment,
        )


def _sprints(value: str | None) -> list[str]:
    return [part for part in (one.strip() for one in (value or "").split(",")) if part][:500]


def _order(history: payloads.History) -> tuple[float, int]:
    occurred = moment(history.created)
    number = str(history.id or "")
    return (occurred.timestamp() if occurred else 0.0, int(number) if number.isdecimal() else 0)
