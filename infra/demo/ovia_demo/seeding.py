"""Tells a running Ovia what only people know of the organisation: its products, its teams, and who was in them when.

Through the same HTTP API that anybody would use. What is there already is left as it is.
"""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from aiohttp import ClientSession, ClientTimeout

from ovia_demo.answers.scopes import Membership, memberships
from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.model import Person

ROOT = "Fernweh Gliders (sample data)"


class Refused(Exception):
    """Ovia did not do what it was asked; says what and why."""


class Seeded(msgspec.Struct, kw_only=True):
    """What was added; `unknown` are people whom Ovia has several of, or none that could be added."""

    products: int = 0
    teams: int = 0
    people: int = 0
    memberships: int = 0
    unknown: list[str] = []


class Seeding:
    """One organisation and the Ovia that reads it at `address`."""

    def __init__(self, organisation: Organisation, address: str, token: str) -> None:
        self._organisation = organisation
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self.done = Seeded()

    async def run(self) -> Seeded:
        """Adds what is missing. Raises `Refused`, and aiohttp's ClientError if nobody answers."""
        # The address is one of this machine's; a proxy of the user's has no part in it.
        async with ClientSession(headers=self._headers, timeout=ClientTimeout(60), trust_env=False) as session:
            self._session = session
            await self._products()
            teams = await self._teams()
            people = await self._people()
            for one in memberships(self._organisation):
                if one.person in people:
                    await self._join(teams[one.team], people[one.person], one)
        return self.done

    async def _products(self) -> None:
        """Each with those of its projects that Ovia has read. One that is there already stays as it is."""
        known = {one["name"] async for one in self._all("/team/products")}
        projects = [one async for one in self._all("/team/projects")]
        for product in self._organisation.products:
            keys = {product.key, *(one.path for one in self._organisation.repositories if one.product == product.key)}
            made_of = [
                {"connection_id": one["connection_id"], "external_id": one["external_id"]}
                for one in projects if one["key"] in keys
            ]  # fmt: skip
            if product.name not in known and made_of:
                await self._post("/team/products", {"name": product.name, "projects": made_of})
                self.done.products += 1

    async def _teams(self) -> dict[str, str]:
        """The ids of the six teams there, by ours. They stand below one that says what they are."""
        known = {tuple(one["path"]): one["id"] async for one in self._all("/team/teams")}
        root = known.get((ROOT,)) or await self._add_team(ROOT, None)
        return {
            one.id: known.get((ROOT, one.name)) or await self._add_team(one.name, root)
            for one in self._organisation.teams
        }

    async def _add_team(self, name: str, parent: str | None) -> str:
        added = await self._post("/team/teams", {"name": name, "parent_id": parent})
        self.done.teams += 1
        return str(added["id"])

    async def _people(self) -> dict[str, str]:
        """The ids that Ovia gave our people: by e-mail, else by a name that one person has. Missing ones are added."""
        by_email: dict[str, str] = {}
        by_name: dict[str, list[str]] = {}
        async for one in self._all("/team/people"):
            by_name.setdefault(one["display_name"], []).append(one["id"])
            if one["primary_email"]:
                by_email[one["primary_email"].lower()] = one["id"]
        found: dict[str, str] = {}
        for person in self._organisation.people:
            emails = _emails(person)
            there = next((by_email[one] for one in emails if one in by_email), None)
            named = {id_ for name in (person.name, person.former_name) if name for id_ in by_name.get(name, [])}
            if there is None and len(named) == 1 and self._only(person):
                there = next(iter(named))
            if there is None and not named:
                added = await self._post("/team/people", {"display_name": person.name, "primary_email": emails[0]})
                there, self.done.people = str(added["id"]), self.done.people + 1
            if there is None:
                self.done.unknown.append(person.name)
            else:
                found[person.id] = there
        return found

    def _only(self, person: Person) -> bool:
        return sum(one.name == person.name for one in self._organisation.people) == 1

    async def _join(self, team: str, person: str, one: Membership) -> None:
        role = next(other.role for other in self._organisation.people if other.id == one.person)
        body: dict[str, Any] = {"person_id": person, "valid_from": one.since.isoformat(), "role": role}
        if one.until is not None:
            body["valid_to"] = one.until.isoformat()
        # Somebody who is there for that time already, or whose time there was corrected, stays as they are.
        if await self._post(f"/team/teams/{team}/members", body, but=409):
            self.done.memberships += 1

    async def _all(self, path: str) -> AsyncIterator[dict[str, Any]]:
        parameters = {"limit": "200"}
        while True:
            async with self._session.get(self._address + path, params=parameters) as answer:
                if answer.status != 200:
                    raise Refused(f"GET {path} was answered {answer.status}: {(await answer.text())[:300]}")
                page = await answer.json()
            for one in page["data"]:
                yield one
            if page["next"] is None:
                return
            parameters["cursor"] = page["next"]

    async def _post(self, path: str, body: dict[str, Any], but: int | None = None) -> dict[str, Any]:
        """What was added; nothing if it is answered `but`."""
        async with self._session.post(self._address + path, json=body) as answer:
            if answer.status == but:
                return {}
            if answer.status != 201:
                raise Refused(f"POST {path} was answered {answer.status}: {(await answer.text())[:300]}")
            added: dict[str, Any] = await answer.json()
            return added


def _emails(person: Person) -> list[str]:
    """Of theirs alone, the one at work first."""
    own = [one.email.lower() for one in person.accounts if one.email and one.source != "git"]
    return list(dict.fromkeys(own)) or [f"{person.id}@fernweh.example"]
