"""From a seed to a whole organisation. The same seed and options give the same organisation, on any machine."""

from datetime import UTC, datetime
from random import Random

from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.deployments import make_deployments
from ovia_demo.organisation.issues import make_issues
from ovia_demo.organisation.merge_requests import make_merge_requests
from ovia_demo.organisation.numbering import close_blocks, number_parts
from ovia_demo.organisation.pages import make_pages, make_tickets
from ovia_demo.organisation.people import DOMAIN, SHARED_MAILBOXES, make_machines, make_people
from ovia_demo.organisation.pipelines import make_pipelines, make_releases
from ovia_demo.organisation.products import (
    make_environments,
    make_products,
    make_repositories,
    make_sprints,
    make_teams,
    make_versions,
)
from ovia_demo.organisation.reviews import number_notes
from ovia_demo.organisation.times import UNTIL, beginning

FEWEST_PEOPLE = 6


def generate(seed: int = 7, people: int = 60, months: int = 18, until: datetime = UNTIL) -> Organisation:
    """The organisation as of `until`. Its issues, merge requests and pages grow with people and months.

    ValueError for fewer than six people or less than one month.
    """
    if people < FEWEST_PEOPLE or months < 1:
        raise ValueError(f"an organisation needs at least {FEWEST_PEOPLE} people and one month")
    until = until.astimezone(UTC).replace(microsecond=0)
    start = beginning(until, months)
    roots = f"fernweh/{seed}/{people}/{months}"
    rng = Random(f"{roots}/people")
    teams = make_teams(people)
    organisation = Organisation(
        name="Fernweh Gliders", domain=DOMAIN, seed=seed, start=start, until=until, teams=teams,
        people=make_people(rng, people, teams, start, until), machines=make_machines(rng, people),
        shared_mailboxes=list(SHARED_MAILBOXES),
    )  # fmt: skip
    product_of = {team.id: team.product for team in teams}
    leads: dict[str, str] = {}
    for person in organisation.people:
        if person.left_at is None and person.joined_at < start:
            leads.setdefault(product_of[person.team], person.id)
    organisation.products = make_products(rng, leads, start)
    organisation.groups, organisation.repositories = make_repositories(rng, start)
    organisation.environments = make_environments(organisation.repositories)
    organisation.sprints = make_sprints(rng, organisation.products, start, until)
    organisation.versions = make_versions(organisation.products, start, until)
    make_issues(roots, organisation)
    number_parts(organisation)
    close_blocks(organisation)
    make_merge_requests(roots, organisation)
    number_notes(organisation)
    make_releases(roots, organisation)
    make_pipelines(roots, organisation)
    make_deployments(roots, organisation)
    make_pages(roots, organisation, months)
    make_tickets(roots, organisation)
    return organisation
