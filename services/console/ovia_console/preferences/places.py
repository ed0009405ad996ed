"""The pages of the settings, and who may open which."""

from ovia_console.pages.visit import Visit
from ovia_console.session.reader import Reader
from ovia_shared.errors import NotAllowed

HOME = "/console/settings"
_ADMIN = "admin"


def _(text: str) -> str:
    """Marks a sentence for the catalogues; it is translated where it is shown."""
    return text


_PLACES = (
    (HOME, _("Sources"), "viewer"),
    (f"{HOME}/numbers", _("Numbers and answers"), "viewer"),
    (f"{HOME}/matching", _("Matching"), "viewer"),
    (f"{HOME}/roles", _("Roles"), "viewer"),
    (f"{HOME}/tokens", _("Tokens"), _ADMIN),
    (f"{HOME}/audit-log", _("Audit log"), _ADMIN),
    (f"{HOME}/retention", _("Retention"), _ADMIN),
    (f"{HOME}/erase", _("Erase a person"), _ADMIN),
)


def tabs_of(reader: Reader) -> list[tuple[str, str]]:
    """Paths and names of what a reader may open."""
    return [(path, name) for path, name, role in _PLACES if reader.may(role)]


def require(visit: Visit, role: str) -> None:
    """Raises `NotAllowed`, so that the page says so in the reader's language."""
    if not visit.reader.may(role):
        raise NotAllowed("")
