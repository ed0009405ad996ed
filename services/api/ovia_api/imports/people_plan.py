"""What a list of people leads to: pure, from what is known and what each line says.

The list is a trusted source: its e-mails, user names and other names are accounts of the source `hr`, which are the
person's for certain, so that matching may start from them.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ovia_api.imports.reading import Line
from ovia_shared.database.ids import new_id
from ovia_shared.errors import InvalidInput
from ovia_shared.models.identity import NewIdentity
from ovia_shared.models.imports import KnownAccount, LineOutcome
from ovia_shared.models.person import PersonRow, PersonStatus
from ovia_shared.models.review import Email
from ovia_shared.models.review import Line as Text

SOURCE = "hr"
_IN_USE = ("auto", "verified")


class Entry(msgspec.Struct, frozen=True):
    """A line, read: who it is about."""

    line: Line
    key: str
    name: str
    emails: list[str]
    usernames: list[str]
    aliases: list[str]
    active: bool | None

    def accounts(self) -> list[NewIdentity]:
        """The accounts that say so: one with the name and what comes first, and one for each value besides."""
        first_email = self.emails[0] if self.emails else None
        first_username = self.usernames[0] if self.usernames else None
        found = [NewIdentity(SOURCE, self.key, first_username, first_email, self.name)]
        found += [NewIdentity(SOURCE, f"{self.key} e-mail {one}", None, one, self.name) for one in self.emails[1:]]
        found += [NewIdentity(SOURCE, f"{self.key} login {one}", one, None, self.name) for one in self.usernames[1:]]
        found += [NewIdentity(SOURCE, f"{self.key} name {one}", None, None, one) for one in self.aliases]
        return found


class Outcome(msgspec.Struct, frozen=True):
    """Who a line is about, as they were (None: new) and as they shall be, and the accounts to be theirs."""

    before: PersonRow | None
    after: PersonRow
    accounts: list[NewIdentity]
    outcome: LineOutcome


def entry(line: Line) -> Entry:
    """Reads a line. Raises `InvalidInput` that says what to mend."""
    if line.fault is not None:
        raise InvalidInput(line.fault)
    name = _checked(line["name"], Text, "name", "give 1 to 200 characters")
    # A mailbox is one in whatever case: two spellings are no two accounts.
    emails = list(dict.fromkeys(_checked(one.lower(), Email, "email", "an e-mail has the form name@host")
                                for one in line.several("email")))  # fmt: skip
    key = line["external_id"] or (emails[0] if emails else "")
    if not key:
        raise InvalidInput("give an external_id or an email: by one of them the person is known again")
    if len(key) > 150:
        raise InvalidInput("external_id has more than 150 characters")
    words = {column: [_checked(one, Text, column, "give 200 characters at most") for one in line.several(column)]
             for column in ("username", "alias")}  # fmt: skip
    return Entry(line, key, name, emails, words["username"], words["alias"], line.yes("active"))


class PeoplePlan:
    """Goes through the entries, with what is known of the organisation."""

    def __init__(
        self,
        people: dict[UUID, PersonRow],
        by_email: dict[str, list[UUID]],
        accounts: Sequence[KnownAccount],
        at: datetime,
    ) -> None:
        self._people = people
        self._by_email = by_email
        self._accounts = {one.external_id: one for one in accounts}
        self._by_hr_email = {one.email: one.person_id for one in accounts if one.email and one.person_id}
        self._at = at
        self._seen: dict[str, int] = {}
        self._whose: dict[UUID, int] = {}

    def decide(self, wanted: Entry) -> Outcome:
        """What becomes of an entry. Raises `InvalidInput` where it contradicts what is known, or an earlier line."""
        number = wanted.line.number
        for mark in [f"external_id {wanted.key}", *(f"email {one}" for one in wanted.emails)]:
            if mark in self._seen:
                raise InvalidInput(f"{mark} is in line {self._seen[mark]} already")
        before = self._found(wanted)
        if before is not None and before.id in self._whose:
            raise InvalidInput(f"this is the same person as in line {self._whose[before.id]} (person {before.id})")
        person_id = new_id() if before is None else before.id
        for account in wanted.accounts():
            known = self._accounts.get(account.external_id)
            if known is not None and known.status in _IN_USE and known.person_id != person_id:
                raise InvalidInput(f"account {known.identity_id} of this line belongs to person {known.person_id}")
        after = self._after(wanted, before, person_id)
        fresh = before is None or before != after or any(map(self._is_news, wanted.accounts()))
        outcome = LineOutcome.CREATE if before is None else LineOutcome.UPDATE if fresh else LineOutcome.IGNORE
        for mark in [f"external_id {wanted.key}", *(f"email {one}" for one in wanted.emails)]:
            self._seen[mark] = number
        self._whose[person_id] = number
        return Outcome(before, after, wanted.accounts() if fresh else [], outcome)

    def _found(self, wanted: Entry) -> PersonRow | None:
        known = self._accounts.get(wanted.key)
        person = None if known is None or known.status not in _IN_USE else known.person_id
        owners = {one for email in wanted.emails for one in self._by_email.get(email, [])}
        if person is None and not owners:
            owners = {self._by_hr_email[email] for email in wanted.emails if email in self._by_hr_email}
        if person is not None and owners - {person}:
            raise InvalidInput(f"the e-mail is person {min(owners - {person})}'s, and external_id person {person}'s")
        if len(owners) > 1:
            raise InvalidInput(f"the e-mails are of several people: {', '.join(map(str, sorted(owners)))}; merge them")
        found = self._people.get(person or next(iter(owners), UUID(int=0)))
        return None if found is None or found.deleted_at is not None else found

    def _after(self, wanted: Entry, before: PersonRow | None, person_id: UUID) -> PersonRow:
        email = wanted.emails[0] if wanted.emails else None
        status = PersonStatus.INACTIVE if wanted.active is False else PersonStatus.ACTIVE
        if before is None:
            return PersonRow(person_id, wanted.name, email, status, None, None, 1, self._at)
        kept = before.primary_email
        if email is not None and (kept is None or kept.lower() not in wanted.emails):
            kept = email
        return msgspec.structs.replace(
            before,
            display_name=wanted.name,
            primary_email=kept,
            status=before.status if wanted.active is None else status,
        )

    def _is_news(self, account: NewIdentity) -> bool:
        known = self._accounts.get(account.external_id)
        return (
            known is None
            or known.status != "verified"
            or any(
                (value := getattr(account, name)) is not None and value != getattr(known, name)
                for name in ("username", "email", "display_name")
            )
        )


def _checked(text: str, kind: object, column: str, rule: str) -> str:
    try:
        return msgspec.convert(text, kind)  # type: ignore[no-any-return]
    except msgspec.ValidationError:
        raise InvalidInput(f"{column} {text[:80]!r} is not accepted: {rule}") from None
