"""Decisions by many at once, and taken back: nothing is lost, doubled, or told otherwise than it is."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ovia_shared.database.pool import Database
from tests.api.reviewing import REFUSALS, Reviewer, broken, in_teams, linked, state
from tests.conftest import OpenDatabase, RoleDsn, SampleOrganisation

Organisations = tuple[SampleOrganisation, SampleOrganisation]

REVIEWERS = 64
DECISIONS_EACH = 6
# A thousand are run by the benches.
CHAINS = 60
LONGEST_CHAIN = 5


@pytest.fixture
async def reviewed(role_dsn: RoleDsn) -> AsyncIterator[Database]:
    """A pool as the api has one, with enough connections for many to wait for each other."""
    database = Database(role_dsn("ovia_api"), size=20, name="reviewers")
    await database.open()
    yield database
    await database.close()


async def test_sixty_four_reviewers_at_once_keep_every_invariant_at_every_moment(
    reviewed: Database, open_database: OpenDatabase, organisations: Organisations
) -> None:
    ours, theirs = organisations
    ingest = await open_database("ovia_ingest")
    await linked(ingest, ours.id)
    await linked(ingest, theirs.id)
    for organisation in organisations:
        await in_teams(reviewed, organisation.id)
    async with reviewed.transaction(theirs.id) as conn:
        untouched = await state(conn, theirs.id)
    done = asyncio.Event()
    decided: list[str] = []
    places = asyncio.Semaphore(16)

    async def work(number: int) -> None:
        reviewer = Reviewer(reviewed, ours.id, f"reviewer {number}", number)
        for _ in range(DECISIONS_EACH):
            async with places:
                try:
                    decided.append("made" if await reviewer.decide() else "nothing to do")
                except REFUSALS as refusal:
                    decided.append(type(refusal).__name__)

    async def watch() -> int:
        looks = 0
        while not done.is_set() or not looks:
            async with reviewed.transaction(ours.id) as conn:
                assert await broken(conn, ours.id) == []
            looks += 1
        return looks

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(work(number) for number in range(REVIEWERS)))
    done.set()
    assert await watching > 1
    assert len(decided) == REVIEWERS * DECISIONS_EACH
    assert decided.count("made") > REVIEWERS
    async with reviewed.transaction(ours.id) as conn:
        assert await broken(conn, ours.id) == []
    async with reviewed.transaction(theirs.id) as conn:
        assert await state(conn, theirs.id) == untouched


async def test_undoing_a_chain_of_decisions_restores_exactly_what_was(
    reviewed: Database, open_database: OpenDatabase, organisations: Organisations
) -> None:
    ours = organisations[0].id
    await linked(await open_database("ovia_ingest"), ours, people=8)
    await in_teams(reviewed, ours)
    reviewer = Reviewer(reviewed, ours, "Ada", 11)
    lengths = 0
    for _ in range(CHAINS):
        async with reviewed.transaction(ours) as conn:
            before = await state(conn, ours)
        chain = []
        for _ in range(reviewer.chance.randint(1, LONGEST_CHAIN)):
            reviewer.made.clear()
            try:
                if (decision := await reviewer.decide()) is not None:
                    chain.append(decision)
            except REFUSALS:
                continue
        lengths += len(chain)
        for decision in reversed(chain):
            assert await reviewer.take_back(decision) is not None
        async with reviewed.transaction(ours) as conn:
            assert await state(conn, ours) == before
            assert await broken(conn, ours) == []
        # Some decisions stay, so that each chain begins somewhere else.
        reviewer.made.clear()
        try:
            await reviewer.decide()
        except REFUSALS:
            continue
    assert lengths > CHAINS


async def test_an_undo_can_itself_be_undone(
    reviewed: Database, open_database: OpenDatabase, organisations: Organisations
) -> None:
    ours = organisations[0].id
    await linked(await open_database("ovia_ingest"), ours, people=4)
    reviewer = Reviewer(reviewed, ours, "Ada", 3)
    decision = None
    while decision is None:
        try:
            decision = await reviewer.decide()
        except REFUSALS:
            continue
    async with reviewed.transaction(ours) as conn:
        decided = await state(conn, ours)
    taken_back = await reviewer.take_back(decision)
    assert taken_back is not None
    await reviewer.take_back(taken_back)
    async with reviewed.transaction(ours) as conn:
        assert await state(conn, ours) == decided
        assert await broken(conn, ours) == []
