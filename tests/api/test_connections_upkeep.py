"""Pausing, resyncing and removing connections: what becomes of readers, cursors, secrets and what was read."""

from typing import Any
from uuid import UUID

import pytest

from ovia_shared.database import connections, identities, partitions
from ovia_shared.database.ids import new_id
from ovia_shared.errors import LeaseLost
from ovia_shared.models.identity import NewIdentity
from tests.api.conftest import Organisations
from tests.api.connecting import TOKEN, Admins, add, add_partition, admins, keyed, superuser
from tests.conftest import OpenDatabase

__all__ = ["admins", "keyed", "superuser"]


@pytest.mark.parametrize("action", ["pause", "resync", "remove"])
async def test_a_reader_under_way_writes_nothing_more(
    action: str, admins: Admins, organisations: Organisations, open_database: OpenDatabase, superuser: Any
) -> None:
    org_id, ingest = organisations[0].id, await open_database("ovia_ingest")
    known = await add(admins.ours)
    untouched = await add(admins.ours, "https://other.fernweh.example")
    partition_id = await add_partition(superuser, org_id, known["id"])
    other_id = await add_partition(superuser, org_id, untouched["id"])
    await superuser.execute("update sync_partitions set next_due_at = now()")
    async with ingest.transaction(org_id) as conn:
        held = await partitions.claim(conn, org_id, "reader", 60, [partition_id])
        kept = await partitions.claim(conn, org_id, "reader", 60, [other_id])
        await conn.execute(
            "insert into sync_runs (org_id, id, partition_id, fencing_token, status) values ($1, $2, $3, 1, 'running')",
            org_id,
            new_id(),
            partition_id,
        )
    assert held is not None
    assert kept is not None
    path = f"/connections/{known['id']}"
    answer = await (admins.ours.delete(path) if action == "remove" else admins.ours.post(f"{path}/{action}"))
    assert answer.status_code in (200, 202), answer.text
    with pytest.raises(LeaseLost):
        async with ingest.transaction(org_id) as conn:
            await partitions.advance(conn, org_id, held, {"page": 5}, 10, None, 60)
    async with ingest.transaction(org_id) as conn:
        await partitions.advance(conn, org_id, kept, {"page": 5}, 10, None, 60)
    assert await superuser.fetchval("select status from sync_runs") == "abandoned"
    async with ingest.transaction(org_id) as conn:
        again = await partitions.claim(conn, org_id, "reader", 60, [partition_id])
    assert (again is not None) == (action == "resync")
    assert again is None or again.cursor is None


async def test_a_paused_connection_reads_on_from_where_it_stopped(
    admins: Admins, organisations: Organisations, open_database: OpenDatabase, superuser: Any
) -> None:
    org_id, ingest = organisations[0].id, await open_database("ovia_ingest")
    known = await add(admins.ours, credentials={"token": TOKEN})
    await add_partition(superuser, org_id, known["id"])
    path = f"/connections/{known['id']}"
    paused = (await admins.ours.post(f"{path}/pause")).json()
    assert (paused["status"], paused["credentials"]["set"]) == ("paused", True)
    assert (await admins.ours.post(f"{path}/pause")).json() == paused
    assert (await admins.ours.get("/sync")).json()["data"][0]["status"] == "paused"
    resumed = (await admins.ours.post(f"{path}/resume")).json()
    assert (resumed["status"], resumed["version"]) == ("active", 3)
    async with ingest.transaction(org_id) as conn:
        claimed = await partitions.claim(conn, org_id, "reader", 60)
    assert claimed is not None
    assert (claimed.cursor, claimed.records_done) == ({"page": 4}, 40)


