"""Settings keep their past, take defaults for what was never chosen, and belong to one organisation."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import msgspec

from ovia_shared.database import organisation_settings
from ovia_shared.database.pool import Database
from tests.conftest import SampleOrganisation

Organisations = tuple[SampleOrganisation, SampleOrganisation]


class Colours(msgspec.Struct, frozen=True):
    """A setting that only this test has."""

    paint: str = "white"
    trim: str = "grey"


async def test_without_a_choice_the_defaults_hold(database: Database, organisations: Organisations) -> None:
    async with database.transaction(organisations[0].id) as conn:
        assert await organisation_settings.read(conn, organisations[0].id, "colours", Colours) == Colours()


async def test_a_choice_holds_from_then_on_and_the_past_stays(database: Database, organisations: Organisations) -> None:
    ours, theirs = organisations
    async with database.transaction(ours.id) as conn:
        assert await organisation_settings.write(conn, ours.id, "colours", Colours(paint="red"), "Ada")
    between = datetime.now(UTC)
    async with database.transaction(ours.id) as conn:
        assert await organisation_settings.write(conn, ours.id, "colours", Colours(paint="blue"), "Bo")
        assert not await organisation_settings.write(conn, ours.id, "colours", Colours(paint="blue"), "Bo")
        now = await organisation_settings.read(conn, ours.id, "colours", Colours)
        then = await organisation_settings.read(conn, ours.id, "colours", Colours, as_of=between)
        before = await organisation_settings.read(conn, ours.id, "colours", Colours, as_of=between - timedelta(days=1))
    assert (now.paint, then.paint, before.paint) == ("blue", "red", "white")
    async with database.transaction(theirs.id) as conn:
        assert (await organisation_settings.read(conn, theirs.id, "colours", Colours)).paint == "white"
        # A read that names the wrong organisation finds nothing of it.
        assert (await organisation_settings.read(conn, ours.id, "colours", Colours)).paint == "white"


async def test_a_field_added_later_takes_its_default(database: Database, organisations: Organisations) -> None:
    class Old(msgspec.Struct, frozen=True):
        paint: str = "white"

    ours = organisations[0].id
    async with database.transaction(ours) as conn:
        await organisation_settings.write(conn, ours, "colours", Old("green"), "Ada")
        assert await organisation_settings.read(conn, ours, "colours", Colours) == Colours("green", "grey")


async def test_writers_at_once_leave_one_in_force(database: Database, organisations: Organisations) -> None:
    ours = organisations[0].id

    async def choose(paint: str) -> None:
        async with database.transaction(ours) as conn:
            await organisation_settings.write(conn, ours, "colours", Colours(paint=paint), paint)

    await asyncio.gather(*(choose(f"paint {n}") for n in range(5)))
    async with database.transaction(ours) as conn:
        rows = await conn.fetch("select known_from, known_to from organisation_settings order by known_from")
    assert len(rows) == 5
    assert all(one["known_to"] == other["known_from"] for one, other in itertools.pairwise(rows))
