"""To whom an account goes: people to choose from, likely ones first, and which accounts of a person are another's."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.queue.drawer import candidates_of
from ovia_console.services import ServiceProblem, segment
from ovia_shared.models.candidate import Candidate
from ovia_shared.models.mapping import Mapping, MappingStatus
from ovia_shared.models.person import Person, PersonDetail

_FOUND = 8
_MOVABLE = (MappingStatus.AUTO, MappingStatus.VERIFIED, MappingStatus.CONFLICT)


class Offered(msgspec.Struct, frozen=True):
    """Somebody to choose. `confidence` is None for who was searched for, not found by resemblance."""

    id: str
    name: str
    email: str | None = None
    confidence: float | None = None
    refused: bool = False


@get("/queue/mappings/{mapping_id:uuid}/remap")
async def remap(visit: OfVisit, mapping_id: FromPath[UUID], search: str = "") -> Response[str]:
    """The form that says whose the account is instead."""
    mapping = await _mapping(visit, mapping_id)
    offered = await _offered(visit, mapping.identity.id, search, _owner(mapping))
    return _form(visit, "remap", account=mapping.identity, mapping=mapping, offered=offered, search=search)


@get("/queue/accounts/{identity_id:uuid}/link")
async def link(visit: OfVisit, identity_id: FromPath[UUID], search: str = "", name: str = "") -> Response[str]:
    """The same for an account that is nobody's."""
    offered = await _offered(visit, identity_id, search, None)
    account = {"id": str(identity_id), "display_name": name, "username": "", "email": None}
    return _form(visit, "link", account=account, mapping=None, offered=offered, search=search)


@get("/queue/accounts/{identity_id:uuid}/people")
async def people(visit: OfVisit, identity_id: FromPath[UUID], search: str = "", but: str = "") -> Response[str]:
    """Those who match, for the dialog that is open; without a word, those who resemble the account."""
    return visit.page("queue/offered.html", offered=await _offered(visit, identity_id, search, but), search=search)


@get("/queue/mappings/{mapping_id:uuid}/split")
async def split(visit: OfVisit, mapping_id: FromPath[UUID]) -> Response[str]:
    """The form that says which accounts of the person are another's."""
    mapping = await _mapping(visit, mapping_id)
    if mapping.person is None:
        raise ServiceProblem(409, visit.gettext("The account is nobody's; there is nothing to split."))
    person = await visit.api.get(f"/team/people/{segment(mapping.person.id)}", PersonDetail)
    movable = [one for one in person.mappings if one.status in _MOVABLE]
    return _form(visit, "split", account=mapping.identity, mapping=mapping, person=person, movable=movable)


def _form(visit: Visit, which: str, **values: Any) -> Response[str]:
    place = "dialog" if visit.in_place else "page"
    return visit.page(f"queue/{which}_{place}.html", key=uuid4().hex, **values)


async def _mapping(visit: Visit, mapping_id: UUID) -> Mapping:
    return await visit.api.get(f"/team/identity-mappings/{segment(mapping_id)}", Mapping)


def _owner(mapping: Mapping) -> str | None:
    return None if mapping.person is None else str(mapping.person.id)


async def _offered(visit: Visit, identity_id: UUID, search: str, but: str | None) -> list[Offered]:
    """Who matches the words, else who resembles the account; refused ones last."""
    if search.strip():
        page = await visit.api.page("/team/people", search=search.strip()[:200], status="active", limit=_FOUND + 1)
        found = [
            Offered(str(one.id), one.display_name, one.primary_email)
            for one in msgspec.convert(page.data, list[Person])
        ]
        return [one for one in found if one.id != but][:_FOUND]
    likely = await _likely(visit, identity_id)
    offered = [
        Offered(str(one.person.id), one.person.display_name, one.through.email, one.confidence, one.refused)
        for one in sorted(likely, key=lambda one: one.refused)
    ]
    return [one for one in offered if one.id != but]


async def _likely(visit: Visit, identity_id: UUID) -> list[Candidate]:
    try:
        return await asyncio.wait_for(candidates_of(visit, identity_id), timeout=5)
    except (ServiceProblem, TimeoutError):
        # Then the reader searches by name.
        return []
