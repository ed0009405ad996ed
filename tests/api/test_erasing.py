"""Erasing a person: the names go from everywhere they are believed and decided; numbers, ids and decisions stay."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from ovia_shared.database import identities, identity_events
from ovia_shared.database.pool import Database
from ovia_shared.models.identity import NewIdentity
from tests.api.conftest import Organisations, Service
from tests.conftest import OpenDatabase

# Where names may be, in rows that people can read.
PLACES = (
    "people", "person_words", "identities", "identity_words", "mappings", "identity_events", "audit_log", "audit_words",
    "idempotency_keys",
)  # fmt: skip


@pytest.fixture
async def admin(service: Service, filled: Organisations, database_dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    connection = await asyncpg.connect(database_dsn)
    await connection.execute("update mappings set status = 'auto'")
    await connection.close()
    async with service.client(**filled[0].authorization("admin")) as client:
        yield client


@pytest.fixture
async def ada(admin: httpx.AsyncClient) -> dict[str, Any]:
    """Somebody with three accounts, an earlier name, somebody merged into them, and decisions that name them."""
    people = (await admin.get("/team/people?limit=2")).json()["data"]
    wanted = {"display_name": "Zerlina Quaas", "primary_email": "zerlina@quaas.example"}
    place = f"/team/people/{people[0]['id']}"
    await admin.put(place, json=wanted, headers={"If-Match": "*"})
    await admin.put(place, json=wanted | {"display_name": "Zerlina Quaas-Ott"}, headers={"If-Match": "*"})
    namesake = {"display_name": "Quaas Zerlina", "primary_email": "z@quaas.example"}
    other = (await admin.post("/team/people", json=namesake)).json()
    reason = {"person_id": other["id"], "into_person_id": people[0]["id"], "reason": "both are Zerlina Quaas"}
    assert (await admin.post("/team/people/merge", json=reason)).status_code == 200
    found: dict[str, Any] = (await admin.get(place)).json()
    return found


async def _name_accounts(database_dsn: str, ada: dict[str, Any]) -> list[UUID]:
    connection = await asyncpg.connect(database_dsn)
    ids = [UUID(row["identity"]["id"]) for row in ada["mappings"]]
    await connection.execute(
        """
        update identities set display_name = 'Zerlina Quaas', email = 'zerlina@quaas.example', username = 'zquaas',
               attributes = '{"previous_names": ["Quaas, Z."]}' where id = any($1)
        """,
        ids,
    )
    await connection.execute(
        """
        update mappings set rule_trace =
            '[{"rule": "x", "evidence": "both write from zerlina@quaas.example", "weight": 4, "contribution": 4}]'
         where identity_id = any($1)
        """,
        ids,
    )
    # Somebody else's mapping names them as a rival, found by a key the two share.
    rival = await connection.fetchrow(
        "select m.org_id, m.identity_id from mappings m where m.identity_id <> all($1) and m.org_id ="
        " (select org_id from identities where id = $2) limit 1",
        ids,
        ids[0],
    )
    assert rival is not None
    for identity in (ids[0], rival["identity_id"]):
        await connection.execute(
            "insert into identity_keys (org_id, key, identity_id) values ($1, 7, $2)", rival["org_id"], identity
        )
    await connection.execute(
        """
        update mappings set rule_trace =
            '[{"rule": "y", "evidence": "the evidence points as well to ''Zerlina Quaas''", "weight": 1,
               "contribution": -1}, {"rule": "z", "evidence": "one login", "weight": 1, "contribution": 1}]'
         where identity_id = $1
        """,
        rival["identity_id"],
    )
    await connection.close()
    return ids


async def _mentions(database_dsn: str) -> dict[str, int]:
    connection = await asyncpg.connect(database_dsn)
    found = {
        place: await connection.fetchval(f"select count(*) from {place} p where lower(p::text) ~ 'zerlina|quaas'")
        for place in PLACES
    }
    await connection.close()
    return {place: count for place, count in found.items() if count}


async def test_nothing_that_is_believed_or_was_decided_names_them_any_more(
    admin: httpx.AsyncClient, ada: dict[str, Any], database_dsn: str, open_database: OpenDatabase, filled: Organisations
) -> None:
    await _name_accounts(database_dsn, ada)
    assert {"people", "identities", "mappings", "identity_events"} <= set(await _mentions(database_dsn))
    place = f"/team/people/{ada['id']}/erase"
    preview = await admin.post(f"{place}?dry_run=true", json={})
    assert preview.status_code == 200, preview.text
    assert (preview.json()["accounts"], preview.json()["merged"], preview.json()["erased_at"]) == (3, 1, None)
    assert (await admin.get(f"/team/people/{ada['id']}")).json() == ada | {
        "mappings": (await admin.get(f"/team/people/{ada['id']}/identities")).json()
    }
    erased = await admin.post(place, json={"display_name": "Zerlina Quaas-Ott"}, headers={"Idempotency-Key": "once"})
    assert erased.status_code == 200, erased.text
    assert erased.json() == preview.json() | {"dry_run": False, "erased_at": erased.json()["erased_at"]}
    assert await _mentions(database_dsn) == {}
    person = (await admin.get(f"/team/people/{ada['id']}")).json()
    assert (person["display_name"], person["primary_email"]) == (f"Erased {ada['id'][-8:]}", None)
    assert {row["status"] for row in person["mappings"]} == {"verified"}
    assert {row["identity"]["email"] for row in person["mappings"]} == {None}
    assert (await admin.get("/team/people?search=zerlina")).json()["total"] == 0
    (entry,) = (await admin.get("/audit-log?action=erase")).json()["data"]
    assert entry["subject_id"] == ada["id"]
    assert entry["detail"]["accounts"] == 3
    database = await open_database("ovia_api")
    async with database.transaction(filled[0].id) as conn:
        disagreements = await identity_events.disagreements(conn, filled[0].id)
    # Those made by the test's own inserts are no events; about the person the log and the rows agree.
    assert not [one for one in disagreements if one.startswith("person")]


async def test_others_keep_what_does_not_name_the_erased(
    admin: httpx.AsyncClient, ada: dict[str, Any], database_dsn: str
) -> None:
    await _name_accounts(database_dsn, ada)
    await admin.post(f"/team/people/{ada['id']}/erase", json={"display_name": "Zerlina Quaas-Ott"})
    connection = await asyncpg.connect(database_dsn)
    (row,) = await connection.fetch('select rule_trace::text from mappings where rule_trace @> \'[{"rule": "z"}]\'')
    await connection.close()
    assert "one login" in row["rule_trace"]
    assert '"erased"' in row["rule_trace"]
    others = (await admin.get("/team/people")).json()["data"]
    assert sum(one["display_name"].startswith("Person") for one in others) == 19


async def test_reading_the_sources_does_not_bring_a_name_back(
    admin: httpx.AsyncClient, ada: dict[str, Any], database_dsn: str, open_database: OpenDatabase, filled: Organisations
) -> None:
    ids = await _name_accounts(database_dsn, ada)
    assert (
        await admin.post(f"/team/people/{ada['id']}/erase", json={"display_name": "Zerlina Quaas-Ott"})
    ).status_code == 200
    seen = [
        NewIdentity(one["identity"]["source"], one["identity"]["external_id"], "zquaas", "z@quaas.example", "Zerlina Q")
        for one in ada["mappings"]
    ]
    ingest = await open_database("ovia_ingest")
    async with ingest.transaction(filled[0].id) as conn:
        known = await identities.observe(conn, filled[0].id, seen)
        waiting = await conn.fetchval("select count(*) from matching_queue where identity_id = any($1)", ids)
    assert set(known.values()) == set(ids)
    assert waiting == 0
    assert await _mentions(database_dsn) == {}
    place = f"/team/people/{ada['id']}"
    named = await admin.put(place, json={"display_name": "Zerlina Quaas"}, headers={"If-Match": "*"})
    assert named.status_code == 409
    left = {"display_name": f"Erased {ada['id'][-8:]}", "status": "inactive"}
    assert (await admin.put(place, json=left, headers={"If-Match": "*"})).json()["status"] == "inactive"


async def test_it_needs_the_name_an_admin_and_cannot_be_undone(
    service: Service, admin: httpx.AsyncClient, ada: dict[str, Any], filled: Organisations
) -> None:
    place = f"/team/people/{ada['id']}/erase"
    for body in ({}, {"display_name": "Zerlina Quaas"}, {"display_name": "zerlina quaas-ott"}):
        refused = await admin.post(place, json=body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "display_name")
    named = {"display_name": "Zerlina Quaas-Ott"}
    async with service.client(**filled[0].authorization("manager")) as manager:
        assert (await manager.post(place, json=named)).status_code == 403
    async with service.client(**filled[1].authorization("admin")) as theirs:
        assert (await theirs.post(place, json=named)).status_code == 404
    assert (await admin.post(place, json=named)).status_code == 200
    assert (await admin.post(place, json=named)).status_code == 409
    history = (await admin.get(f"/team/people/{ada['id']}/history")).json()["data"]
    erased = next(event for event in history if event["action"] == "erase")
    undone = await admin.post("/team/identity-mappings/undo", json={"decision_id": erased["decision_id"]})
    assert (undone.status_code, "cannot be undone" in undone.json()["detail"]) == (409, True)


async def test_accounts_that_may_be_theirs_are_decided_first(admin: httpx.AsyncClient, ada: dict[str, Any]) -> None:
    mapping = ada["mappings"][0]
    await admin.post(f"/team/identity-mappings/{mapping['id']}/contest", json={"reason": "not hers"})
    refused = await admin.post(f"/team/people/{ada['id']}/erase", json={"display_name": "Zerlina Quaas-Ott"})
    assert (refused.status_code, "decide about them first" in refused.json()["detail"]) == (409, True)


async def test_their_own_tokens_end_and_the_last_admin_stays(
    service: Service, admin: httpx.AsyncClient, ada: dict[str, Any]
) -> None:
    made = (await admin.post("/tokens", json={"name": "own", "role": "admin", "person_id": ada["id"]})).json()
    own = (await admin.get("/me")).json()["token_id"]
    async with service.client(Authorization=f"Bearer {made['secret']}") as themself:
        assert (await themself.delete(f"/tokens/{own}")).status_code == 200
        named = {"display_name": "Zerlina Quaas-Ott"}
        refused = await themself.post(f"/team/people/{ada['id']}/erase", json=named)
        assert (refused.status_code, "last token" in refused.json()["detail"]) == (409, True)
        second = (await themself.post("/tokens", json={"name": "second", "role": "admin"})).json()
        erased = await themself.post(f"/team/people/{ada['id']}/erase", json=named)
        assert (erased.status_code, erased.json()["tokens"]) == (200, 1)
        assert (await themself.get("/me")).status_code == 401
    async with service.client(Authorization=f"Bearer {second['secret']}") as other:
        assert (await other.get("/me")).status_code == 200


async def _try(database: Database, org_id: UUID, *statements: str) -> None:
    async with database.transaction(org_id) as conn:
        for statement in statements:
            await conn.execute(statement)


async def test_only_erasing_may_touch_the_log(open_database: OpenDatabase, filled: Organisations) -> None:
    erasing = "select set_config('ovia.erasing', 'identity_events', true)"
    api, owner = await open_database("ovia_api"), await open_database("ovia_owner")
    for database, statements in (
        (api, (erasing, "update identity_events set reason = 'x'")),
        (owner, ("update identity_events set reason = 'x'",)),
        (owner, (erasing, "delete from identity_events")),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _try(database, filled[0].id, *statements)


async def test_people_of_another_organisation_cannot_be_erased(
    open_database: OpenDatabase, filled: Organisations, database_dsn: str
) -> None:
    api = await open_database("ovia_api")
    connection = await asyncpg.connect(database_dsn)
    theirs = await connection.fetchval("select id from people where org_id = $1 limit 1", filled[1].id)
    async with api.transaction(filled[0].id) as conn:
        await conn.execute("select * from erase_person(array[$1::uuid], '{}', 'Erased')", theirs)
    kept = await connection.fetchrow("select display_name, erased_at from people where id = $1", theirs)
    await connection.close()
    assert kept is not None
    assert (kept["display_name"] != "Erased", kept["erased_at"]) == (True, None)
