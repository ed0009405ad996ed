"""The pages there are, and who is shown which."""

from typing import NamedTuple

from ovia_console.session.reader import Reader


def _(text: str) -> str:
    """Marks a sentence for the catalogues; it is translated where it is shown."""
    return text


class Place(NamedTuple):
    """A page of the navigation. `role` is the least that may open it."""

    path: str
    name: str
    role: str = "viewer"


PLACES = (
    Place("/console/", _("Dashboard")),
    Place("/console/flow", _("Flow")),
    Place("/console/queue", _("Identities")),
    Place("/console/people", _("People")),
    Place("/console/teams", _("Teams")),
    Place("/console/ask", _("Ask")),
    Place("/console/data-health", _("Data health")),
    Place("/console/settings", _("Settings")),
)


class Entry(NamedTuple):
    """A place as it is shown; `here` if the reader is in it."""

    path: str
    name: str
    here: bool


def entries(reader: Reader, path: str) -> list[Entry]:
    """What a reader may open."""
    return [Entry(one.path, one.name, _inside(path, one.path)) for one in PLACES if reader.may(one.role)]


def _inside(path: str, place: str) -> bool:
    if place == "/console/":
        return path in ("/console/", "/console") or path.startswith(
            ("/console/kpi", "/console/receipts", "/console/risks")
        )
    return path == place or path.startswith(place + "/")
