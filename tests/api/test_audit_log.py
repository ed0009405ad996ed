"""The audit log over HTTP: what is found in it, by whom, and how."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from ovia_shared.database import audit_log
from ovia_shared.database.ids import new_id
from ovia_shared.models.audit_entry import AuditFilter, AuditPosition
from tests.api.conftest import Organisations, Service
from tests.api.test_lists import everything
from tests.api.test_plans import Ask, plan_of
from tests.conftest import RoleDsn

ENTRIES = 20_000


@pytest.fixture
async def admin(service: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**organisations[0].authorization("admin")) as client:
        yield client


async def test_what_was_done_is_told_newest_first(admin: httpx.AsyncClient) -> None:
    made = (await admin.post("/tokens", json={"name": "night report", "role": "viewer"})).json()["token"]
    revoked = await admin.delete(f"/tokens/{made['id']}")
    last, before, *_ = await everything(admin, "/audit-log", limit=2)
    assert (last["action"], before["action"]) == ("revoke", "issue")
    assert (last["actor"], last["subject_kind"]) == ("admin of Fernweh Gliders", "token")
    assert (last["subject_id"], last["detail"]) == (made["id"], {"name": "night report"})
    assert last["request_id"] == revoked.headers["x-request-id"]


async def test_every_filter_narrows(admin: httpx.AsyncClient) -> None:
    made = (await admin.post("/tokens", json={"name": "night report", "role": "viewer"})).json()["token"]
    team = (await admin.post("/team/teams", json={"name": "Rümpfe"})).json()
    assert len(await everything(admin, "/audit-log", actor="test set-up", limit=1)) == 5
    assert len(await everything(admin, "/audit-log", action="issue")) == 5
    assert len(await everything(admin, "/audit-log", subject="organisation")) == 1
    assert [one["subject_id"] for one in await everything(admin, "/audit-log", subject=made["id"])] == [made["id"]]
    assert [one["subject_id"] for one in await everything(admin, "/audit-log", search="rümp")] == [team["id"]]
    assert [one["subject_id"] for one in await everything(admin, "/audit-log", search="report nig")] == [made["id"]]
    assert await everything(admin, "/audit-log", search="report team") == []
    (of_team,) = await everything(admin, "/audit-log", subject="team")
    at = of_team["occurred_at"]
    assert of_team in await everything(admin, "/audit-log", **{"from": at})
    earlier = await everything(admin, "/audit-log", to=at)
    assert of_team not in earlier
    assert len(earlier) == 6


async def test_another_organisation_and_lesser_roles_see_nothing_of_it(
    service: Service, organisations: Organisations, admin: httpx.AsyncClient
) -> None:
    await admin.post("/tokens", json={"name": "night report", "role": "viewer"})
    async with service.client(**organisations[1].authorization("admin")) as theirs:
        assert await everything(theirs, "/audit-log", search="report") == []
        assert len(await everything(theirs, "/audit-log")) == 5
    async with service.client(**organisations[0].authorization("manager")) as manager:
        assert (await manager.get("/audit-log")).status_code == 403


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("from=yesterday", 422, "from"),
        ("from=2026-02-01&to=2026-01-01", 422, "to"),
        ("search=...", 422, "search"),
        ("cursor=nonsense", 400, "cursor"),
        ("who=me", 400, "who"),
    ],
)
async def test_what_cannot_be_asked_is_named(admin: httpx.AsyncClient, query: str, status: int, field: str) -> None:
    refused = await admin.get(f"/audit-log?{query}")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (status, field)


@pytest.fixture
async def large(database_dsn: str, organisations: Organisations) -> Organisations:
    """20,000 entries of the first organisation, one a minute."""
    conn = await asyncpg.connect(database_dsn)
    await conn.execute(
        """
        insert into audit_log (org_id, id, occurred_at, actor, action, subject_kind, subject_id, detail)
        select $1, gen_random_uuid(), now() - n * interval '1 minute', 'actor ' || n % 400, 'action' || n % 300,
               'kind' || n % 200, $2, jsonb_build_object('name', 'word' || n % 500)
          from generate_series(1, $3::int) n
        """,
        organisations[0].id,
        new_id(),
        ENTRIES,
    )
    await conn.execute("analyze audit_log; analyze audit_words")
    await conn.close()
    return organisations


async def test_entries_are_found_through_an_index(large: Organisations, role_dsn: RoleDsn) -> None:
    org, now = large[0].id, datetime.now(UTC)
    place = AuditPosition(int(now.timestamp() * 1e6) - 86_400_000_000, new_id())
    day = AuditFilter(since=now - timedelta(days=2), until=now - timedelta(days=1))

    def found(wanted: AuditFilter, after: AuditPosition | None = None) -> Ask:
        return lambda conn: audit_log.find(conn, org, wanted, after, 51)

    asked = [
        ("all", "audit_log_by_age", found(AuditFilter())),
        ("a later page", "audit_log_by_age", found(AuditFilter(), place)),
        ("a day", "audit_log_by_age", found(day)),
        ("an actor", "audit_log_by_actor", found(AuditFilter(actor="actor 7"))),
        ("an action", "audit_log_by_action", found(AuditFilter(action="action7"))),
        ("a kind", "audit_log_by_", found(AuditFilter(subject_kind="kind7"))),
        ("one thing", "audit_log_by_subject_id", found(AuditFilter(subject_id=new_id()))),
        ("a word", "audit_words_pkey", found(AuditFilter(words=("word77",)))),
    ]
    for what, index, ask in asked:
        plans = await plan_of(role_dsn, large[0], ask)
        assert index in plans.text, f"{what}:\n{plans.text}"
        assert "Seq Scan on audit_" not in plans.text, f"{what}:\n{plans.text}"
        assert plans.buffers <= 700, f"{what}: {plans.buffers} buffers\n{plans.text}"
