"""What is kept how long, and what each role may do."""

from typing import Any

from litestar import Response, get

from ovia_console.pages.visit import OfVisit
from ovia_console.preferences import places


def _(text: str) -> str:
    """Marks a sentence for the catalogues; it is translated where it is shown."""
    return text


# As the api says them; what it says otherwise is shown as it is.
_TOLD = (
    _("raw versions that were replaced"),
    _("attempts at reading, and passes of the matcher"),
    _("webhooks that were looked at"),
    _("questions, and what Ask answered"),
    _("receipts nobody replayed since"),
    _("facts that were corrected"),
    _("who looked at whose page"),
    _("the audit log"),
    _("answers to writes with an Idempotency-Key"),
    _("previews of settings"),
    _("decisions about who is who"),
    _("people, teams, and what was read from sources"),
    _("forecasts"),
    _("the newest version of each record"),
    _("the last of each partition"),
    _("those nobody looked at yet"),
    _("those that a number kept ready is told with"),
    _("what is believed now, and what a kept receipt was counted from"),
)
# What may be done, and by whom: the least role first.
RIGHTS = (
    (_("See numbers, people, teams, flow and data health; ask questions"), "viewer"),
    (_("See how sources are read, and records that were not understood"), "viewer"),
    (_("Contest what a mapping says about oneself"), "viewer"),
    (_("Decide who is who, one at a time: confirm, remap, split, ignore, undo"), "analyst"),
    (_("Have forecasts made"), "analyst"),
    (_("Confirm many at once, link and merge people"), "manager"),
    (_("Change people, teams, products and memberships; import them"), "manager"),
    (_("Say which incidents belong to a deployment"), "manager"),
    (_("Choose what numbers mean, and how sure the matcher must be"), "manager"),
    (_("Have records tried again that were not understood"), "manager"),
    (_("Connect, change, pause and remove sources"), "admin"),
    (_("Issue and revoke tokens, and give them roles"), "admin"),
    (_("Search the audit log, and see what is kept how long"), "admin"),
    (_("Erase a person"), "admin"),
)


@get("/settings/retention")
async def retention(visit: OfVisit) -> Response[str]:
    """What is dropped by age and what never, when that last happened, and how much went."""
    places.require(visit, "admin")
    told = await visit.api.get("/retention", dict[str, Any])
    return visit.page("preferences/retention.html", told=told, words=visit.gettext, tabs=places.tabs_of(visit.reader))


@get("/settings/roles")
async def roles(visit: OfVisit) -> Response[str]:
    """The four roles, each with all that those before it may."""
    return visit.page("preferences/roles.html", rights=RIGHTS, tabs=places.tabs_of(visit.reader))
