"""An account beside a person, field by field. Pure."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from ovia_shared.models.mapping import Identity, MappingStatus
from ovia_shared.models.person import PersonDetail

Verdict = Literal["same", "differs", "silent"]
_IN_USE = (MappingStatus.AUTO, MappingStatus.VERIFIED)


class Compared(msgspec.Struct, frozen=True):
    """One field: what the account says, all that the person's accounts say, and whether these agree.

    `silent`: one of the two says nothing, which is no disagreement.
    """

    field: str
    ours: str
    theirs: list[str]
    verdict: Verdict


def compared(account: Identity, person: PersonDetail) -> list[Compared]:
    """Names, logins and mailboxes. The account's own mapping to the person does not count for it."""
    others = [one.identity for one in person.mappings if one.status in _IN_USE and one.identity.id != account.id]
    return [
        _field("name", account.display_name, [person.display_name, *(one.display_name for one in others)]),
        _field("login", account.username, [one.username for one in others]),
        _field("email", account.email, [person.primary_email, *(one.email for one in others)]),
    ]


def accounts_in_use(person: PersonDetail, but: Identity) -> list[Identity]:
    """The other accounts that count for the person."""
    return [one.identity for one in person.mappings if one.status in _IN_USE and one.identity.id != but.id]


def _field(name: str, ours: str | None, theirs: Iterable[str | None]) -> Compared:
    known = list(dict.fromkeys(one for one in theirs if one))
    if not ours or not known:
        return Compared(name, ours or "", known, "silent")
    agrees = any(one.casefold().split() == ours.casefold().split() for one in known)
    return Compared(name, ours, known, "same" if agrees else "differs")
