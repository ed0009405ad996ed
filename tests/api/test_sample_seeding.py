"""The sample organisation's teams, told over HTTP to an Ovia that has its people, or some of them, or none."""

import asyncpg
import pytest

from ovia_demo.answers.scopes import memberships
from ovia_demo.organisation import generate
from ovia_demo.seeding import ROOT, Refused, Seeding
from tests.api.conftest import Organisations, Service


async def test_teams_and_memberships_are_told_once_and_only_to_their_organisation(
    service: Service, organisations: Organisations
) -> None:
    fernweh = generate(7, 22, 2)
    token = organisations[0].authorization("manager")["Authorization"].removeprefix("Bearer ")
    async with service.client(**organisations[0].authorization("manager")) as ours:
        twin, changed = fernweh.people[3], next(one for one in fernweh.people if one.former_name)
        for name, email in ((twin.name, None), (changed.former_name, changed.accounts[0].email)):
            assert (await ours.post("/team/people", json={"display_name": name, "primary_email": email})).is_success
        first = await Seeding(fernweh, service.address, token).run()
        again = await Seeding(fernweh, service.address, token).run()
        teams = (await ours.get("/team/teams?limit=200")).json()["data"]
        someone = next(one for one in fernweh.people if one.former_team is not None)
        people = (await ours.get("/team/people?limit=200")).json()["data"]
        (person,) = [one["id"] for one in people if one["display_name"] == someone.name]
        detail = (await ours.get(f"/team/people/{person}")).json()
    stays = [one for one in memberships(fernweh) if one.person not in (twin.id, fernweh.people[4].id)]
    assert (first.teams, first.people, first.memberships) == (7, 19, len(stays))
    assert len(people) == 21
    assert (again.teams, again.people, again.memberships) == (0, 0, 0)
    # Two have this name, and nothing says which of them Ovia knows.
    assert first.unknown == again.unknown == [twin.name, twin.name]
    assert sorted(one["path"][0] for one in teams) == [ROOT] * 7
    names = {one.id: one.name for one in fernweh.teams}
    both = {names[one] for one in (someone.team, someone.former_team) if one is not None}
    assert {one["team_name"] for one in detail["memberships"]} == both
    async with service.client(**organisations[1].authorization("manager")) as theirs:
        assert (await theirs.get("/team/teams")).json()["total"] == 0


async def test_products_are_told_with_the_projects_that_were_read(
    service: Service, organisations: Organisations, database_dsn: str
) -> None:
    fernweh = generate(7, 10, 1)
    token = organisations[0].authorization("manager")["Authorization"].removeprefix("Bearer ")
    first = fernweh.products[0]
    paths = [one.path for one in fernweh.repositories if one.product == first.key]
    admin = await asyncpg.connect(database_dsn)
    try:
        for number, key in enumerate([first.key, *paths, "another"]):
            await admin.execute(
                """
                with known as (
                    insert into connections (org_id, id, kind, name, base_url)
                    values ($1, gen_random_uuid(), 'gitlab', $2, $2) returning id)
                insert into projects (org_id, connection_id, raw_record_id, external_id, kind, key, name, archived)
                select $1, id, id, $2, 'repository', $3, $3, false from known
                """,
                organisations[0].id, str(number), key,
            )  # fmt: skip
    finally:
        await admin.close()
    done = await Seeding(fernweh, service.address, token).run()
    again = await Seeding(fernweh, service.address, token).run()
    assert (done.products, again.products) == (1, 0)
    async with service.client(**organisations[0].authorization("viewer")) as ours:
        (product,) = (await ours.get("/team/products")).json()["data"]
    assert (product["name"], {one["key"] for one in product["projects"]}) == (first.name, {first.key, *paths})


async def test_a_token_that_may_not_is_said_so(service: Service, organisations: Organisations) -> None:
    token = organisations[0].authorization("viewer")["Authorization"].removeprefix("Bearer ")
    with pytest.raises(Refused, match="was answered 403"):
        await Seeding(generate(7, 8, 1), service.address, token).run()
