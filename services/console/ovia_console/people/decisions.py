"""What was decided about somebody, and taking a decision back."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter

from ovia_console.forms.outcomes import told
from ovia_console.forms.reading import fields
from ovia_console.pages.visit import OfVisit
from ovia_console.people import card, words
from ovia_console.people.editing import FORM_FAULTS
from ovia_console.services import ServiceProblem
from ovia_console.session.routes import within

PAGE = 50


class Shown(msgspec.Struct, frozen=True):
    """A decision as a line: its events of this person come one behind the other and are shown as one."""

    event: dict[str, Any]
    accounts: list[str]
    taken_back: bool

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back; whether it still may be, the api says."""
        return bool(self.event["decision_id"]) and not self.taken_back and self.event["action"] != "erase"


@get("/people/{person_id:uuid}/history")
async def show(
    visit: OfVisit, person_id: FromPath[UUID], cursor: Annotated[str, QueryParameter(max_length=2000)] = ""
) -> Response[str]:
    """Newest first."""
    events = await visit.api.page(card.place(person_id) + "/history", cursor=cursor, limit=PAGE)
    person = await visit.api.get(card.place(person_id), dict[str, Any])
    shown = _shown(events.data, person["mappings"])
    if visit.in_place and cursor:
        return visit.page(
            "people/decision_rows.html",
            events=events,
            shown=shown,
            words=words.ALL,
            home=card.home(person_id),
            person=person,
        )
    return visit.page("people/decisions.html", **card.frame(visit, person, "history"), events=events, shown=shown)


@post("/people/undo")
async def undo(visit: OfVisit) -> Response[str]:
    """Takes a decision back and leads to where the reader was; undoing that does it again."""
    sent = await fields(visit)
    back = within(sent.get("back", "")).partition("?")[0]
    try:
        decision = await visit.api.send(
            "POST",
            "/team/identity-mappings/undo",
            {"decision_id": sent.get("decision", ""), "reason": sent.get("reason") or None},
            kind=dict[str, Any],
        )
    except ServiceProblem as problem:
        if problem.status not in FORM_FAULTS:
            raise
        return visit.page("people/not_undone.html", http_status=problem.status, problem=problem, back=back)
    return visit.elsewhere(told(back, "undone", decision["decision_id"]))


def _shown(events: Sequence[dict[str, Any]], mappings: Sequence[dict[str, Any]]) -> list[Shown]:
    names = {one["identity"]["id"]: account_name(one["identity"]) for one in mappings}
    undone = {one["undoes"] for one in events if one["undoes"]}
    found: list[Shown] = []
    for event in events:
        account = names.get(event["identity_id"]) if event["identity_id"] else None
        last = found[-1] if found else None
        if last and event["decision_id"] and last.event["decision_id"] == event["decision_id"]:
            if account and account not in last.accounts:
                last.accounts.append(account)
            continue
        found.append(Shown(event, [account] if account else [], event["decision_id"] in undone))
    return found


def account_name(identity: dict[str, Any]) -> str:
    """What an account is called by: its name at the source, or the best there is."""
    source = words.SOURCES.get(identity["source"], identity["source"])
    name = identity["username"] or identity["email"] or identity["display_name"] or identity["external_id"]
    return f"{source}: {name}"
