"""What decisions are called in the reader's language."""

from ovia_console.pages.visit import Visit


def action_words(visit: Visit, action: str) -> str:
    """What a decision is called."""
    words = {
        "confirm": visit.gettext("confirmed"),
        "bulk_confirm": visit.gettext("confirmed with many"),
        "reject": visit.gettext("rejected"),
        "ignore": visit.gettext("ignored"),
        "reopen": visit.gettext("reopened"),
        "remap": visit.gettext("remapped"),
        "split": visit.gettext("split off"),
        "merge": visit.gettext("people merged"),
        "link": visit.gettext("linked"),
        "unlink": visit.gettext("unlinked"),
        "contest": visit.gettext("contested"),
        "undo": visit.gettext("taken back"),
        "withdraw": visit.gettext("withdrawn"),
        "create_person": visit.gettext("person made"),
        "mark_service_account": visit.gettext("a machine's account"),
        "unmark_service_account": visit.gettext("a person's account"),
    }
    return words.get(action, action.replace("_", " "))
