"""The organisation of `organisation.py` in a database, as Ask reads it."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Database, _prepare
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.metrics.conftest import Sources
from tests.rag.planning.organisation import ITEMS, JIRA, at, names


@pytest.fixture
async def sources(
    database_dsn: str, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> AsyncIterator[Sources]:
    """The first organisation, with everything that has a name."""
    admin = await asyncpg.connect(database_dsn)
    await _prepare(admin)
    try:
        filled = Sources(admin, organisations[0].id)
        await _fill(filled)
        yield filled
    finally:
        await admin.close()


@pytest.fixture
async def rag(open_database: OpenDatabase) -> Database:
    """A pool as the service has it."""
    return await open_database("ovia_rag")


async def _fill(to: Sources) -> None:
    for source in names().connections:
        address = f"https://{source.kind}"
        await to.put("connections", id=source.id, kind=source.kind, name=source.name, base_url=address, status="active")
    for team in names().teams:
        await to.put("teams", id=team.id, name=team.name)
    for person in names().people:
        await to.put("people", id=person.id, display_name=person.display_name)
        for team_id in person.teams:
            await to.put(
                "team_memberships", id=new_id(), team_id=team_id, person_id=person.id, valid_from=at("2026-01-01")
            )
        for number in range(max(len(person.names), len(person.logins))):
            await account(to, person.id, person.names[number : number + 1], person.logins[number : number + 1])
    for project in names().projects:
        source_id, _, external_id = project.id.partition(":")
        await to.project(UUID(source_id), external_id, project.key, kind=project.kind, name=project.name)
    for product in names().products:
        await to.put("products", id=product.id, name=product.name)
        for one in product.projects:
            source_id, _, external_id = one.partition(":")
            await to.put(
                "product_projects",
                product_id=product.id,
                connection_id=UUID(source_id),
                project_external_id=external_id,
            )
    await _fill_sprints_and_releases(to)
    for number, (asked, key) in enumerate(ITEMS.items(), start=1):
        await to.work_item(JIRA, str(number), key=key)
        await to.put(
            "work_item_keys", connection_id=JIRA, raw_record_id=new_id(), key=asked, work_item_external_id=str(number)
        )


async def _fill_sprints_and_releases(to: Sources) -> None:
    for sprint in names().sprints:
        await to.put(
            "sprints", connection_id=JIRA, raw_record_id=new_id(), external_id=sprint.id.partition(":")[2],
            board_external_id=sprint.board.partition(":")[2], board_name=sprint.board_name, name=sprint.name,
            project_external_id=(sprint.project or "").partition(":")[2], state=sprint.state, start_at=sprint.start_at,
            end_at=sprint.end_at, completed_at=sprint.completed_at,
        )  # fmt: skip
    for release in names().releases:
        source_id, _, external_id = release.id.partition(":")
        await to.put(
            "releases", connection_id=UUID(source_id), raw_record_id=new_id(), external_id=external_id,
            project_external_id=release.project.partition(":")[2], kind=release.kind, name=release.name,
            tag=release.tag, released=True, released_at=release.released_at,
        )  # fmt: skip


async def account(to: Sources, person: UUID | None, called: list[str], login: list[str], status: str = "auto") -> None:
    """An account of somebody, under this name and login if it has them."""
    identity = new_id()
    await to.put(
        "identities", id=identity, source="gitlab", external_id=str(identity), display_name=next(iter(called), None),
        username=next(iter(login), None),
    )  # fmt: skip
    await to.put(
        "mappings", id=new_id(), identity_id=identity, person_id=person, status=status, confidence=0.9, rule_trace=[],
        engine_version="1",
    )  # fmt: skip
