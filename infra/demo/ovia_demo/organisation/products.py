"""Teams, products, repositories, sprints and versions: the frame in which people work."""

# ruff: noqa: RUF001 (Cyrillic letters are meant)

from datetime import datetime, timedelta
from random import Random

from ovia_demo.organisation import texts
from ovia_demo.organisation.code_model import Environment
from ovia_demo.organisation.model import Group, Product, Repository, Sprint, Status, Team, Version, Workflow
from ovia_demo.organisation.times import later

ENGLISH = Workflow(
    Status(10001, "To Do", "new"),
    Status(10002, "In Progress", "indeterminate"),
    Status(10003, "In Review", "indeterminate"),
    Status(10004, "Done", "done"),
    Status(10005, "Blocked", "indeterminate"),
)
BOOKING = Workflow(
    Status(10011, "Selected for Development", "new"),
    Status(10002, "In Progress", "indeterminate"),
    Status(10013, "Code Review", "indeterminate"),
    Status(10014, "Released", "done"),
)
RUSSIAN = Workflow(
    Status(10021, "К выполнению", "new"),
    Status(10022, "В работе", "indeterminate"),
    Status(10023, "На проверке", "indeterminate"),
    Status(10024, "Готово", "done"),
)

_TEAMS = ("Thermal", "Cumulus", "Checkout", "Tailwind", "Hangar", "Windsock")
_MORE_TEAMS = ("Ridge", "Wave", "Altimeter", "Vario", "Winch", "Tow", "Canopy", "Rudder", "Spoiler", "Strut")
# Key, name, group, space, components, workflow, and repositories: (subgroup, name, folders).
_PRODUCTS = (
    (
        "GLD", "Glider Telemetry", "telemetry", "TEL", ("Tablet", "Ground station", "Maps", "Firmware"), ENGLISH,
        (("apps", "pilot-tablet", "src/screens src/flight"), ("apps", "club-dashboard", "src/charts src/pages"),
         ("services", "telemetry-api", "telemetry/ingest telemetry/api"),
         ("services", "firmware", "src/sensors src/radio")),
    ),
    (
        "SKY", "Sky Booking", "booking", "BOOK", ("Checkout", "Calendar", "Payments", "Mails"), BOOKING,
        (("web", "booking-site", "src/checkout src/calendar"), ("web", "front-desk", "src/desk src/print"),
         ("services", "booking-api", "booking/seats booking/rules"),
         ("services", "payments", "payments/bank payments/refunds")),
    ),
    (
        "OPS", "Ground Operations", "operations", "GOPS", ("Workshop", "Tower", "Stock", "Exports"), RUSSIAN,
        (("apps", "hangar-screen", "src/board src/orders"),
         ("services", "maintenance-api", "maintenance/orders maintenance/parts"),
         ("services", "shift-planner", "planner/rules planner/export"),
         ("platform", "infrastructure", "terraform/network helm/charts")),
    ),
)  # fmt: skip


def make_teams(people: int) -> list[Team]:
    """Six teams, and one more for every fifteen people beyond ninety."""
    names = [*_TEAMS, *_MORE_TEAMS, *(f"Squadron {number}" for number in range(1, 200))]
    count = max(6, people // 15)
    return [
        Team(id=f"t-{number + 1:02}", name=names[number],
             product=_PRODUCTS[min(number, 5) // 2 if number < 6 else number % 3][0])
        for number in range(count)
    ]  # fmt: skip


def make_products(rng: Random, leads: dict[str, str], start: datetime) -> list[Product]:
    """`leads` maps the key of a product to the person who leads it."""
    products = []
    for number, (key, name, path, space, components, workflow, _) in enumerate(_PRODUCTS):
        created = later(rng, start - timedelta(days=500), 0, 2000)
        product = Product(
            id=10100 + number, key=key, name=name, path=path, space_id=65_600 + number * 32, space_key=space,
            board_id=number + 1, lead=leads[key], workflow=workflow, components=components, created_at=created,
        )  # fmt: skip
        products.append(product)
    return products


def make_repositories(rng: Random, start: datetime) -> tuple[list[Group], list[Repository]]:
    """Twelve repositories in nested groups below `fernweh`."""
    groups = [Group(id=1, path="fernweh", name="Fernweh Gliders", parent=None)]
    repositories: list[Repository] = []
    for key, name, path, *_, places in _PRODUCTS:
        top = Group(id=len(groups) + 1, path=f"fernweh/{path}", name=name, parent=1)
        groups.append(top)
        known: dict[str, Group] = {}
        for subgroup, repository, folders in places:
            if subgroup not in known:
                group = Group(id=len(groups) + 1, path=f"{top.path}/{subgroup}", name=subgroup.title(), parent=top.id)
                groups.append(group)
                known[subgroup] = group
            repositories.append(
                Repository(
                    id=len(repositories) + 1, path=f"{known[subgroup].path}/{repository}",
                    name=repository.replace("-", " ").capitalize(), group=known[subgroup].id, product=key,
                    created_at=later(rng, start - timedelta(days=450), 0, 3000), folders=tuple(folders.split()),
                )
            )  # fmt: skip
    return groups, repositories


def make_environments(repositories: list[Repository]) -> list[Environment]:
    environments: list[Environment] = []
    for repository in repositories:
        # One project names its production in its own way; the tier says what it is.
        production = "live" if repository.path.endswith("payments") else "production"
        for name, tier in (("staging", "staging"), (production, "production")):
            environments.append(
                Environment(
                    id=len(environments) + 1, repository=repository.id, name=name, tier=tier,
                    created_at=repository.created_at + timedelta(days=3),
                )
            )  # fmt: skip
    return environments


def make_sprints(rng: Random, products: list[Product], start: datetime, until: datetime) -> list[Sprint]:
    """Two weeks each, from Monday to Friday of the week after; numbered through all boards in the order of time."""
    sprints: list[Sprint] = []
    begin, number = start + timedelta(hours=8), 1
    while begin < until + timedelta(days=14):
        for product in products:
            end = begin + timedelta(days=11, hours=8)
            closed = later(rng, end, -1.0, 2.0)
            state = "future" if begin > until else "active" if closed > until else "closed"
            sprints.append(
                Sprint(
                    id=0, product=product.key, number=number, name=f"{product.key} Sprint {number}",
                    goal=texts.goal(rng),
                    start_at=later(rng, begin, 0, 1.5), end_at=end, completed_at=closed if state == "closed" else None,
                    state=state,
                )
            )  # fmt: skip
        begin += timedelta(days=14)
        number += 1
    for identity, sprint in enumerate(sprints, 101):
        sprint.id = identity
    return sprints


def make_versions(products: list[Product], start: datetime, until: datetime) -> list[Version]:
    """About one version a month and product."""
    versions: list[Version] = []
    begin, number = start, 0
    while begin < until:
        release = begin + timedelta(days=28)
        for product in products:
            versions.append(
                Version(
                    id=10200 + len(versions), product=product.key,
                    name=f"{product.path}-{1 + number // 10}.{number % 10}",
                    start_at=begin, release_at=release, released=release <= until,
                )
            )  # fmt: skip
        begin, number = release, number + 1
    return versions
