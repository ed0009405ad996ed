"""Somebody's page: the tabs all parts of it have, and who may see which."""

from typing import Any
from uuid import UUID

from ovia_console.forms.outcomes import outcome_of
from ovia_console.pages.visit import Visit
from ovia_console.people import words
from ovia_console.services import segment


def place(person_id: object) -> str:
    """Where the api has somebody."""
    return f"/team/people/{segment(person_id)}"


def home(person_id: object) -> str:
    """Where the console has them."""
    return f"/console/people/{segment(person_id)}"


def is_own(visit: Visit, person_id: UUID) -> bool:
    """Whether the reader is this person."""
    return visit.reader.account.person_id == person_id


def frame(visit: Visit, person: dict[str, Any], tab: str) -> dict[str, Any]:
    """What the head of every tab needs."""
    person_id = UUID(person["id"])
    own = is_own(visit, person_id)
    return {
        "person": person,
        "home": home(person_id),
        "tab": tab,
        "own": own,
        "sees_looks": own or visit.reader.may("manager"),
        "words": words.ALL,
        "outcome": outcome_of(visit.request),
    }
