"""People, their many accounts, and the machines among them."""

import hashlib
from datetime import datetime, timedelta
from random import Random

from ovia_demo.organisation import names
from ovia_demo.organisation.model import Account, Machine, Person, Team

DOMAIN = "fernweh.example"
SHARED_MAILBOXES = [f"dev@{DOMAIN}", f"build@{DOMAIN}"]
_ROLES = ("developer", "developer", "developer", "developer", "tester", "analyst", "lead")
_ZONES = ("Europe/Berlin", "Europe/Berlin", "Europe/Moscow", "Europe/Warsaw", "Asia/Almaty", "Atlantic/Azores")


def git_account(name: str, email: str) -> Account:
    """A signature in commits. Its id is the SHA-256 of name, NUL and e-mail."""
    external_id = hashlib.sha256(f"{name}\0{email}".encode()).hexdigest()
    return Account(source="git", external_id=external_id, email=email, name=name, email_shown=True)


def make_people(rng: Random, count: int, teams: list[Team], start: datetime, until: datetime) -> list[Person]:
    """So many people, some with the histories that make it hard to tell who is who."""
    span = until - start
    people: list[Person] = []
    taken: set[str] = set()
    known: set[str] = set()
    for number in range(count):
        given, family, woman = _unused(rng, known)
        if number % 60 == 4:
            # Two people of one name, in different teams.
            given, family = people[-1].name.split(" ", 1)
        known.add(f"{given} {family}")
        person = Person(
            id=f"p-{number + 1:03}",
            name=f"{given} {family}",
            nickname=names.NICKNAMES.get(given),
            team=teams[number % len(teams)].id,
            role="lead" if number < len(teams) else rng.choice(_ROLES),
            zone=rng.choice(_ZONES),
            joined_at=start + span * rng.uniform(0.1, 0.6) if number % 10 == 8 else start - timedelta(days=400),
        )
        if number % 13 == 7:
            person.left_at = _day(start + span * rng.uniform(0.65, 0.85))
        person.joined_at = _day(person.joined_at)
        if number in (5, 29, 47) or (woman and number > 60 and number % 25 == 5):
            if not woman:
                given, family = names.BRIDES[number % len(names.BRIDES)]
            _marry(rng, person, (given, family), known, _day(start + span * rng.uniform(0.35, 0.6)))
        _change_team(person, number, teams, _day(start + span * 0.45))
        _give_accounts(rng, person, number, taken)
        people.append(person)
    return people


def _change_team(person: Person, number: int, teams: list[Team], day: datetime) -> None:
    """One in fifteen came from the other team of their product, having been there for some time."""
    others = [one.id for one in teams if one.id != person.team and one.product == _product(teams, person.team)]
    if number % 15 == 6 and others and person.joined_at < day and (person.left_at is None or day < person.left_at):
        person.former_team, person.changed_team_at = others[0], day


def _product(teams: list[Team], team: str) -> str:
    return next(one.product for one in teams if one.id == team)


def _unused(rng: Random, known: set[str]) -> tuple[str, str, bool]:
    """A name nobody has yet; the more are taken, the more people have two family names."""
    given, family, woman = names.person_name(rng)
    for _ in range(20):
        if f"{given} {family}" not in known:
            return given, family, woman
        given, family, woman = names.person_name(rng)
    while f"{given} {family}" in known:
        family = f"{family}-{names.person_name(rng)[1]}"
    return given, family, woman


def _marry(rng: Random, person: Person, born: tuple[str, str], known: set[str], day: datetime) -> None:
    given, family = born
    person.former_name = f"{given} {family}"
    person.name = f"{given} {names.another_family(rng, family)}"
    while person.name in known:
        person.name = f"{given} {names.another_family(rng, family)}-{family}"
        family = person.name.split(" ", 1)[1]
    known.update((person.name, person.former_name))
    person.renamed_at = day


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _give_accounts(rng: Random, person: Person, number: int, taken: set[str]) -> None:
    # Logins are made at the start, so they keep the name from before a wedding.
    given, family = (person.former_name or person.name).split(" ", 1)
    first, last = names.latin(given), names.latin(family)
    login = f"{first}.{last}"
    while login in taken:
        login += "2"
    taken.add(login)
    mail = f"{login}@{DOMAIN}"
    active = person.left_at is None
    atlassian = _atlassian_id(rng)
    person.accounts.append(
        Account(
            source="jira", external_id=atlassian, data_center_id=f"JIRAUSER{10100 + number}", username=login,
            email=mail, email_shown=rng.random() < 0.35, name=person.name, active=active,
        )
    )  # fmt: skip
    if number % 17 == 10:
        _second_jira_account(rng, person, number, login)
    if number % 15 != 14:
        person.accounts.append(
            Account(
                source="confluence", external_id=atlassian, data_center_id=f"{rng.getrandbits(128):032x}",
                username=login, email=mail, email_shown=rng.random() < 0.35, name=person.name, active=active,
            )
        )  # fmt: skip
    if person.role != "analyst":
        person.accounts.append(_gitlab_account(rng, person, number, (first, last), mail, taken))
        person.accounts += _signatures(rng, person, number, (first, last), mail)