async def test_a_resync_keeps_what_was_read_and_touches_no_other_organisation(
    admins: Admins, organisations: Organisations, superuser: Any
) -> None:
    path = ""
    for client, organisation in zip((admins.ours, admins.theirs), organisations, strict=True):
        known = await add(client)
        await add_partition(superuser, organisation.id, known["id"])
        await _fill(superuser, organisation.id, known["id"])
        if client is admins.ours:
            path = f"/connections/{known['id']}/resync"
    assert (await admins.theirs.post(path)).status_code == 404
    answer = await admins.ours.post(path)
    assert answer.status_code == 202
    rows = {
        row["org_id"]: row
        for row in await superuser.fetch(
            "select *, next_due_at <= now() as due from sync_partitions where stream = 'issues'"
        )
    }
    ours, theirs = (rows[organisation.id] for organisation in organisations)
    assert (ours["cursor"], ours["records_done"], ours["due"]) == (None, 0, True)
    assert (theirs["cursor"], theirs["records_done"], theirs["due"]) == ({"page": 4}, 40, False)
    assert await superuser.fetchval("select count(*) from raw_records") == 6


async def test_a_removed_connection_keeps_its_rows_and_loses_its_secrets(
    admins: Admins, organisations: Organisations, open_database: OpenDatabase, superuser: Any
) -> None:
    known = await add(admins.ours, credentials={"token": TOKEN, "user": "ada@fernweh.example"})
    org_id, path = organisations[0].id, f"/connections/{known['id']}"
    await admins.ours.put(f"{path}/webhook", json={})
    await add_partition(superuser, org_id, known["id"])
    await _fill(superuser, org_id, known["id"])
    removed = (await admins.ours.delete(path)).json()
    assert (removed["status"], removed["credentials"]) == ("removed", {"set": False, "user": None})
    stored = await superuser.fetchrow("select credentials, webhook_secret, account from connections")
    assert tuple(stored) == (None, None, None)
    assert await superuser.fetchval("select count(*) from raw_records") == 3
    assert (await admins.ours.get("/connections")).json()["total"] == 0
    assert (await admins.ours.get("/sync")).json() == {"data": [], "next": None, "total": 0}
    assert (await admins.ours.get(path)).json() == removed
    for action in ("pause", "resume", "resync", "test"):
        assert (await admins.ours.post(f"{path}/{action}")).status_code == 409
    assert (await admins.ours.patch(path, json={"name": "x"}, headers={"If-Match": "*"})).status_code == 409
    assert (await admins.ours.delete(path)).json() == removed
    ingest = await open_database("ovia_ingest")
    async with ingest.transaction(org_id) as conn:
        assert await connections.delete_batch(conn, org_id, known["id"], 100) == 0


async def test_a_deleted_connection_loses_every_row_in_batches_and_nothing_else_does(
    admins: Admins, organisations: Organisations, open_database: OpenDatabase, superuser: Any
) -> None:
    ours, theirs = organisations
    known = await add(admins.ours)
    kept = await add(admins.ours, "https://kept.fernweh.example")
    other = await add(admins.theirs)
    for org_id, one in ((ours.id, known), (ours.id, kept), (theirs.id, other)):
        await add_partition(superuser, org_id, one["id"])
        await _fill(superuser, org_id, one["id"])
    before = await _rows(superuser)
    answer = await admins.ours.delete(f"/connections/{known['id']}", params={"data": "delete"})
    assert (answer.status_code, answer.json()["status"]) == (202, "deleting")
    assert (await admins.ours.delete(f"/connections/{known['id']}")).status_code == 409
    ingest = await open_database("ovia_ingest")
    async with ingest.transaction(theirs.id) as conn:
        assert await connections.delete_batch(conn, theirs.id, UUID(known["id"]), 100) == 0
        assert await connections.delete_batch(conn, ours.id, UUID(known["id"]), 100) == 0
    batches = []
    while True:
        async with ingest.transaction(ours.id) as conn:
            deleted = await connections.delete_batch(conn, ours.id, UUID(known["id"]), 4)
        if not deleted:
            break
        batches.append(deleted)
    assert max(batches) == 4
    assert len(batches) > 3
    after = await _rows(superuser)
    gone = UUID(known["id"])
    assert {table: rows for table, rows in after.items() if gone in rows} == {}
    assert after == {table: [one for one in rows if one != gone] for table, rows in before.items()}
    assert sum(batches) == sum(len(rows) for rows in before.values()) - sum(len(rows) for rows in after.values())
    assert (await admins.ours.get(f"/connections/{known['id']}")).status_code == 404


