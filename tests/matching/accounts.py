"""Invented accounts for tests of matching."""

from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.models.decision import Decisions, Link
from ovia_shared.models.identity import Account


def account(
    name: str | None,
    email: str | None = None,
    person: UUID | None = None,
    *,
    username: str | None = None,
    source: str = "git_commit_author",
    former: tuple[str, ...] = (),
) -> Account:
    return Account(new_id(), source, username, email, name, person, former)


def all_links(decisions: Decisions) -> list[Link]:
    return [link for _, link in decisions.all_links()]


def grouped(decisions: Decisions) -> set[frozenset[UUID]]:
    """The accounts of each new person that are surely theirs."""
    return {
        frozenset(link.identity_id for link in person.links if link.status == "auto") for person in decisions.people
    }


def rules(decisions: Decisions, link: Link) -> list[str]:
    return [term.rule for term in decisions.explain(link)]