def _second_jira_account(rng: Random, person: Person, number: int, login: str) -> None:
    """Came as a contractor, with an account of its own, and was hired later."""
    change = person.joined_at + timedelta(days=400 + rng.randrange(60, 120))
    hired = person.accounts[0]
    hired.since = change
    person.accounts.append(
        Account(
            source="jira", external_id=_atlassian_id(rng), data_center_id=f"JIRAUSER{20100 + number}",
            username=f"ext.{login}", email=f"ext.{login}@{DOMAIN}", name=f"{person.name} (external)",
            active=False, until=change,
        )
    )  # fmt: skip


def _gitlab_account(
    rng: Random, person: Person, number: int, spelt: tuple[str, str], mail: str, taken: set[str]
) -> Account:
    first, last = spelt
    shapes = (f"{first}.{last}", f"{first[0]}{last}", f"{last}{first[0]}", person.nickname or f"{first}{number}")
    username = rng.choices(shapes, (4, 3, 1, 2))[0]
    while f"gitlab/{username}" in taken:
        username += str(rng.randrange(2, 90))
    taken.add(f"gitlab/{username}")
    shown = person.name if rng.random() < 0.7 else f"{names.romanised(first)} {names.romanised(last)}"
    return Account(
        source="gitlab", external_id=str(number + 5), username=username, email=mail,
        email_shown=rng.random() < 0.3, name=shown, active=person.left_at is None,
    )  # fmt: skip


def _signatures(rng: Random, person: Person, number: int, spelt: tuple[str, str], mail: str) -> list[Account]:
    """One to three signatures of commits, and both names of those who changed theirs."""
    first, last = spelt
    romanised = f"{names.romanised(first)} {names.romanised(last)}"
    own = person.former_name or person.name
    signatures = [git_account(own if rng.random() < 0.6 else romanised, mail)]
    if person.renamed_at is not None:
        signatures[0].until = person.renamed_at
        signatures.append(git_account(person.name, mail))
        signatures[-1].since = person.renamed_at
    if rng.random() < 0.45:
        short = person.nickname or first
        signatures.append(git_account(rng.choice((short, own, romanised)), f"{short}{last[0]}@postkasten.example"))
    if rng.random() < 0.25:
        signatures.append(git_account(first, f"{first}@{first}s-laptop.example"))
    if number % 10 == 2:
        signatures.append(git_account(romanised, SHARED_MAILBOXES[number // 10 % 2]))
    return signatures


def _atlassian_id(rng: Random) -> str:
    """Older accounts have 24 hexadecimal digits, newer ones a prefix and a UUID."""
    bits = f"{rng.getrandbits(128):032x}"
    if rng.random() < 0.4:
        return f"5{bits[:23]}"
    return f"712020:{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"


def make_machines(rng: Random, people: int) -> list[Machine]:
    """Bots of every kind that the sources know, the ghost user, and a user whom somebody deleted."""

    def gitlab(number: int, username: str, name: str, email: str | None = None) -> Account:
        return Account(
            source="gitlab", external_id=str(people + 10 + number), username=username, name=name, email=email,
            machine=True,
        )  # fmt: skip

    def app(name: str, *sources: str) -> list[Account]:
        external_id, key = f"557058:{rng.getrandbits(96):024x}", f"{rng.getrandbits(128):032x}"
        return [
            Account(source=one, external_id=external_id, data_center_id=key, username=names.latin(name), name=name,
                    machine=True)
            for one in sources
        ]  # fmt: skip

    token = f"{rng.getrandbits(64):016x}"
    renovate = [gitlab(3, "renovate-bot", "Renovate Bot", f"renovate@{DOMAIN}")]
    deployer = [gitlab(4, "service_account_deploy", "Deploy Service", f"build@{DOMAIN}")]
    return [
        Machine(id="m-01", name="ghost user", kind="ghost",
                accounts=[Account(source="gitlab", external_id="1", username="ghost", name="Ghost User")]),
        Machine(id="m-02", name="release token", kind="project_bot",
                accounts=[gitlab(1, f"project_7_bot_{token}", "release-token"),
                          git_account("release-token", f"project_7_bot_{token}@noreply.gitlab.{DOMAIN}")]),
        Machine(id="m-03", name="fernweh-sync", kind="group_bot",
                accounts=[gitlab(2, f"group_3_bot_{token[::-1]}", "fernweh-sync")]),
        Machine(id="m-04", name="Renovate Bot", kind="renovate",
                accounts=[*renovate, git_account("Renovate Bot", f"renovate@{DOMAIN}")]),
        Machine(id="m-05", name="Deploy Service", kind="service_account",
                accounts=[*deployer, git_account("Build", f"build@{DOMAIN}")]),
        Machine(id="m-06", name="Automation for Jira", kind="app", accounts=app("Automation for Jira", "jira")),
        Machine(id="m-07", name="Monitoring Bridge", kind="app",
                accounts=app("Monitoring Bridge", "jira", "confluence")),
        Machine(id="m-08", name="Former user", kind="deleted",
                accounts=[Account(source=one, external_id=f"5f{rng.getrandbits(88):022x}", name="Former user",
                                  data_center_id=f"JIRAUSER{9000 + n}", active=False)
                          for n, one in enumerate(("jira", "confluence"))]),
    ]  # fmt: skip
