"""What is in force of an account now, for whoever holds a mapping that has been replaced meanwhile."""

from typing import Any

import msgspec

from ovia_console.pages.visit import Visit
from ovia_console.services import ServiceProblem, segment
from ovia_shared.models.mapping import Mapping
from ovia_shared.models.review import EventView

# Somebody may decide again between two of our questions.
_TRIES = 3
_EVENTS = 10


class Present(msgspec.Struct, frozen=True):
    """`mapping` is None for an account that is nobody's now. `event` is the last decision about it."""

    mapping: Mapping | None
    event: EventView | None


async def present(visit: Visit, mapping_id: str) -> Present:
    """By the account of a mapping, in force or not. Raises `ServiceProblem`, for a mapping that never was too."""
    path = f"/team/identity-mappings/{segment(mapping_id)}"
    for _ in range(_TRIES):
        page = await visit.api.page(f"{path}/history", limit=_EVENTS)
        events = msgspec.convert(page.data, list[EventView])
        event = next((one for one in events if "mappings" in (one.after or {})), None)
        now = None if event is None else _in_force(event.after or {})
        if now is None:
            return Present(None, event)
        try:
            return Present(await visit.api.get(f"/team/identity-mappings/{segment(now)}", Mapping), event)
        except ServiceProblem as problem:
            if problem.status != 409:
                raise
    raise ServiceProblem(409, "")


def _in_force(after: dict[str, Any]) -> str | None:
    """Of the rows a decision left the one in use; only refused ones, where there is none."""
    rows = sorted(after["mappings"], key=lambda one: one["status"] == "rejected")
    return rows[0]["id"] if rows else None
