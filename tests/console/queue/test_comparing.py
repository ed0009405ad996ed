"""An account beside a person, field by field."""

from datetime import UTC, datetime
from uuid import UUID

from ovia_console.queue.comparing import accounts_in_use, compared
from ovia_shared.models.mapping import Identity, Mapping, MappingStatus
from ovia_shared.models.person import PersonDetail, PersonStatus

AT = datetime(2026, 11, 1, tzinfo=UTC)


def account(number: int, **says: str | None) -> Identity:
    told: dict[str, str | None] = {"username": None, "email": None, "display_name": None, **says}
    return Identity(UUID(int=number), "jira", str(number), told["username"], told["email"], told["display_name"], False)


def ann(*accounts: tuple[Identity, MappingStatus]) -> PersonDetail:
    mappings = [
        Mapping(UUID(int=100 + n), status, 0.9, (), "1", None, None, None, None, AT, one, None)
        for n, (one, status) in enumerate(accounts)
    ]
    return PersonDetail(UUID(int=1), "Ann Lee", "ann@x.example", PersonStatus.ACTIVE, 1, AT, AT, mappings, [])


def test_spelling_does_not_matter_and_silence_is_no_disagreement() -> None:
    mine = account(1, display_name="ann  LEE", username="alee")
    found = {one.field: one.verdict for one in compared(mine, ann())}
    assert found == {"name": "same", "login": "silent", "email": "silent"}


def test_only_other_accounts_in_use_speak_for_the_person() -> None:
    mine = account(1, username="alee", email="other@x.example")
    person = ann(
        (mine, MappingStatus.CONFLICT),
        (account(2, username="ann.lee"), MappingStatus.AUTO),
        (account(3, username="alee"), MappingStatus.REJECTED),
    )
    found = {one.field: (one.theirs, one.verdict) for one in compared(mine, person)}
    assert found["login"] == (["ann.lee"], "differs")
    assert found["email"] == (["ann@x.example"], "differs")
    assert [one.external_id for one in accounts_in_use(person, mine)] == ["2"]
