"""The schema keeps its rules, and each rule is able to find its breach."""

import asyncpg
import pytest

from tests.schema.catalogue import RULES, broken_rules

_GOOD = """
    create table bad (org_id uuid not null references organisations, id uuid not null, primary key (org_id, id));
    comment on table bad is 'Made to break one rule.';
    alter table bad owner to ovia_owner;
    alter table bad enable row level security;
    alter table bad force row level security;
    create policy tenant on bad using (org_id = current_org()) with check (org_id = current_org());
"""

BREACHES = {
    "a tenant table has org_id uuid not null": (
        "alter table bad drop constraint bad_pkey; alter table bad alter org_id drop not null;"
        "create unique index on bad (org_id, id)"
    ),
    "row-level security is on and forced": "alter table bad no force row level security",
    "a policy for every command and role keeps to current_org(), in reading and in writing": (
        "drop policy tenant on bad;create policy tenant on bad for select using (org_id = current_org())"
    ),
    "no policy opens a table further": "create policy more on bad for select using (true)",
    "every index begins with org_id": "create index on bad (id)",
    "every table has a primary key": "alter table bad drop constraint bad_pkey; create index on bad (org_id)",
    "every foreign key pairs org_id with org_id first": (
        "alter table bad add foreign key (id, org_id) references people (id, org_id)"
    ),
    "every foreign key has an index that leads with its columns": (
        "alter table bad add person_id uuid;"
        "alter table bad add foreign key (org_id, person_id) references people (org_id, id);"
        "create index on bad (org_id, person_id) where id is not null"
    ),
    "every table says what it is": "comment on table bad is null",
    "every status of a mapping is explained": (
        "comment on column mappings.status is 'auto: the engine. verified: a person.'"
    ),
    "every relation and function belongs to the owner": "alter table bad owner to ovia_api",
    "public may do nothing here": "grant select on bad to public",
    "a function with its owner's rights is granted by name and fixes its search path": (
        "create function escape() returns setof uuid language sql security definer set search_path = public"
        " begin atomic select org_id from organisations; end;"
        "alter function escape() owner to ovia_owner"
    ),
}

# Roles are shared by the whole cluster: breaching these for real would break tests that run beside this one.
_ROLE_BREACHES = {
    "no role of ours stands above row-level security": "alter role ovia_rag bypassrls",
    "a service's role belongs to ovia_service and to nothing else": "grant ovia_owner to ovia_rag",
}


async def test_the_schema_keeps_every_rule(database_dsn: str) -> None:
    assert await broken_rules(database_dsn) == {}


async def test_a_good_table_breaks_no_rule(database_dsn: str) -> None:
    await _run(database_dsn, _GOOD)
    assert await broken_rules(database_dsn) == {}


@pytest.mark.parametrize("rule", list(BREACHES))
async def test_a_rule_finds_its_breach(database_dsn: str, rule: str) -> None:
    # The key of people in the other order, for the foreign key that pairs the wrong columns first.
    await _run(database_dsn, _GOOD + "create unique index people_turned on people (id, org_id);" + BREACHES[rule])
    culprits = (await broken_rules(database_dsn))[rule]
    assert culprits
    if rule == "every index begins with org_id":
        assert set(culprits) == {"people_turned", "bad_id_idx"}


@pytest.mark.parametrize("rule", list(_ROLE_BREACHES))
async def test_a_rule_about_roles_finds_its_breach(database_dsn: str, rule: str) -> None:
    connection = await asyncpg.connect(database_dsn)
    try:
        attempt = connection.transaction()
        await attempt.start()
        await connection.execute(_ROLE_BREACHES[rule])
        culprits = [row[0] for row in await connection.fetch(RULES[rule])]
        await attempt.rollback()
    finally:
        await connection.close()
    assert len(culprits) == 1
    assert "ovia_rag" in culprits[0]


def test_every_rule_has_a_breach() -> None:
    assert {*BREACHES, *_ROLE_BREACHES} == set(RULES)


async def _run(dsn: str, statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()
