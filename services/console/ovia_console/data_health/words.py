"""What faults, streams and states are called, and where a reader mends them."""

from typing import NamedTuple


def _(text: str) -> str:
    """Marks a sentence for the catalogues; it is translated where it is shown."""
    return text


class Remedy(NamedTuple):
    """A fault in words, and the page that mends it."""

    fault: str
    action: str
    path: str


_SOURCES = "/console/data-health/sources"
REMEDIES = {
    "behind": Remedy(_("Read too long ago"), _("See how reading goes"), _SOURCES),
    "paused": Remedy(_("Paused, while its data still counts"), _("Resume it"), "/console/settings"),
    "removed": Remedy(
        _("Removed, while its data still counts"),
        _("Connect it again, or delete its data"),
        "/console/settings?status=removed",
    ),
    "failing": Remedy(_("The last try failed"), _("See the error"), "/console/data-health/runs?status=failed"),
    "never_read": Remedy(_("Not read to its end yet"), _("See the progress"), _SOURCES),
    "access_lost": Remedy(
        _("The source no longer shows it"), _("Give the account access, then test the source"), "/console/settings"
    ),
    "dead_letters": Remedy(
        _("Records that were not understood"), _("Look at them and try again"), "/console/data-health/dead-letters"
    ),
    "unmapped_accounts": Remedy(_("Accounts that lead to nobody"), _("Decide whose they are"), "/console/queue"),
    "fewer_than_announced": Remedy(
        _("Fewer records came than the source had counted"), _("Compare the counts"), "/console/data-health/parity"
    ),
    "counts_differ": Remedy(
        _("Another number of rows than of records"), _("Compare the counts"), "/console/data-health/parity"
    ),
    "not_derived": Remedy(_("Facts were never derived"), _("See the error"), "/console/data-health#facts"),
    "derivation_behind": Remedy(_("Facts are behind what was read"), _("See the error"), "/console/data-health#facts"),
    "derivation_failing": Remedy(_("Facts cannot be derived"), _("See the error"), "/console/data-health#facts"),
    "no_source": Remedy(_("Nothing is connected"), _("Connect a source"), "/console/settings/sources/new"),
}
# Whatever a later service tells: its own words, and where the errors are.
UNKNOWN = Remedy(_("Something else"), _("See how reading goes"), _SOURCES)

SYNC_STATES = {
    "idle": (_("Up to date"), "good"),
    "running": (_("Being read"), "accent"),
    "failing": (_("Failing"), "bad"),
    "paused": (_("Paused"), "warn"),
}
RUN_STATES = {
    "running": (_("Under way"), "accent"),
    "succeeded": (_("Read"), "good"),
    "failed": (_("Failed"), "bad"),
    "abandoned": (_("Broken off"), "warn"),
}
TABS = (
    ("/console/data-health", _("Overview")),
    ("/console/data-health/sources", _("Reading")),
    ("/console/data-health/runs", _("Runs")),
    ("/console/data-health/dead-letters", _("Not understood")),
    ("/console/data-health/parity", _("Counts")),
    ("/console/data-health/statuses", _("Statuses")),
)
CATEGORIES = (
    ("todo", _("To do")),
    ("in_progress", _("In progress")),
    ("done", _("Done")),
)
# Where a stream's state is not among those above.
OTHER_STATE = (_("Unknown"), "")
