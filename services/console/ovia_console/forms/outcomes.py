"""What was done, told on the page the reader is led to, with the way back where there is one.

It stands in the address (`done`, `decision`), so that it works without scripts.
"""

from typing import Any

import msgspec
from litestar import Request

from ovia_console.pages.rendering import with_query
from ovia_console.pages.visit import Visit
from ovia_console.services import ServiceProblem, segment


def _(text: str) -> str:
    """Marks a sentence for the catalogues; it is translated where it is shown."""
    return text


WORDS = {
    "added": _("Added."),
    "saved": _("Saved."),
    "left": _("Marked as somebody who left. Their history stays."),
    "back": _("Active again."),
    "deleted": _("Deleted."),
    "person_deleted": _("Deleted from every list; the accounts are ignored."),
    "linked": _("The account is theirs now."),
    "unlinked": _("The account is no longer theirs, and will not be proposed for them again."),
    "contested": _("The account is out of use and waits in the queue for a decision."),
    "merged": _("The two are one person now."),
    "undone": _("Taken back: all is as it was before."),
    "imported": _("The list is imported."),
    "moved": _("Moved."),
    "ended": _("Taken out: it was never so."),
}


class Outcome(msgspec.Struct, frozen=True):
    """What was done, in words still to be translated; `decision` can be taken back."""

    words: str
    decision: str


def outcome_of(request: Request[Any, Any, Any]) -> Outcome | None:
    """As the address of a page tells it."""
    words = WORDS.get(request.query_params.get("done", ""))
    return None if words is None else Outcome(words, request.query_params.get("decision", ""))


def told(address: str, done: str, decision: object = None) -> str:
    """An address that tells what was done."""
    assert done in WORDS, done
    return with_query(address, {}, done=done, decision=decision)


async def last_decision(visit: Visit, person_id: object) -> str | None:
    """The newest decision about a person, for changes whose answer does not name theirs."""
    try:
        found = await visit.api.page(f"/team/people/{segment(person_id)}/history", limit=1)
    except ServiceProblem:
        # The change is made; without the way back on this page there still is the one in the history.
        return None
    return found.data[0]["decision_id"] if found.data else None