async def test_every_table_that_hangs_on_a_connection_can_be_deleted_with_it(superuser: Any) -> None:
    rows = await superuser.fetch(
        """
        with ours as (
            select attrelid as oid from pg_attribute join pg_class c on c.oid = attrelid
             where attname = 'connection_id' and c.relkind in ('r', 'p'))
        select distinct f.conrelid::regclass::text as name from pg_constraint f
         where f.contype = 'f' and f.confrelid in (select oid from ours)
           and f.conrelid not in (select oid from ours)
           -- What goes by itself with the row it hangs on is no matter of ours.
           and f.confdeltype <> 'c'
        """
    )
    # Deleted by name, through its partition.
    assert {row["name"] for row in rows} == {"sync_runs"}


async def _fill(superuser: Any, org_id: Any, connection_id: Any) -> None:
    """Rows of one connection in tables that refer to each other."""
    await superuser.execute("select set_config('ovia.org_id', $1, false)", str(org_id))
    async with superuser.transaction():
        new = [NewIdentity("git_commit_author", f"ada {connection_id}")]
        person = next(iter((await identities.ensure(superuser, org_id, new)).values()))
    for n in range(3):
        raw_id = new_id()
        values: dict[str, list[Any]] = {
            "insert into raw_records (org_id, id, connection_id, stream, external_id, content_hash, payload)"
            " values ($1, $2, $3, 'commits', $4, $5, '{}')": [raw_id, connection_id, f"r{n}", b"h"],
            "insert into commits (org_id, connection_id, sha, raw_record_id, author_identity_id, committer_identity_id,"
            " parent_count, summary) values ($1, $2, $3, $4, $5, $5, 0, 'Trim the rudder')": [
                connection_id,
                f"{n:040}",
                raw_id,
                person,
            ],
            "insert into commit_co_authors (org_id, connection_id, sha, identity_id) values ($1, $2, $3, $4)": [
                connection_id,
                f"{n:040}",
                person,
            ],
            "insert into dead_letters (org_id, id, connection_id, stream, external_id, content_hash, payload, reason,"
            " normaliser_version) values ($1, $2, $3, 'issues', $4, 'h', 'x', 'no key', 1)": [
                new_id(),
                connection_id,
                f"d{n}",
            ],
            "insert into webhook_deliveries (org_id, id, connection_id, delivery_id, event, payload)"
            " values ($1, $2, $3, $4, 'push', 'x')": [new_id(), connection_id, f"w{n}"],
            "insert into sprints (org_id, connection_id, raw_record_id, external_id, name, state)"
            " values ($1, $2, $3, $4, 'Sprint', 'active')": [connection_id, raw_id, f"s{n}"],
            "insert into sync_runs (org_id, id, partition_id, fencing_token, status)"
            " select $1, $2, id, 1, 'succeeded' from sync_partitions where org_id = $1 and connection_id = $3": [
                new_id(),
                connection_id,
            ],
            "insert into work_items (org_id, connection_id, raw_record_id, external_id, project_external_id, key,"
            " title, labels, components, fix_versions, affected_versions, fields, notes)"
            " values ($1, $2, $3, $4, 'p', 'GLD-1', 'Rudder', '[]', '[]', '[]', '[]', '{}', '[]')": [
                connection_id,
                raw_id,
                f"i{n}",
            ],
            "insert into worklogs (org_id, connection_id, raw_record_id, work_item_external_id, external_id, seconds)"
            " values ($1, $2, $3, $4, 'l', 60)": [connection_id, raw_id, f"i{n}"],
        }
        for statement, arguments in values.items():
            await superuser.execute(statement, org_id, *arguments)


async def _rows(superuser: Any) -> dict[str, list[UUID]]:
    """The connection of each row, by table."""
    tables = await superuser.fetch(
        "select table_name from information_schema.columns where table_schema = 'public'"
        " and column_name = 'connection_id' and table_name <> 'connections'"
    )
    found = {
        row[0]: [one[0] for one in await superuser.fetch(f"select connection_id from {row[0]} order by 1")]
        for row in tables
    }
    found["connections"] = [one[0] for one in await superuser.fetch("select id from connections order by 1")]
    found["sync_runs"] = [
        one[0]
        for one in await superuser.fetch(
            "select p.connection_id from sync_runs r join sync_partitions p on p.id = r.partition_id order by 1"
        )
    ]
    return found
