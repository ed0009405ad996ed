"""What a matching pass decided."""

from uuid import UUID

import msgspec

from ovia_shared.models.rule_trace import RuleTrace


class Link(msgspec.Struct, frozen=True):
    """A mapping to be made. `status` is `auto` or `conflict`; the contributions sum to the logit of `confidence`."""

    identity_id: UUID
    status: str
    confidence: float
    rule_trace: tuple[RuleTrace, ...]


class NewPerson(msgspec.Struct, frozen=True):
    """A person nobody knew, with the accounts that belong to them."""

    display_name: str
    primary_email: str | None
    links: tuple[Link, ...]


class Decisions(msgspec.Struct, frozen=True):
    """People to be made, and links to people who exist. Accounts in neither stay orphans."""

    engine_version: str
    people: tuple[NewPerson, ...]
    links: tuple[tuple[UUID, Link], ...]
