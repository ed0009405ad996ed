"""What a matching pass decided."""

from collections.abc import Callable
from uuid import UUID

import msgspec

from ovia_shared.models.rule_trace import RuleTrace


class Reason(msgspec.Struct, frozen=True, gc=False):
    """Where the trace of a link comes from: a compared pair of accounts, one that says the same, or neither.

    `account` and `other` are positions among the accounts matched; `pair` is -1 where there was none to compare.
    `against` are rules that lowered it, with their contributions; `rival` is an account of another candidate.
    """

    account: int
    other: int
    pair: int = -1
    against: tuple[tuple[str, float], ...] = ()
    rival: int = -1


class Link(msgspec.Struct, frozen=True, gc=False):
    """A mapping to be made. `status` is `auto` or `conflict`, `confidence` between 0 and 1."""

    identity_id: UUID
    status: str
    confidence: float
    reason: Reason


class NewPerson(msgspec.Struct, frozen=True):
    """A person nobody knew, with the accounts that belong to them, certain and contested."""

    display_name: str
    primary_email: str | None
    links: tuple[Link, ...]


class Decisions(msgspec.Struct, frozen=True):
    """People to be made, and links to people who exist. Accounts in neither stay orphans.

    `explain` gives the rule trace of a link: its contributions sum to the logit of the confidence. Traces are told one
    by one, because a million of them at once would need gigabytes.
    """

    engine_version: str
    people: tuple[NewPerson, ...]
    links: tuple[tuple[UUID, Link], ...]
    explain: Callable[[Link], tuple[RuleTrace, ...]]

    def all_links(self) -> list[tuple[UUID | None, Link]]:
        """Every link, with the person it leads to where that is somebody known."""
        new: list[tuple[UUID | None, Link]] = [(None, link) for person in self.people for link in person.links]
        return new + list(self.links)


class MatchingSettings(msgspec.Struct, frozen=True):
    """How sure is sure enough, in an organisation: confidences from 0 to 1.

    At or above `auto` a link is made; from `conflict` on it waits for somebody to decide; below, it is not proposed.
    `configuration` is `default`, learned weights, or `published`, the scoring rule others use.
    """

    auto: float = 0.9
    conflict: float = 0.6
    configuration: str = "default"
