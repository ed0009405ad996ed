"""Runs and dead letters over HTTP."""

from typing import Any

import httpx
import pytest

from ovia_shared.database import replaying
from ovia_shared.database.dead_letters_list import SHOWN_BYTES
from ovia_shared.database.ids import new_id
from tests.api.conftest import Organisations
from tests.api.connecting import Admins, add, add_partition, admins, keyed, superuser
from tests.conftest import OpenDatabase

__all__ = ["admins", "keyed", "superuser"]

PAYLOADS = [
    (b'{"key": "GLD-1"}', '{"key": "GLD-1"}', False),
    (b"a\x00\xff\xfeb", "a\x00��b", False),
    (b"", "", False),
    (b"x" * SHOWN_BYTES, "x" * SHOWN_BYTES, False),
    (b"x" * (SHOWN_BYTES - 1) + "é".encode() + b"y", "x" * (SHOWN_BYTES - 1), True),
    (b"\xff" * (SHOWN_BYTES + 1), "�" * SHOWN_BYTES, True),
]


class Filled:
    """Two organisations with runs and dead letters: ours of two connections, theirs of one."""

    def __init__(self) -> None:
        self.jira: Any = None
        self.gitlab: Any = None
        self.partition: Any = None
        self.letters: list[Any] = []
        self.theirs: Any = None


@pytest.fixture
async def filled_sync(admins: Admins, organisations: Organisations, superuser: Any) -> Filled:
    filled = Filled()
    ours, theirs = organisations
    filled.jira = await add(
        admins.ours, "https://jira.fernweh.example", kind="jira", name="Jira", settings={"sample": True}
    )
    filled.gitlab = await add(admins.ours)
    other = await add(admins.theirs)
    filled.partition = await add_partition(superuser, ours.id, filled.jira["id"])
    second = await add_partition(superuser, ours.id, filled.gitlab["id"], "merge_requests")
    third = await add_partition(superuser, theirs.id, other["id"])
    for n in range(7):
        await add_run(superuser, ours.id, filled.partition, "failed" if n % 3 == 0 else "succeeded", n)
    await add_run(superuser, ours.id, second, "running", 0)
    await add_run(superuser, theirs.id, third, "failed", 0)
    for n in range(5):
        filled.letters.append(await add_letter(superuser, ours.id, filled.jira["id"], "issues", f"GLD-{n}", b"{}"))
    filled.letters.append(await add_letter(superuser, ours.id, filled.gitlab["id"], "merge_requests", "!1", b"[]"))
    filled.theirs = await add_letter(superuser, theirs.id, other["id"], "issues", "theirs", b"{}")
    return filled


async def add_run(superuser: Any, org_id: Any, partition_id: Any, status: str, n: int) -> None:
    await superuser.execute(
        "insert into sync_runs (org_id, id, partition_id, fencing_token, status, started_at, finished_at, records_read,"
        " raw_added, dead_letters, error) values ($1, $2, $3, $4, $5, now() - interval '20 s',"
        " case when $5 <> 'running' then now() - interval '10 s' end, 50, 20, 2,"
        " case when $5 = 'failed' then 'HTTP 401' end)",
        org_id,
        new_id(),
        partition_id,
        n,
        status,
    )


async def add_letter(
    superuser: Any, org_id: Any, connection_id: Any, stream: str, external_id: str, payload: bytes
) -> Any:
    letter_id = new_id()
    await superuser.execute(
        "insert into dead_letters (org_id, id, connection_id, stream, external_id, content_hash, payload, reason,"
        " normaliser_version) values ($1, $2, $3, $4, $5, 'h', $6, 'no key', 3)",
        org_id,
        letter_id,
        connection_id,
        stream,
        external_id,
        payload,
    )
    return letter_id


