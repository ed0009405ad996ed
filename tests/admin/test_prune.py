"""`ovia admin prune`: what is too old goes, what somebody still needs stays, and nobody else's is touched."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest

from ovia_shared.admin import pruning
from ovia_shared.admin.pruning import Pruned, plan, prune_all
from ovia_shared.config.settings import RetentionSettings
from ovia_shared.database import audit_log, retention
from ovia_shared.database.kpis import receipts, snapshots
from ovia_shared.database.pool import Database
from tests.admin import aged_rows
from tests.admin.conftest import Run
from tests.api.conftest import Organisations, UseService, kept_services, use_service
from tests.conftest import OpenDatabase
from tests.kpis.conftest import Books, books, day, days

__all__ = ["books", "kept_services", "use_service"]

KPI = "throughput.merge_requests"
WEEK = days(0, 7)
ALL: dict[str, Any] = {
    "raw_retention_days": 30,
    "ask_retention_days": 30,
    "receipts_retention_days": 50,
    "facts_retention_days": 30,
    "audit_retention_days": 90,
}


@pytest.fixture
async def owner(open_database: OpenDatabase) -> Database:
    return await open_database("ovia_owner")


@pytest.fixture
async def admin(database_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_dsn)
    # What is appended only, is written with a date of long ago here.
    await connection.execute("set session_replication_role = replica")
    yield connection
    await connection.close()


async def pruned(owner: Database, *, dry_run: bool = False, **settings: Any) -> dict[str, int]:
    """What was dropped of the first organisation."""
    chosen = RetentionSettings.model_validate(settings)
    done = await prune_all(owner, chosen, "Fernweh Gliders", actor="test", dry_run=dry_run)
    return {one.what: one.rows for one in done}


async def told(books: Books) -> UUID:
    """The receipt of a number given out now."""
    async with books.database.transaction(books.org_id) as conn:
        return (await snapshots.answer(conn, await books.question(conn, KPI, WEEK))).receipt_id


async def later(admin: asyncpg.Connection, number: int) -> None:
    """So many days pass over facts, receipts and snapshots."""
    await admin.execute(
        f"""
        update facts set known_from = known_from - interval '{number} days',
               known_to = case when known_to < 'infinity' then known_to - interval '{number} days' else known_to end;
        update receipts
           set as_of = as_of - interval '{number} days', created_at = created_at - interval '{number} days';
        update snapshots set right_as_of = right_as_of - interval '{number} days';
        update receipt_replays set replayed_at = replayed_at - interval '{number} days';
        update receipt_bases set created_at = created_at - interval '{number} days';
        """
    )


async def test_facts_that_were_corrected_go_but_those_a_receipt_was_counted_from(
    books: Books, owner: Database, admin: asyncpg.Connection
) -> None:
    stays = await books.fact("merge_request.merged", day(1), attributes={"class": "bug"})
    needed = await books.fact("merge_request.merged", day(2), attributes={"class": "bug"})
    receipt_id = await told(books)
    await books.disbelieve(needed)
    await later(admin, 10)
    # Believed for ten days, in which nobody was given a number.
    fleeting = await books.fact("merge_request.merged", day(3), attributes={"class": "bug"})
    await later(admin, 10)
    await books.disbelieve(fleeting)
    await later(admin, 40)
    recent = await books.fact("merge_request.merged", day(4), attributes={"class": "bug"})
    await books.disbelieve(recent)

    counted = await pruned(owner, facts_retention_days=30, dry_run=True)
    assert counted["corrected facts"] == 1
    assert await admin.fetchval("select count(*) from facts") == 4
    assert await pruned(owner, facts_retention_days=30) == counted
    assert {row["id"] for row in await admin.fetch("select id from facts")} == {stays, needed, recent}
    assert (await pruned(owner, facts_retention_days=30))["corrected facts"] == 0
    async with books.database.transaction(books.org_id) as conn:
        assert (await receipts.replay(conn, books.org_id, receipt_id)).equal
        since = await retention.facts_known_since(conn, books.org_id)
        assert timedelta(days=29) < await retention.now(conn) - since < timedelta(days=31)  # type: ignore[operator]


async def test_receipts_go_when_nobody_replayed_them_and_no_snapshot_tells_them(
    books: Books, owner: Database, admin: asyncpg.Connection
) -> None:
    made = {}
    for name in ("forgotten", "replayed", "shown", "young"):
        await books.fact("merge_request.merged", day(1), attributes={"class": "bug"})
        if name == "young":
            await later(admin, 60)
        made[name] = await told(books)
    async with books.database.transaction(books.org_id) as conn:
        await retention.replayed(conn, books.org_id, made["replayed"])
        await retention.replayed(conn, books.org_id, made["replayed"])
    await admin.execute(
        """
        insert into snapshots (org_id, scope_kind, scope_id, kpi, grain, window_start, window_end, receipt_id,
                               right_as_of)
        select org_id, scope_kind, scope_id, kpi, 'week', window_start, window_end, id, now()
          from receipts where id = $1
        """,
        made["shown"],
    )
    # Half a basis: one that no receipt holds any more.
    await admin.execute("update receipt_bases set created_at = now() - interval '60 days'")
    assert (await pruned(owner, receipts_retention_days=50))["receipts"] == 1
    left = {row["id"] for row in await admin.fetch("select id from receipts")}
    assert left == {made[name] for name in ("replayed", "shown", "young")}
    await admin.execute("update receipt_replays set replayed_at = now() - interval '51 days'")
    assert (await pruned(owner, receipts_retention_days=50))["receipts"] == 1
    assert await admin.fetchval("select count(*) from receipt_replays") == 0
    bases = await admin.fetch("select id from receipt_bases where id not in (select basis_id from receipts)")
    assert bases == []


async def test_a_moment_before_what_is_kept_cannot_be_asked_for(
    books: Books, owner: Database, admin: asyncpg.Connection, use_service: UseService, organisations: Organisations
) -> None:
    await books.fact("merge_request.merged", day(1), attributes={"class": "bug"})
    await later(admin, 60)
    path, window = f"/team/kpi/{KPI}", {"from": "2026-03-02", "to": "2026-03-09"}
    service = await use_service("ovia-metrics")
    now = await admin.fetchval("select now()")
    before, after = [(now - timedelta(days=number)).isoformat() for number in (40, 20)]
    async with service.client(**organisations[0].authorization("viewer")) as client:

        async def asked(moment: str, **more: str) -> httpx.Response:
            return await client.get(path, params={**window, "as_of": moment, **more})

        assert [(await asked(moment)).status_code for moment in (before, after)] == [200, 200]
        kept = (await asked(after)).json()["value"]
        await pruned(owner, facts_retention_days=30)
        refused = await asked(before)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "as_of")
        assert "no longer kept" in refused.json()["detail"]
        assert (await asked(after)).json()["value"] == kept
        change = await client.get(f"{path}/change", params={**window, "then": before})
        assert (change.status_code, change.json()["errors"][0]["field"]) == (422, "then")
        assert (await client.get(f"{path}/change", params={**window, "then": after})).status_code == 200


async def test_what_is_kept_for_a_time_goes_in_batches_and_of_one_organisation_only(
    organisations: Organisations, owner: Database, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    for organisation in organisations:
        await aged_rows.write(admin, organisation.id)
    theirs = await aged_rows.count(admin, organisations[1].id)
    expected = {
        # Of one record the newest version stays, of one partition the last run; a webhook nobody looked at is kept.
        "replaced raw versions": 3,
        "sync runs": 3,
        "linking runs": 0,
        "webhook deliveries": 3,
        "idempotency keys": 4,
        "previews of settings": 0,
        "questions and answers": 3,
        "stale snapshots": 0,
        "receipts": 0,
        "bases of receipts": 0,
        "corrected facts": 0,
        "views of people": 0,
        "audit log": 2,
    }
    assert await pruned(owner, dry_run=True, **ALL) == expected
    assert await pruned(owner, **ALL) == expected
    assert sum((await pruned(owner, **ALL)).values()) == 0
    assert await aged_rows.count(admin, organisations[1].id) == theirs
    (entry,) = await admin.fetch("select actor, detail from audit_log where action = 'prune'")
    assert entry["actor"] == "test"
    assert msgspec.json.decode(entry["detail"])["sync runs"] == 3


PRUNING = "select set_config('ovia.pruning', 'audit_log', true)"


async def _try(database: Database, org_id: UUID, *statements: str) -> None:
    async with database.transaction(org_id) as conn:
        for statement in statements:
            await conn.execute(statement)


async def test_the_audit_log_is_shortened_by_nobody_else(
    organisations: Organisations, open_database: OpenDatabase, owner: Database
) -> None:
    org_id = organisations[0].id
    for role in ("ovia_api", "ovia_metrics", "ovia_ingest"):
        service = await open_database(role)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _try(service, org_id, PRUNING, "delete from audit_log")
    # The owner has to say so, and may drop entries, not alter them.
    for statements in (("delete from audit_log",), (PRUNING, "update audit_log set actor = 'somebody else'")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await _try(owner, org_id, *statements)
    async with owner.transaction(org_id) as conn:
        await audit_log.record(conn, org_id, actor="test", action="try", subject_kind="nothing")


def test_what_is_kept_for_ever_is_not_even_looked_at() -> None:
    names = {what.name for what, _ in plan(RetentionSettings.model_validate({}))}
    assert names == {
        "sync runs",
        "linking runs",
        "webhook deliveries",
        "views of people",
        "idempotency keys",
        "previews of settings",
    }


def test_the_command_counts_first_and_says_what_it_did(
    ovia: Run, fernweh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVIA_AUDIT_RETENTION_DAYS", "90")
    said = ovia("prune", "--dry-run")
    assert said.code == 0, said.err
    assert "Fernweh Gliders: audit log before " in said.out
    assert "0 would go" in said.out
    done = ovia("prune", "--json", "--organisation", fernweh)
    assert msgspec.json.decode(done.out, type=list[Pruned])[-1].what == "audit log"
    assert ovia("prune").out == "0 rows dropped\n"
    assert ovia("prune", "--organisation", "nobody").code == 1
    monkeypatch.setenv("OVIA_AUDIT_RETENTION_DAYS", "7")
    refused = ovia("prune")
    assert (refused.code, "OVIA_AUDIT_RETENTION_DAYS" in refused.err) == (2, True)
