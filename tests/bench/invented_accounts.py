"""Invented accounts at any number: people with several accounts each, common names, logins made of names, no e-mail
where Jira and GitLab would show none. The same seed gives the same accounts."""

import random
from uuid import UUID

from ovia_shared.models.identity import Account

_SYLLABLES = (
    "an", "ber", "cor", "da", "el", "fin", "gar", "hol", "is", "jo", "ka", "lin", "mar", "nor", "ol", "pe", "ra",
    "sen", "ti", "ul", "vor", "wil", "xa", "yor", "zim",
)  # fmt: skip
_DOMAINS = ("gmail.com", "outlook.com", "fernweh.example.org", "proton.me")


def invented_accounts(count: int, seed: int = 7) -> tuple[list[Account], list[int]]:
    """So many accounts, and for each the number of its person; about 3.3 accounts a person."""
    rng = random.Random(seed)
    given = _names(rng, max(300, count // 400))
    family = _names(rng, max(2_000, count // 12))
    accounts: list[Account] = []
    owners: list[int] = []
    person = 0
    while len(accounts) < count:
        # Names are as unevenly spread as real ones: a few are everywhere.
        first = given[int(len(given) * rng.random() ** 2)]
        last = family[int(len(family) * rng.random() ** 1.6)]
        for account in _accounts_of(rng, first, last, person, len(accounts)):
            accounts.append(account)
            owners.append(person)
        person += 1
    return accounts[:count], owners[:count]


def _names(rng: random.Random, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))).capitalize()] = None
    return list(found)


def _accounts_of(rng: random.Random, first: str, last: str, person: int, number: int) -> list[Account]:
    name = f"{first} {last}"
    login = rng.choice((f"{first}.{last}", f"{first[0]}{last}", f"{last}{first[0]}")).lower() + str(person % 97)
    work = f"{login}@fernweh.example.org"
    home = f"{first}.{last}{person % 1000}@{rng.choice(_DOMAINS)}".lower()
    made = [
        ("git_commit_author", None, work, name),
        ("jira", login, None, name),
        ("gitlab", login, work if rng.random() < 0.3 else None, name if rng.random() < 0.8 else first),
    ]
    if rng.random() < 0.4:
        made.append(("git_commit_author", None, home, rng.choice((name, login, f"{last}, {first}"))))
    if rng.random() < 0.2:
        made.append(("confluence", login, None, f"{first[0]}. {last}"))
    return [
        Account(UUID(int=(number + place + 1) << 64), source, username, email, shown)
        for place, (source, username, email, shown) in enumerate(made)
    ]