async def everything(client: httpx.AsyncClient, path: str, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = await client.get(path, params=query | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        body = answer.json()
        rows += body["data"]
        cursor = body["next"]
        if cursor is None:
            assert body["total"] == len(rows)
            return rows


async def test_runs_are_listed_newest_first_with_what_they_did(admins: Admins, filled_sync: Filled) -> None:
    rows = await everything(admins.ours, "/sync/runs", limit=3)
    assert len(rows) == 8
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    running, last = rows[0], rows[1]
    assert (running["status"], running["finished_at"]) == ("running", None)
    assert 20 <= running["duration_seconds"] < 60
    assert (last["status"], last["error"], last["connection"]["name"]) == ("failed", "HTTP 401", "Jira")
    assert (last["records_read"], last["raw_added"], last["dead_letters"]) == (50, 20, 2)
    assert (last["duration_seconds"], last["records_per_second"]) == (10, 5)


async def test_runs_are_narrowed_by_every_filter(admins: Admins, filled_sync: Filled) -> None:
    async def count(**query: Any) -> int:
        return len(await everything(admins.ours, "/sync/runs", limit=2, **query))

    assert await count(status="failed") == 3
    assert await count(partition_id=str(filled_sync.partition)) == 7
    assert await count(connection_id=filled_sync.gitlab["id"]) == 1
    assert await count(connection_id=filled_sync.jira["id"], status="succeeded") == 4
    assert await count(connection_id=str(new_id())) == 0
    assert len(await everything(admins.theirs, "/sync/runs")) == 1


async def test_generated_data_is_marked_in_sync(admins: Admins, filled_sync: Filled) -> None:
    rows = (await admins.ours.get("/sync")).json()["data"]
    assert {row["connection"]["name"]: row["sample"] for row in rows} == {"Jira": True, "GitLab": False}


async def test_dead_letters_are_listed_and_narrowed(admins: Admins, filled_sync: Filled, superuser: Any) -> None:
    await superuser.execute("update dead_letters set resolved_at = now() where id = $1", filled_sync.letters[0])
    path = "/sync/dead-letters"
    rows = await everything(admins.ours, path, limit=2)
    assert [row["id"] for row in rows] == [str(one) for one in reversed(filled_sync.letters)]
    assert (rows[0]["stream"], rows[0]["reason"], rows[0]["size"]) == ("merge_requests", "no key", 2)
    assert "payload" not in rows[0]
    assert len(await everything(admins.ours, path, connection_id=filled_sync.jira["id"])) == 5
    assert len(await everything(admins.ours, path, stream="merge_requests")) == 1
    assert len(await everything(admins.ours, path, resolved="true")) == 1
    assert len(await everything(admins.ours, path, resolved="false", stream="issues", limit=1)) == 4
    assert [row["external_id"] for row in await everything(admins.theirs, path)] == ["theirs"]


async def test_a_dead_letter_shows_the_beginning_of_what_was_read(
    admins: Admins, organisations: Organisations, superuser: Any
) -> None:
    known = await add(admins.ours)
    for n, (payload, shown, cut) in enumerate(PAYLOADS):
        letter = await add_letter(superuser, organisations[0].id, known["id"], "issues", f"{n}", payload)
        body = (await admins.ours.get(f"/sync/dead-letters/{letter}")).json()
        assert (body["payload"], body["cut"], body["size"]) == (shown, cut, len(payload))
        assert (await admins.theirs.get(f"/sync/dead-letters/{letter}")).status_code == 404


async def test_a_manager_has_a_letter_tried_once_more(
    admins: Admins,
    keyed: Any,
    filled_sync: Filled,
    organisations: Organisations,
    superuser: Any,
    open_database: OpenDatabase,
) -> None:
    org_id, letter = organisations[0].id, filled_sync.letters[0]
    path = f"/sync/dead-letters/{letter}/replay"
    async with keyed.client(**organisations[0].authorization("analyst")) as analyst:
        assert (await analyst.post(path)).status_code == 403
    assert (await admins.theirs.post(path)).status_code == 404
    async with keyed.client(**organisations[0].authorization("manager")) as manager:
        first = await manager.post(path)
        assert (first.status_code, first.json()["id"]) == (202, str(letter))
        assert first.json()["replay_requested_at"] is not None
        assert "payload" not in first.json()
        assert (await manager.post(path)).json() == first.json()
    ingest = await open_database("ovia_ingest")
    async with ingest.transaction(org_id) as conn:
        waiting = await replaying.waiting(conn, org_id, filled_sync.jira["id"], 10)
        assert [one.id for one in waiting] == [letter]
        await replaying.tried(conn, org_id, letter, 4, None)
    assert (await admins.ours.post(path)).status_code == 409
    actors = await superuser.fetch(
        "select actor from audit_log where subject_kind = 'dead_letter' and subject_id = $1", letter
    )
    assert {row["actor"] for row in actors} == {"manager of Fernweh Gliders"}


async def test_many_letters_are_tried_once_more_by_filter(admins: Admins, filled_sync: Filled, superuser: Any) -> None:
    await superuser.execute("update dead_letters set resolved_at = now() where id = $1", filled_sync.letters[0])

    async def replay(**wish: Any) -> int:
        answer = await admins.ours.post("/sync/dead-letters/replay", json=wish)
        assert answer.status_code == 202, answer.text
        requested: int = answer.json()["requested"]
        return requested

    assert await replay(stream="nothing") == 0
    assert await replay(stream="issues", connection_id=filled_sync.gitlab["id"]) == 0
    assert await replay(stream="issues") == 4
    assert await replay() == 1
    assert await replay() == 0
    waiting = "select count(*) from dead_letters where replay_requested_at is not null and org_id {} $1"
    ours = await superuser.fetchval("select org_id from dead_letters where id = $1", filled_sync.letters[0])
    assert await superuser.fetchval(waiting.format("="), ours) == 5
    assert await superuser.fetchval(waiting.format("<>"), ours) == 0
    told = await superuser.fetchval(
        "select detail from audit_log where subject_kind = 'dead_letter' order by id limit 1"
    )
    assert told == {"wanted": {"connection_id": None, "stream": "nothing"}, "requested": 0}


async def test_bad_parameters_are_refused(admins: Admins) -> None:
    for path in (
        "/sync/runs?connection_id=x",
        "/sync/runs?colour=red",
        "/sync/runs?cursor=x",
        "/sync/dead-letters?resolved=maybe",
        "/sync/dead-letters?stream=%00",
    ):
        answer = await admins.ours.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text
