"""An organisation whose accounts the engine has linked, and random decisions about it."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ovia_api.mappings import plans
from ovia_api.mappings.deciding import Deciding
from ovia_api.mappings.moving import merge_people, move_each, person_of_account
from ovia_api.mappings.undoing import undo
from ovia_shared.database import identity_events
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection, Database
from ovia_shared.errors import Conflict, InvalidInput, NotFound
from ovia_shared.linking.incremental import link_identities
from ovia_shared.models.caller import Caller
from ovia_shared.models.review import Merge, NewPersonName
from ovia_shared.models.token import Role

NAMES = (
    "Ann Leifsdottir", "Bo Sandberg", "Cyrus Dahlman", "Dora Eklund", "Egon Falkner", "Frida Gustavsson", "Georg Holm",
    "Hanna Iversen", "Ivo Jansen", "Judit Kovacs", "Karim Larbi", "Lena Månsson",
)  # fmt: skip
REFUSALS = (Conflict, InvalidInput, NotFound)
_MONTH = timedelta(days=30)


async def add_accounts(conn: Connection, org_id: UUID, people: int = len(NAMES)) -> list[UUID]:
    """Three accounts a person, some of which leave the engine in doubt."""
    rows = []
    for name in NAMES[:people]:
        first, last = name.lower().split(" ", 1)
        rows += [
            ("git_commit_author", f"{name} a", None, f"{first}@fernweh.example", name),
            ("jira", f"{name} b", f"{first}.{last}", None, name),
            ("gitlab", f"{name} c", f"{first[0]}{last}", None, f"{first[0]}{last}"),
        ]
    ids = []
    for source, external_id, username, email, display_name in rows:
        ids.append(new_id())
        await conn.execute(
            "insert into identities (org_id, id, source, external_id, username, email, display_name)"
            " values ($1, $2, $3, $4, $5, $6, $7)",
            org_id, ids[-1], source, external_id, username, email, display_name,
        )  # fmt: skip
    return ids


async def linked(ingest: Database, org_id: UUID, people: int = len(NAMES)) -> list[UUID]:
    """The accounts, stored and linked by the engine."""
    async with ingest.transaction(org_id) as conn:
        ids = await add_accounts(conn, org_id, people)
    await link_identities(ingest, org_id)
    return ids


async def in_teams(api: Database, org_id: UUID) -> None:
    """Two teams. Everybody is in one or both of them, at times that overlap those of others."""
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    async with api.transaction(org_id) as conn:
        teams = [new_id(), new_id()]
        for team, name in zip(teams, ("Lift", "Drag"), strict=True):
            await conn.execute("insert into teams (org_id, id, name) values ($1, $2, $3)", org_id, team, name)
        people = await conn.fetch("select id from people where org_id = $1 order by id", org_id)
        for number, row in enumerate(people):
            for team in teams[: 1 + number % 2]:
                await conn.execute(
                    "insert into team_memberships (org_id, id, team_id, person_id, role, valid_from, valid_to)"
                    " values ($1, $2, $3, $4, $5, $6, $7)",
                    org_id, new_id(), team, row["id"], f"role {number}", begin + number * _MONTH,
                    None if number % 3 == 0 else begin + (number + 6) * _MONTH,
                )  # fmt: skip


async def state(conn: Connection, org_id: UUID) -> tuple[list[tuple[Any, ...]], ...]:
    """All that decisions are about, without the ids of rows."""
    mappings = await conn.fetch(
        """
        select identity_id, person_id, status, confidence, rule_trace::text, engine_version, valid_from, valid_to,
               verified_by, verified_at, created_at
          from mappings where org_id = $1 and known_to = 'infinity'
         order by identity_id, person_id, status
        """,
        org_id,
    )
    people = await conn.fetch(
        """
        select id, display_name, primary_email, status from people
         where org_id = $1 and deleted_at is null order by id
        """,
        org_id,
    )
    memberships = await conn.fetch(
        """
        select team_id, person_id, role, valid_from, valid_to from team_memberships
         where org_id = $1 and known_to = 'infinity' order by 1, 2, 4
        """,
        org_id,
    )
    return tuple([tuple(row) for row in rows] for rows in (mappings, people, memberships))


class Reviewer:
    """Somebody who decides at random, in transactions of their own."""

    def __init__(self, database: Database, org_id: UUID, name: str, seed: int) -> None:
        self._database = database
        self.org_id = org_id
        self.caller = Caller(org_id, new_id(), name, Role.MANAGER)
        self.chance = random.Random(seed)
        self.made: list[UUID] = []

    async def decide(self) -> UUID | None:
        """One random decision; its id, or None where it changed nothing. What is refused raises one of `REFUSALS`."""
        async with self._database.transaction(self.org_id) as conn:
            deciding = Deciding(conn, self.caller, None)
            decision = await self._any(conn, deciding)
        if decision is not None:
            self.made.append(decision)
        return decision

    async def take_back(self, decision: UUID) -> UUID | None:
        """Undoes a decision."""
        async with self._database.transaction(self.org_id) as conn:
            return await undo(Deciding(conn, self.caller, None), conn, self.org_id, decision, "a mistake")

    async def _any(self, conn: Connection, deciding: Deciding) -> UUID | None:
        rows = await conn.fetch(
            "select id, person_id from mappings where org_id = $1 and known_to = 'infinity' order by id", self.org_id
        )
        people = [
            row["id"]
            for row in await conn.fetch(
                "select id from people where org_id = $1 and deleted_at is null order by id", self.org_id
            )
        ]
        mapping = self.chance.choice(rows)
        action = self.chance.choice(
            ["confirm", "reject", "ignore", "reopen", "remap", "remap_new", "split", "merge", "create", "undo"]
        )
        simple = {"confirm": plans.confirm, "reject": plans.reject, "ignore": plans.ignore, "reopen": plans.reopen}
        if action in simple:
            return await deciding.each(action, [mapping["id"]], simple[action], "as I see it")
        if action == "remap":
            person = self.chance.choice(people)
            return await move_each(deciding, "remap", [mapping["id"]], person, None, None, of_one_person=False)
        if action in ("remap_new", "split"):
            ids = [row["id"] for row in rows if row["person_id"] == mapping["person_id"]]
            chosen = [mapping["id"]] if action == "remap_new" else self.chance.sample(ids, min(2, len(ids)))
            new = NewPersonName(f"Somebody {self.chance.random():.6f}")
            return await move_each(deciding, action, chosen, None, new, None, of_one_person=action == "split")
        if action == "merge":
            one, other = self.chance.choice(people), self.chance.choice(people)
            return await merge_people(deciding, conn, self.org_id, Merge(person_id=one, into_person_id=other))
        if action == "create":
            identity = self.chance.choice(
                await conn.fetch("select id from identities where org_id = $1 order by id", self.org_id)
            )
            return await person_of_account(deciding, identity["id"], NewPersonName(f"New {self.chance.random():.6f}"))
        if not self.made:
            return None
        return await undo(deciding, conn, self.org_id, self.chance.choice(self.made), None)


async def broken(conn: Connection, org_id: UUID) -> Sequence[str]:
    """Every invariant that does not hold, in words."""
    found = await identity_events.disagreements(conn, org_id)
    twice = await conn.fetch(
        """
        select identity_id from mappings
         where org_id = $1 and known_to = 'infinity' and valid_to is null and status <> 'rejected'
         group by 1 having count(*) > 1
        """,
        org_id,
    )
    found += [f"account {row['identity_id']} has two active mappings" for row in twice]
    gone = await conn.fetch(
        """
        select m.id from mappings m join people p on p.org_id = m.org_id and p.id = m.person_id
         where m.org_id = $1 and m.known_to = 'infinity' and m.status <> 'rejected' and p.deleted_at is not null
        """,
        org_id,
    )
    found += [f"mapping {row['id']} leads to somebody who is gone" for row in gone]
    doubled = await conn.fetch(
        """
        select a.id from team_memberships a
          join team_memberships b on b.org_id = a.org_id and b.team_id = a.team_id and b.person_id = a.person_id
           and b.id > a.id and b.known_to = 'infinity'
           and tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)
         where a.org_id = $1 and a.known_to = 'infinity'
        """,
        org_id,
    )
    return found + [f"membership {row['id']} overlaps another of the same person" for row in doubled]
