"""Every KPI of the catalogue, of the sample organisation read through the whole ingest, equals its known answer."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet

from ovia_demo.answers import Answers, answers
from ovia_demo.organisation import generate
from ovia_demo.organisation.code_model import Organisation
from ovia_demo.server import create_app
from ovia_demo.serving import TOKEN
from ovia_shared.database import knowing
from ovia_shared.database.facts.deriving import FAMILIES, derive
from ovia_shared.database.kpis.measuring import Question, basis_of, has, measure
from ovia_shared.database.pool import Connection, Database
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.models.kpi import Answer, Scope, ScopeKind, Window
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.ingest.conftest import Ingest

# Told only of the whole time and the organisation; and those that are parts of others.
NO_ANSWERS = {"pipeline.failing_release_branches"}


def _alike(mine: float | None, known: float | None) -> bool:
    # What was counted and is none: 0 in one place, unknown in the other, where a scope never had such a thing.
    if mine is None or known is None:
        return (mine or 0) == (known or 0)
    return abs(mine - known) <= 1e-6 * max(1.0, abs(known))


async def _tell_who_is_who(admin: asyncpg.Connection, org_id: UUID, organisation: Organisation, known: Answers) -> Any:
    """People, teams, memberships and mappings as they truly are; products too. The scopes of each kind, by our id."""
    people = {one.id: uuid4() for one in known.who_is_who.people}
    teams = {one.id: uuid4() for one in organisation.teams}
    for person in known.who_is_who.people:
        await admin.execute(
            "insert into people (org_id, id, display_name) values ($1, $2, $3)", org_id, people[person.id], person.name
        )
        for account in person.accounts:
            await admin.execute(
                """
                insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace,
                                      engine_version, verified_by, verified_at)
                select $1, gen_random_uuid(), i.id, $2, 'verified', 1, '[]', 'test', 'test', now()
                  from identities i
                 where i.org_id = $1 and i.source = $3 and split_part(i.external_id, '@', 1) = $4
                   and not i.service_account
                """,
                org_id, people[person.id], account.source, account.external_id,
            )  # fmt: skip
    for team in organisation.teams:
        await admin.execute(
            "insert into teams (org_id, id, name) values ($1, $2, $3)", org_id, teams[team.id], team.name
        )
    for one in known.memberships:
        await admin.execute(
            """
            insert into team_memberships (org_id, id, team_id, person_id, valid_from, valid_to)
            values ($1, gen_random_uuid(), $2, $3, $4, $5)
            """,
            org_id, teams[one.team], people[one.person], one.since, one.until,
        )  # fmt: skip
    products = {one.key: uuid4() for one in organisation.products}
    for product in organisation.products:
        paths = [one.path for one in organisation.repositories if one.product == product.key]
        await admin.execute(
            "insert into products (org_id, id, name) values ($1, $2, $3)", org_id, products[product.key], product.name
        )
        await admin.execute(
            """
            insert into product_projects (org_id, product_id, connection_id, project_external_id)
            select $1, $2, connection_id, external_id from projects where org_id = $1 and key = any($3)
            """,
            org_id, products[product.key], [product.key, *paths],
        )  # fmt: skip
    return {"team": teams, "product": products}


async def _wrong(conn: Connection, org_id: UUID, known: Answers, scope: Scope, theirs: str) -> list[Any]:
    basis = await basis_of(conn, org_id, scope)
    as_of = await knowing.settled(conn)
    wrong = []
    for window in known.windows:
        for kpi in CATALOGUE.values():
            if not has(kpi, basis.scope) or kpi.name in NO_ANSWERS:
                continue
            if kpi.name.startswith("identity."):
                # Ovia knows of accounts since it first read them.
                continue
            found = await measure(
                conn,
                Question(
                    org_id=org_id, kpi=kpi.name, window=Window(window.start, window.end), basis=basis,
                    facts_as_of=as_of, people_as_of=as_of,
                ),
            )  # fmt: skip
            told = known.find(kpi.name, scope.kind, theirs, window.name)
            mine = _by_their_names(found.answer)
            if found.answer.n != told.n or not all(_alike(mine[name], value) for name, value in told.values.items()):
                wrong.append((kpi.name, scope.kind, theirs, window.name, found.answer.n, mine, told.n, told.values))
    return wrong


async def _wrong_about_accounts(
    conn: Connection, org_id: UUID, organisation: Organisation, known: Answers
) -> list[Any]:
    # Of the sources that were read here.
    accounts = [one for person in organisation.people for one in person.accounts if one.source in ("jira", "gitlab")]
    count = sum(one.active for one in accounts)
    as_of = await knowing.settled(conn)
    basis = await basis_of(conn, org_id, Scope(ScopeKind.ORGANISATION))
    wrong = []
    for kpi in ("identity.coverage", "identity.conflict_rate", "identity.verified_rate"):
        question = Question(
            org_id=org_id, kpi=kpi, window=Window(as_of - timedelta(days=1), as_of), basis=basis, facts_as_of=as_of,
            people_as_of=as_of,
        )  # fmt: skip
        found, told = (await measure(conn, question)).answer, known.find(kpi)
        if (found.n, found.value) != (count, told.values["share"]):
            wrong.append((kpi, found, told))
    return wrong


def _by_their_names(answer: Answer) -> dict[str, float | None]:
    return {**answer.values, "value": answer.value, **{part.name: part.score for part in answer.parts}}


async def test_every_kpi_of_the_sample_equals_the_answer_written_beside_it(
    ingest: Ingest, open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation],
    database_dsn: str,
) -> None:  # fmt: skip
    organisation = generate(7, 10, 3)
    async with TestServer(create_app(organisation)) as server:
        base = str(server.make_url("")).rstrip("/")
        process = await ingest.start(
            "run", "--organisation", organisations[0].name, "--sample", JIRA_BASE_URL=f"{base}/jira",
            JIRA_EMAIL="reader@fernweh.example", JIRA_API_TOKEN=TOKEN, GITLAB_BASE_URL=f"{base}/gitlab",
            GITLAB_PRIVATE_TOKEN=TOKEN, OVIA_CREDENTIALS_KEYS=Fernet.generate_key().decode(),
        )  # fmt: skip
        _, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    org_id = organisations[0].id
    known = answers(organisation)
    admin = await asyncpg.connect(database_dsn)
    try:
        await admin.execute("update mappings set known_to = now() where org_id = $1", org_id)
        ours = await _tell_who_is_who(admin, org_id, organisation, known)
    finally:
        await admin.close()
    database = await open_database("ovia_metrics")
    await _derive(database, org_id)
    wrong = []
    async with database.transaction(org_id) as conn:
        wrong += await _wrong(conn, org_id, known, Scope(ScopeKind.ORGANISATION), "")
        for kind, ids in ours.items():
            for theirs, id_ in ids.items():
                wrong += await _wrong(conn, org_id, known, Scope(ScopeKind(kind), str(id_)), theirs)
        wrong += await _wrong_about_accounts(conn, org_id, organisation, known)
        blamed = await conn.fetch(
            """
            select entity_id, array(select one->>'key' from jsonb_array_elements(attributes->'incidents') one) as keys
              from facts
             where org_id = $1 and kind = 'deployment.finished' and known_to = 'infinity'
               and (attributes->>'failed')::boolean
            """,
            org_id,
        )
    assert wrong == []
    assert {one["entity_id"]: sorted(one["keys"]) for one in blamed} == {
        str(one.deployment): sorted(one.incidents) for one in known.failed_changes
    }


async def _derive(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as conn:
        for family in FAMILIES:
            assert (await derive(conn, org_id, family)).added > 0
    async with database.transaction(org_id) as conn:
        for family in FAMILIES:
            assert await derive(conn, org_id, family) == (0, 0)
            assert await derive(conn, org_id, family, from_scratch=True) == (0, 0)
