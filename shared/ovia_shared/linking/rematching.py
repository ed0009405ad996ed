"""Matching everything anew: first what it would change, then, if that is wanted, the change.

What people decided stays as in every pass: verified and ignored mappings, and refused pairs. All other mappings are
decided as if for the first time. People keep their ids: whoever most of a person's accounts go to is that person.
"""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from ovia_shared.database import activity_evidence, knowing, linking, mapping_changes, people_rows
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.linking import applying
from ovia_shared.linking.collector import resting
from ovia_shared.models.decision import Decisions, Link, MatchingSettings
from ovia_shared.models.identity import Account
from ovia_shared.models.mapping import MappingStatus
from ovia_shared.models.mapping_change import Event, MappingRow
from ovia_shared.models.rematch import ChangedMapping, Rematch, RematchCounts, Side

REASON = "everything was matched anew"


@dataclass(frozen=True)
class Plan:
    """A re-match that was thought through and not done. `changes` are in the order of the accounts' ids."""

    rematch: Rematch
    changes: Sequence[ChangedMapping]
    decisions: Decisions
    person_of: Sequence[UUID]
    new_people: frozenset[UUID]
    before: Mapping[UUID, MappingRow]
    withdrawn: Sequence[MappingRow]
    emptied: Mapping[UUID, UUID | None]
    orphans: int
    seconds: float


async def plan(conn: Connection, org_id: UUID, settings: MatchingSettings) -> Plan:
    """Matches everything, and says what would change. Writes nothing."""
    from ovia_shared.matching.activity import Activity
    from ovia_shared.matching.engine import Constraints, match

    begun = time.perf_counter()
    before = {row.identity_id: row for row in await mapping_changes.of_engine(conn, org_id)}
    refused = await linking.rejected(conn, org_id)
    known = await linking.accounts(conn, org_id, None)
    for pinned in _pinned(known, before, {person for _, person in refused}):
        del before[pinned]
    chosen = [
        msgspec.structs.replace(one, person_id=None) if one.id in before and one.person_id is not None else one
        for one in known
    ]
    ids = [one.id for one in chosen]
    activity = Activity(
        await activity_evidence.places(conn, org_id, ids, len(ids)),
        await activity_evidence.at_once(conn, org_id, ids, len(ids)),
    )
    with resting():
        decisions = await asyncio.to_thread(match, chosen, Constraints(refused), settings, activity)
    taken = {one.person_id for one in chosen if one.person_id is not None}
    person_of, new_people = _keep_people(decisions, before, taken)
    after = _after(decisions, person_of)
    human = {one.id: one for one in chosen}
    # Machines' mappings are withdrawn when their accounts are, not here.
    withdrawn = [row for identity, row in before.items() if identity not in after and identity in human]
    gone = _emptied(before, after, taken, human)
    names = await people_rows.names(conn, org_id, {row.person_id for row in before.values() if row.person_id} | taken)
    names |= {
        id_: made.display_name for id_, made in zip(person_of, decisions.people, strict=True) if id_ in new_people
    }
    changes = _changes(human, before, after, new_people, names)
    undecided = sum(one.person_id is None for one in chosen)
    rematch = Rematch(
        _digest(changes, decisions, person_of, new_people),
        decisions.engine_version,
        settings,
        _count(changes, undecided, len(new_people), len(gone)),
    )
    return Plan(
        rematch,
        changes,
        decisions,
        person_of,
        new_people,
        before,
        withdrawn,
        gone,
        orphans=undecided - len(after),
        seconds=time.perf_counter() - begun,
    )


async def carry_out(
    conn: Connection, org_id: UUID, wanted: Plan, *, actor: str = applying.ACTOR, request_id: str | None = None
) -> None:
    """Does what was planned, in the same transaction, in which `linking.lock` was taken before planning."""
    made = [
        (id_, one.display_name, one.primary_email)
        for id_, one in zip(wanted.person_of, wanted.decisions.people, strict=True)
        if id_ in wanted.new_people
    ]
    await people_rows.add(conn, org_id, made)
    await applying.withdraw(conn, org_id, wanted.withdrawn, REASON, actor, request_id)
    await applying.apply(
        conn, org_id, wanted.decisions, wanted.before, wanted.person_of, actor=actor, request_id=request_id
    )
    await _put_away(conn, org_id, wanted.emptied, actor, request_id)
    await mapping_changes.compact_counts(conn, org_id)
    counts = wanted.rematch.counts
    # Accounts that wait stay waiting: the next pass stores what they are found by, and finds them decided.
    await linking.record_run(
        conn,
        org_id,
        seconds=wanted.seconds,
        considered=counts.decided,
        people=counts.new_people,
        linked=counts.linked + counts.moved,
        conflicts=counts.opened,
        orphans=wanted.orphans,
        engine_version=wanted.rematch.engine_version,
        complete=True,
    )


def _pinned(known: Sequence[Account], before: Mapping[UUID, MappingRow], refusing: set[UUID]) -> list[UUID]:
    """One account for each person whom somebody was refused for and nobody verified: the surest stays theirs, so that
    there is somebody to refuse."""
    verified = {one.person_id for one in known if one.verified}
    surest: dict[UUID, MappingRow] = {}
    for row in before.values():
        person = row.person_id
        if person is None or person not in refusing or person in verified or row.status is not MappingStatus.AUTO:
            continue
        best = surest.get(person)
        if best is None or (row.confidence, -row.identity_id.int) > (best.confidence, -best.identity_id.int):
            surest[person] = row
    return [row.identity_id for row in surest.values()]


