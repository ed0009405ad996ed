"""Finding a person by what somebody types: suggestions, and who is meant."""

import re
from typing import Any

from litestar import Response, get

from ovia_console.pages.visit import OfVisit, Visit
from ovia_shared.errors import OviaError

_SUGGESTED = 10
_WITH_MAIL = re.compile(r"^(?P<name>.*?)\s*<(?P<mail>[^<>]+)>$")


class Unclear(OviaError):
    """Nobody, or more than one, is called so."""


@get("/settings/people")
async def suggest(visit: OfVisit, person: str = "") -> Response[str]:
    """Options for a field that asks for a person."""
    found = await visit.api.page("/team/people", search=person[:200], limit=_SUGGESTED)
    return visit.page("preferences/suggested.html", people=[label(one) for one in found.data])


def label(person: dict[str, Any]) -> str:
    """How a person is told from others of the same name."""
    mail = person.get("primary_email")
    return f"{person['display_name']} <{mail}>" if mail else str(person["display_name"])


async def found_by(visit: Visit, text: str) -> dict[str, Any]:
    """The person somebody typed: a name, with the e-mail where several have it. Raises `Unclear`."""
    split = _WITH_MAIL.match(text.strip())
    name, mail = (split["name"], split["mail"]) if split else (text.strip(), None)
    found = (await visit.api.page("/team/people", search=name[:200], limit=200)).data
    same = [
        one
        for one in found
        if one["display_name"].casefold() == name.casefold() and mail in (None, one.get("primary_email"))
    ]
    if not same:
        raise Unclear(visit.gettext("Nobody is called so. Choose one of the suggestions."))
    if len(same) > 1:
        raise Unclear(visit.gettext("Several people are called so. Choose one of the suggestions, with its e-mail."))
    return same[0]
