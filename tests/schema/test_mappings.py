"""What the database itself refuses about people, mappings and teams."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ovia_shared.database.pool import Database
from ovia_shared.errors import Conflict, InvalidInput, OviaError
from tests.conftest import SampleOrganisation
from tests.schema.rows import add_identity, add_mapping, add_person, add_team

Two = tuple[SampleOrganisation, SampleOrganisation]
NOW = datetime.now(UTC)


@pytest.mark.parametrize("second", ["auto", "verified", "conflict", "ignored"])
async def test_an_identity_has_one_active_mapping(database: Database, organisations: Two, second: str) -> None:
    org_id = organisations[0].id
    verified: dict[str, Any] = {"verified_by": "ada", "verified_at": NOW} if second == "verified" else {}
    async with database.transaction(org_id) as conn:
        identity = await add_identity(conn, org_id)
        await add_mapping(conn, org_id, identity, await add_person(conn, org_id))
    with pytest.raises(Conflict, match="mappings_one_active"):
        async with database.transaction(org_id) as conn:
            await add_mapping(conn, org_id, identity, await add_person(conn, org_id), second, **verified)


@pytest.mark.parametrize(
    "first",
    [
        {"status": "rejected"},
        {"valid_to": NOW},
        {"known_from": NOW - timedelta(days=1), "known_to": NOW},
    ],
    ids=["rejected", "ended", "no longer believed"],
)
async def test_a_mapping_that_is_over_leaves_room(
    database: Database, organisations: Two, first: dict[str, Any]
) -> None:
    org_id = organisations[0].id
    async with database.transaction(org_id) as conn:
        identity = await add_identity(conn, org_id)
        await add_mapping(conn, org_id, identity, await add_person(conn, org_id), **first)
        await add_mapping(conn, org_id, identity, await add_person(conn, org_id))


@pytest.mark.parametrize(
    "values",
    [
        {"status": "certain"},
        {"confidence": 1.1},
        {"confidence": -0.1},
        {"confidence": float("nan")},
        {"status": "verified"},
        {"verified_by": "ada"},
        {"valid_from": NOW, "valid_to": NOW},
        {"known_from": NOW, "known_to": NOW},
    ],
)
async def test_a_mapping_that_makes_no_sense_is_refused(
    database: Database, organisations: Two, values: dict[str, Any]
) -> None:
    org_id = organisations[0].id
    with pytest.raises(InvalidInput):
        async with database.transaction(org_id) as conn:
            await add_mapping(conn, org_id, await add_identity(conn, org_id), await add_person(conn, org_id), **values)


async def test_only_an_ignored_mapping_may_lack_a_person(database: Database, organisations: Two) -> None:
    org_id = organisations[0].id
    async with database.transaction(org_id) as conn:
        await add_mapping(conn, org_id, await add_identity(conn, org_id), None, "ignored")
    with pytest.raises(InvalidInput):
        async with database.transaction(org_id) as conn:
            await add_mapping(conn, org_id, await add_identity(conn, org_id), None, "auto")


async def test_an_external_id_is_unique_per_source(database: Database, organisations: Two) -> None:
    org_id = organisations[0].id
    async with database.transaction(org_id) as conn:
        await add_identity(conn, org_id, "jira", external_id="7")
        await add_identity(conn, org_id, "gitlab", external_id="7")
    with pytest.raises(Conflict, match="identities_external_id"):
        async with database.transaction(org_id) as conn:
            await add_identity(conn, org_id, "jira", external_id="7")


async def test_a_team_cannot_stand_below_itself(database: Database, organisations: Two) -> None:
    org_id = organisations[0].id
    async with database.transaction(org_id) as conn:
        top = await add_team(conn, org_id, "Gliders")
        middle = await add_team(conn, org_id, "Wings", top)
        bottom = await add_team(conn, org_id, "Left wing", middle)
    for below in (top, middle, bottom):
        with pytest.raises(InvalidInput):
            await _move(database, org_id, top, below)
    await _move(database, org_id, bottom, top)


async def test_two_moves_at_once_cannot_close_a_circle(database: Database, organisations: Two) -> None:
    org_id = organisations[0].id
    async with database.transaction(org_id) as conn:
        left, right = await add_team(conn, org_id, "Left wing"), await add_team(conn, org_id, "Right wing")
        tip = await add_team(conn, org_id, "Right wing tip", right)
    moved = asyncio.Event()

    async def first() -> None:
        async with database.transaction(org_id) as conn:
            await conn.execute("update teams set parent_id = $2 where id = $1", left, tip)
            moved.set()
            await asyncio.sleep(0.2)

    async def second() -> None:
        await moved.wait()
        await _move(database, org_id, right, left)

    # Neither row is the other's: only a look at the whole tree, after the first move is done, finds the circle.
    outcomes = await asyncio.gather(first(), second(), return_exceptions=True)
    assert outcomes[0] is None
    assert isinstance(outcomes[1], OviaError)


async def test_team_names_are_unique_among_siblings(database: Database, organisations: Two) -> None:
    org_id = organisations[0].id
    async with database.transaction(org_id) as conn:
        top = await add_team(conn, org_id, "Gliders")
        await add_team(conn, org_id, "Gliders", top)
    with pytest.raises(Conflict):
        async with database.transaction(org_id) as conn:
            await add_team(conn, org_id, "Gliders")


async def _move(database: Database, org_id: UUID, team: UUID, below: UUID) -> None:
    async with database.transaction(org_id) as conn:
        await conn.execute("update teams set parent_id = $2 where id = $1", team, below)
