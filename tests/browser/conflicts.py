"""Conflicts for reviewers to work through, told as the engine tells them."""

import asyncio
import random
import string
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import msgspec

from ovia_shared.admin import operations
from ovia_shared.database import identities, knowing, linking, mapping_changes, people_rows
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Database
from ovia_shared.matching.profile import keys, read_profile
from ovia_shared.models.identity import Account, NewIdentity
from ovia_shared.models.mapping import MappingStatus
from ovia_shared.models.mapping_change import Event, MappingRow
from ovia_shared.models.rule_trace import RuleTrace

ENGINE = "ovia matching"
_SURNAMES = ("Abelard", "Birkenau", "Cavendish", "Dragomir", "Eszterhazy", "Fenwick", "Grimaldi", "Hohenfels")
_TRACE = (
    RuleTrace("names_same_last", "same last name, another first name", 1.9, 1.9),
    RuleTrace("prior", "any two accounts that share something to be found by", -0.378, -0.378),
    RuleTrace("another_person", "somebody else resembles it as well", -0.4, -0.4),
)


class Waiting(msgspec.Struct, frozen=True):
    """A conflict: the account's name, whose it may be, and a word that only accounts made with it are found by."""

    account: str
    person: str
    word: str


def add_conflicts(dsn: str, tag: str, count: int) -> list[Waiting]:
    """So many, under names that begin with `tag` and are nobody else's; each person has a sure account."""
    tag += "".join(random.choices(string.ascii_lowercase, k=5))
    # In a thread of its own: Playwright's loop runs in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _add(dsn, tag, count)).result()


async def _add(dsn: str, tag: str, count: int) -> list[Waiting]:
    database = Database(dsn, size=1, name="browser tests")
    await database.open()
    try:
        (organisation,) = await operations.organisations(database)
        async with database.transaction(organisation.id) as conn:
            named = [f"{tag} {_SURNAMES[n % len(_SURNAMES)]}{n:03}" for n in range(count)]
            known = [NewIdentity("gitlab", f"{tag}-a{n}", f"{tag}a{n}", None, name) for n, name in enumerate(named)]
            asking = [
                NewIdentity("jira", f"{tag}-b{n}", None, f"{tag}.b{n}@fernweh.example", name.replace(tag, f"{tag}o"))
                for n, name in enumerate(named)
            ]
            ids = await identities.ensure(conn, organisation.id, [*known, *asking])
            people = [new_id() for _ in named]
            await people_rows.add(
                conn, organisation.id, [(one, name, None) for one, name in zip(people, named, strict=True)]
            )
            at = await knowing.moment(conn)

            def row(one: NewIdentity, person: UUID, status: MappingStatus, confidence: float) -> MappingRow:
                return MappingRow(
                    id=new_id(), identity_id=ids[(one.source, one.external_id)], person_id=person, status=status,
                    confidence=confidence, rule_trace=_TRACE, engine_version="2026.11-2", valid_from=None,
                    valid_to=None, verified_by=None, verified_at=None, created_at=at,
                )  # fmt: skip

            rows = [row(one, person, MappingStatus.AUTO, 0.95) for one, person in zip(known, people, strict=True)]
            rows += [row(one, person, MappingStatus.CONFLICT, 0.75) for one, person in zip(asking, people, strict=True)]
            await mapping_changes.add(conn, organisation.id, rows, at)
            await mapping_changes.record(
                conn, organisation.id, [_event(one) for one in rows], actor=ENGINE, request_id=None, at=at
            )
            accounts = [
                Account(ids[(one.source, one.external_id)], one.source, one.username, one.email, one.display_name)
                for one in (*known, *asking)
            ]
            found_by = [(one.id, key) for one in accounts for _, key in keys(read_profile(one))]
            await linking.store_keys(conn, organisation.id, found_by)
            # Otherwise the engine would decide about them itself.
            await linking.mark_matched(conn, organisation.id, list(ids.values()))
        return [Waiting(one.display_name or "", name, f"{tag}o") for one, name in zip(asking, named, strict=True)]
    finally:
        await database.close()


def _event(row: MappingRow) -> Event:
    return Event(
        action="link",
        reason=None,
        before={"mappings": []},
        after={"mappings": mapping_changes.shown([row])},
        decision_id=new_id(),
        mapping_id=row.id,
        identity_id=row.identity_id,
        person_id=row.person_id,
    )
