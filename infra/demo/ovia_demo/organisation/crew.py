"""Who works on a product, and what they work with."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.issue_flow import Flow
from ovia_demo.organisation.model import Person, Product, Sprint


@dataclass
class Crew:
    """The people of one product, its sprints, and the work that others are part of."""

    organisation: Organisation
    product: Product
    people: list[Person]
    sprints: list[Sprint]
    sprint_names: dict[int, str]
    parents: list[Flow] = field(default_factory=list)
    stories: list[Flow] = field(default_factory=list)

    def someone(self, rng: Random, at: datetime, besides: str | None = None) -> str:
        """Somebody who is there at that time."""
        for _ in range(20):
            person = rng.choice(self.people)
            if person.joined_at <= at and (person.left_at is None or at < person.left_at) and person.id != besides:
                return person.id
        return self.product.lead

    def sprint_after(self, sprint: Sprint) -> Sprint:
        return self.sprints[min(sprint.number, len(self.sprints) - 1)]
