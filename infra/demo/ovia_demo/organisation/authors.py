"""Who can write code for a product at a time, and how they sign it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from random import Random

from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.model import Account, Person

RENOVATE = "m-04"


@dataclass
class Span:
    """When a merge request is worked on: from the first commit to its end, if it has one."""

    begin: datetime
    ready: datetime
    merged: datetime | None
    closed: datetime | None = None


class Authors:
    """The people who have a login for code, by product."""

    def __init__(self, organisation: Organisation) -> None:
        product_of = {team.id: team.product for team in organisation.teams}
        self.people = {person.id: person for person in organisation.people}
        self.machines = {machine.id: machine for machine in organisation.machines}
        self.writing = {
            product.key: [p for p in organisation.people if product_of[p.team] == product.key and _on(p, "gitlab")]
            or [p for p in organisation.people if _on(p, "gitlab")]
            for product in organisation.products
        }

    def someone(self, rng: Random, product: str, at: datetime, besides: str | None = None) -> str | None:
        for _ in range(25):
            person = rng.choice(self.writing[product])
            if person.joined_at <= at and (person.left_at is None or at < person.left_at) and person.id != besides:
                return person.id
        return None

    def signature(self, rng: Random, actor: str, at: datetime) -> Account:
        known = (self.people.get(actor) or self.machines[actor]).accounts
        usable = [
            one for one in known
            if one.source == "git" and (one.since is None or at >= one.since) and (one.until is None or at < one.until)
        ]  # fmt: skip
        return usable[0] if rng.random() < 0.75 else rng.choice(usable)


def _on(person: Person, source: str) -> bool:
    return any(one.source == source for one in person.accounts)


def sha(*parts: object) -> str:
    """Forty hexadecimal digits that are the same for the same parts."""
    return hashlib.sha256("/".join(str(part) for part in parts).encode()).hexdigest()[:40]
