"""Which rows a page of a number shows: those of its window, or those behind one point of its trend."""

from uuid import UUID

import msgspec

from ovia_console.dashboard.answers import Rows
from ovia_console.dashboard.asking import Asked
from ovia_console.pages.visit import Visit
from ovia_console.services import segment
from ovia_shared.errors import InvalidInput
from ovia_shared.models.kpi import Receipt, Window

PAGE = 25
# A point of one sprint is found among the rows of all sprints that closed at its time.
_SEARCHED = 200


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, and whose: of the KPI `rows_of`. `point` is the receipt of the point they are behind, if of one."""

    rows: Rows
    rows_of: str
    window: Window | None = None
    point: Receipt | None = None


async def rows_of(
    visit: Visit, asked: Asked, name: str, *, parts: list[str], part: str, point: str, cursor: str
) -> Drilled:
    """One page of them. Raises `ServiceProblem`, and `InvalidInput` for a part or a point that is none."""
    if part and part not in parts:
        raise InvalidInput("this number has no such part", field="part")
    part = part or (parts[0] if parts else "")
    receipt = await receipt_of(visit, point) if point else None
    parameters = parameters_of(asked, receipt)
    # Of the organisation the sprint is asked for; of a team or a product it has to be found among others.
    sprint = "" if receipt is None or parameters.get("scope_kind") == "sprint" else sprint_of(receipt)
    limit = _SEARCHED if sprint else PAGE
    path = f"/team/kpi/{segment(name)}/rows"
    found = await visit.metrics.get(path, Rows, part=part, limit=limit, cursor=cursor, **parameters)
    if sprint:
        found = _of_sprint(found, sprint)
    window = None if receipt is None else receipt.window
    return Drilled(rows=found, rows_of=part or name, window=window, point=receipt)


def parameters_of(asked: Asked, point: Receipt | None) -> dict[str, str]:
    """How the services are asked for the rows of a window, or of one point of the trend."""
    if point is None:
        return asked.parameters()
    parameters = asked.parameters(point.window)
    sprint = sprint_of(point)
    if sprint and asked.scope.kind == "organisation":
        parameters |= {"scope_kind": "sprint", "scope_id": sprint}
    return parameters


def sprint_of(point: Receipt) -> str:
    """The sprint a point is narrowed to, if it is of one."""
    return str(point.basis.get("scope", {}).get("sprint") or "")


async def receipt_of(visit: Visit, receipt_id: str) -> Receipt:
    """What a number was counted from. Raises `InvalidInput` for an id that is none."""
    try:
        UUID(receipt_id)
    except ValueError:
        raise InvalidInput("this is no receipt's id", field="point") from None
    return await visit.metrics.get(f"/receipts/{segment(receipt_id)}", Receipt)


def _of_sprint(rows: Rows, sprint: str) -> Rows:
    _, _, own_id = sprint.partition(":")
    kept = [one for one in rows.data if str(one.attributes.get("sprint")) == own_id]
    return Rows(kept, None, len(kept))
