"""Who is who."""

import msgspec

from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.model import Account


class KnownAccount(msgspec.Struct, kw_only=True):
    """`data_center_id` is the user key on Data Center, where `external_id` is that of the cloud.

    A signature in commits (`git`) has as its id the SHA-256 of name, NUL and e-mail.
    """

    source: str
    external_id: str
    data_center_id: str | None
    username: str | None
    email: str | None
    name: str


class KnownPerson(msgspec.Struct, kw_only=True):
    id: str
    name: str
    former_name: str | None
    team: str
    active: bool
    accounts: list[KnownAccount]


class KnownMachine(msgspec.Struct, kw_only=True):
    """`kind` is project_bot, group_bot, renovate, service_account, app, ghost or deleted (nobody knows who it was)."""

    id: str
    name: str
    kind: str
    accounts: list[KnownAccount]


class WhoIsWho(msgspec.Struct, kw_only=True):
    """`namesakes` are groups of different people with the same full name."""

    people: list[KnownPerson]
    machines: list[KnownMachine]
    shared_mailboxes: list[str]
    namesakes: list[list[str]]


def who_is_who(organisation: Organisation) -> WhoIsWho:
    teams = {team.id: team.name for team in organisation.teams}
    people = [
        KnownPerson(
            id=one.id, name=one.name, former_name=one.former_name, team=teams[one.team], active=one.left_at is None,
            accounts=_known(one.accounts),
        )
        for one in organisation.people
    ]  # fmt: skip
    by_name: dict[str, list[str]] = {}
    for person in people:
        by_name.setdefault(person.name, []).append(person.id)
    machines = [
        KnownMachine(id=one.id, name=one.name, kind=one.kind, accounts=_known(one.accounts))
        for one in organisation.machines
    ]
    return WhoIsWho(
        people=people,
        machines=machines,
        shared_mailboxes=organisation.shared_mailboxes,
        namesakes=[ids for ids in by_name.values() if len(ids) > 1],
    )


def _known(accounts: list[Account]) -> list[KnownAccount]:
    return [
        KnownAccount(source=one.source, external_id=one.external_id, data_center_id=one.data_center_id,
                     username=one.username, email=one.email, name=one.name)
        for one in accounts
    ]  # fmt: skip
