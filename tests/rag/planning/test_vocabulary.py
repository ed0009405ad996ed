"""What things are called is read from the data of the organisation, and no other."""

from ovia_rag.planning.lexicon import lexicon
from ovia_rag.planning.planner import plan, prepare
from ovia_rag.planning.vocabulary import Vocabularies
from ovia_shared.database.ask import vocabulary
from ovia_shared.database.pool import Database
from ovia_shared.errors import OviaError
from ovia_shared.models.ask import Plan
from ovia_shared.models.token import Role
from tests.conftest import SampleOrganisation
from tests.metrics.conftest import Sources
from tests.rag.planning.conftest import account
from tests.rag.planning.organisation import NOW, ZONE, at, names, person, questions, team, told

Organisations = tuple[SampleOrganisation, SampleOrganisation]


async def _asked(rag: Database, organisation: SampleOrganisation, question: str, kept: Vocabularies) -> Plan:
    async with rag.transaction(organisation.id) as conn:
        return await plan(
            conn, organisation.id, question, now=NOW, zone=ZONE, caller_role=Role.MANAGER, vocabularies=kept
        )


async def test_names_are_those_of_the_database(rag: Database, organisations: Organisations, sources: Sources) -> None:
    async with rag.transaction(organisations[0].id) as conn:
        assert await vocabulary.read(conn, organisations[0].id) == names()
        found = await vocabulary.work_items(conn, organisations[0].id, ["GLD-12", "OLD-7", "GLD-70", "GLD-1"])
    assert found == {"GLD-12": "GLD-12", "OLD-7": "GLD-70", "GLD-70": "GLD-70"}


async def test_questions_asked_of_the_database_become_their_plans(
    rag: Database, organisations: Organisations, sources: Sources
) -> None:
    kept = Vocabularies()
    async with rag.transaction(organisations[0].id) as conn:
        for one in questions()[::8]:
            made = await plan(
                conn, organisations[0].id, one.ask, now=NOW, zone=ZONE, caller_role=Role.MANAGER, vocabularies=kept
            )
            assert told(made) == one.plan


async def test_names_of_another_organisation_mean_nothing(
    rag: Database, organisations: Organisations, sources: Sources
) -> None:
    kept = Vocabularies()
    async with rag.transaction(organisations[1].id) as conn:
        for one in questions()[::3]:
            try:
                made = await plan(
                    conn, organisations[1].id, one.ask, now=NOW, zone=ZONE, caller_role=Role.MANAGER, vocabularies=kept
                )
            except OviaError:
                continue
            assert {mention.meant.kind for mention in made.mentions} <= {"kpi", "time"}
            assert not any(unclear.candidates for unclear in made.ambiguities)


async def test_a_team_that_was_added_is_known_to_the_next_question(
    rag: Database, organisations: Organisations, sources: Sources
) -> None:
    kept = Vocabularies()
    assert (await _asked(rag, organisations[0], "wip of team Windkanal", kept)).ambiguities
    await sources.put("teams", id=team(9), name="Windkanal")
    assert told(await _asked(rag, organisations[0], "wip of team Thermal", kept))[0].startswith("flow.wip team:Thermal")
    (metric,) = (await _asked(rag, organisations[0], "wip of team Windkanal", kept)).metrics
    assert metric.scope.id == str(team(9))


async def test_what_was_put_away_is_not_found(rag: Database, organisations: Organisations, sources: Sources) -> None:
    for table in ("teams", "products", "people"):
        await sources.admin.execute(f"update {table} set deleted_at = now()")
    for table in ("projects", "sprints", "releases", "work_items"):
        await sources.admin.execute(f"update {table} set removed_at = now()")
    async with rag.transaction(organisations[0].id) as conn:
        left = await vocabulary.read(conn, organisations[0].id)
        assert await vocabulary.work_items(conn, organisations[0].id, ["GLD-12", "OLD-7"]) == {}
    assert [*left.people, *left.teams, *left.products, *left.projects, *left.sprints, *left.releases] == []


async def test_people_are_called_by_the_names_of_accounts_that_are_theirs_alone(
    rag: Database, organisations: Organisations, sources: Sources
) -> None:
    await account(sources, person(1), ["Anna Brandt"], ["abrandt"])
    await account(sources, person(1), ["Not Sure"], ["notsure"], "conflict")
    await account(sources, person(1), ["Never Hers"], ["neverhers"], "rejected")
    kept = Vocabularies()
    (found,) = (await _asked(rag, organisations[0], "Who is Anna Brandt?", kept)).people
    assert found.person == person(1)
    async with rag.transaction(organisations[0].id) as conn:
        known = await vocabulary.read(conn, organisations[0].id)
    (anna,) = [one for one in known.people if one.id == person(1)]
    assert anna.names == ["Anna Brandt", "Löwenzahn, Anna"]
    assert anna.logins == ["abrandt", "anna.loewenzahn"]


async def test_people_are_in_the_teams_that_they_are_in_now(
    rag: Database, organisations: Organisations, sources: Sources
) -> None:
    await sources.admin.execute(
        "update team_memberships set valid_to = $1 where person_id = $2", at("2026-02-01"), person(1)
    )
    async with rag.transaction(organisations[0].id) as conn:
        known = await vocabulary.read(conn, organisations[0].id)
    assert [one.teams for one in known.people if one.id in (person(1), person(5))] == [[], [team(1)]]


async def test_what_accounts_are_called_is_read_again_with_time(
    rag: Database, organisations: Organisations, sources: Sources
) -> None:
    at_once, later = Vocabularies(kept_seconds=0), Vocabularies(kept_seconds=3600)
    for kept in (at_once, later):
        assert not (await _asked(rag, organisations[0], "Who is Anna Brandt?", kept)).people
    await account(sources, person(1), ["Anna Brandt"], ["abrandt"])
    assert (await _asked(rag, organisations[0], "Who is Anna Brandt?", at_once)).people
    assert not (await _asked(rag, organisations[0], "Who is Anna Brandt?", later)).people


def test_words_are_read_once() -> None:
    prepare()
    before = lexicon()
    prepare()
    assert lexicon() is before