def _keep_people(
    decisions: Decisions, before: Mapping[UUID, MappingRow], taken: set[UUID]
) -> tuple[list[UUID], frozenset[UUID]]:
    """An id for each person decided: of those who had most of these accounts, or a new one."""
    claims: list[tuple[int, int, int, int]] = []
    for place, made in enumerate(decisions.people):
        votes = Counter(
            row.person_id
            for link in made.links
            if link.status == MappingStatus.AUTO
            and (row := before.get(link.identity_id)) is not None
            and row.status is MappingStatus.AUTO
            and row.person_id is not None
            and row.person_id not in taken
        )
        first = min(link.identity_id.int for link in made.links)
        claims.extend((-count, person.int, first, place) for person, count in votes.items())
    kept: dict[int, UUID] = {}
    used: set[int] = set()
    for _, person, _, place in sorted(claims):
        if place not in kept and person not in used:
            used.add(person)
            kept[place] = UUID(int=person)
    person_of = [kept.get(place) or new_id() for place in range(len(decisions.people))]
    return person_of, frozenset(id_ for place, id_ in enumerate(person_of) if place not in kept)


def _after(decisions: Decisions, person_of: Sequence[UUID]) -> dict[UUID, tuple[UUID, Link]]:
    found = {link.identity_id: (person, link) for person, link in decisions.links}
    for person, made in zip(person_of, decisions.people, strict=True):
        found |= {link.identity_id: (person, link) for link in made.links}
    return found


def _emptied(
    before: Mapping[UUID, MappingRow],
    after: Mapping[UUID, tuple[UUID, Link]],
    taken: set[UUID],
    human: Mapping[UUID, Account],
) -> dict[UUID, UUID | None]:
    """People who lose every account, and who gets all of them where that is one."""
    heirs: dict[UUID, set[UUID | None]] = {}
    left = taken | {person for person, link in after.values() if link.status == MappingStatus.AUTO}
    left |= {row.person_id for row in before.values() if row.person_id and row.identity_id not in human}
    for row in before.values():
        if row.status is MappingStatus.AUTO and row.person_id is not None and row.person_id not in left:
            to = after.get(row.identity_id)
            certain = to is not None and to[1].status == MappingStatus.AUTO
            heirs.setdefault(row.person_id, set()).add(to[0] if to is not None and certain else None)
    return {person: next(iter(to)) if len(to) == 1 else None for person, to in heirs.items()}


def _changes(
    human: Mapping[UUID, Account],
    before: Mapping[UUID, MappingRow],
    after: Mapping[UUID, tuple[UUID, Link]],
    new_people: frozenset[UUID],
    names: Mapping[UUID, str],
) -> list[ChangedMapping]:
    changes = []
    for identity in sorted(before.keys() | after.keys()):
        was, will, account = before.get(identity), after.get(identity), human.get(identity)
        if account is None or applying.same(was, will):
            continue
        left = right = None
        if was is not None and was.person_id is not None:
            left = Side(was.person_id, names.get(was.person_id, ""), was.status, was.confidence)
        if will is not None:
            person, link = will
            shown = None if person in new_people else person
            right = Side(shown, names.get(person, ""), MappingStatus(link.status), link.confidence)
        changes.append(
            ChangedMapping(identity, account.source, account.username, account.email, account.display_name, left, right)
        )
    return changes


def _count(changes: Sequence[ChangedMapping], decided: int, new_people: int, emptied: int) -> RematchCounts:
    def status(side: Side | None) -> MappingStatus | None:
        return None if side is None else side.status

    steps = Counter((status(one.before), status(one.after)) for one in changes)
    auto, conflict = MappingStatus.AUTO, MappingStatus.CONFLICT
    return RematchCounts(
        decided=decided,
        unchanged=decided - len(changes),
        linked=steps[None, auto] + steps[conflict, auto],
        moved=steps[auto, auto],
        opened=steps[None, conflict] + steps[auto, conflict],
        settled=steps[conflict, auto] + steps[conflict, None],
        withdrawn=steps[auto, None],
        new_people=new_people,
        emptied_people=emptied,
    )


def _digest(
    changes: Sequence[ChangedMapping], decisions: Decisions, person_of: Sequence[UUID], new_people: frozenset[UUID]
) -> str:
    """The same for the same change. A person who is new has another id each time, so they go by their accounts."""
    by_accounts: dict[UUID, str] = {}
    for person, made in zip(person_of, decisions.people, strict=True):
        if person in new_people:
            first = min(link.identity_id for link in made.links)
            by_accounts |= {link.identity_id: f"new {first}" for link in made.links}
    digest = hashlib.sha256()
    for one in changes:
        side = one.after
        whose = None if side is None else side.person_id or by_accounts.get(one.identity_id)
        was = None if one.before is None else (str(one.before.person_id), one.before.status)
        digest.update(f"{one.identity_id} {was} {whose} {side and side.status}\n".encode())
    return digest.hexdigest()[:32]


async def _put_away(
    conn: Connection, org_id: UUID, emptied: Mapping[UUID, UUID | None], actor: str, request_id: str | None
) -> None:
    """People whom the engine made and nobody touched are put away with their last account; others stay."""
    at = await knowing.moment(conn)
    events = []
    found = await people_rows.untouched(conn, org_id, list(emptied))
    for person in sorted(found, key=lambda one: one.id):
        away = msgspec.structs.replace(person, deleted_at=at, merged_into_id=emptied[person.id])
        await people_rows.put(conn, org_id, away)
        events.append(
            Event(
                action="put_away",
                reason=REASON,
                before={"people": [people_rows.shown(person)]},
                after={"people": [people_rows.shown(away)]},
                decision_id=new_id(),
                person_id=person.id,
            )
        )
    if events:
        await mapping_changes.record(conn, org_id, events, actor=actor, request_id=request_id, at=at)
