"""A write that is sent twice under one Idempotency-Key happens once."""

import asyncio
from typing import Any

import httpx

from tests.api.conftest import Organisations, Service
from tests.api.connecting import Admins, add, admins, keyed, superuser

__all__ = ["admins", "keyed", "superuser"]

BODY = {"kind": "gitlab", "name": "GitLab", "base_url": "https://gitlab.fernweh.example"}


async def send(client: httpx.AsyncClient, key: str, **changes: Any) -> httpx.Response:
    return await client.post(
        "/connections", json=BODY | changes, params={"verify": "false"}, headers={"Idempotency-Key": key}
    )


async def test_the_same_write_gives_the_same_answer_once(admins: Admins, superuser: Any) -> None:
    first, second = await send(admins.ours, "k-1"), await send(admins.ours, "k-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    for header in ("etag", "location", "content-type"):
        assert first.headers[header] == second.headers[header]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert await superuser.fetchval("select count(*) from connections") == 1
    assert await superuser.fetchval("select count(*) from audit_log where subject_kind = 'connection'") == 1


async def test_a_key_of_another_request_is_refused(admins: Admins) -> None:
    known = (await send(admins.ours, "k-1")).json()
    other_body = await send(admins.ours, "k-1", name="Other")
    other_query = await admins.ours.post("/connections", json=BODY, headers={"Idempotency-Key": "k-1"})
    other_path = await admins.ours.post(f"/connections/{known['id']}/pause", headers={"Idempotency-Key": "k-1"})
    for answer in (other_body, other_query, other_path):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "Idempotency-Key"), answer.text
    assert (await admins.ours.get(f"/connections/{known['id']}")).json() == known


async def test_sent_at_once_it_still_happens_once(admins: Admins, superuser: Any) -> None:
    answers = await asyncio.gather(*(send(admins.ours, "k-1") for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await superuser.fetchval("select count(*) from connections") == 1


async def test_without_a_key_it_happens_again(admins: Admins) -> None:
    await add(admins.ours)
    again = await admins.ours.post("/connections", json=BODY, params={"verify": "false"})
    assert again.status_code == 409


async def test_a_write_that_was_refused_may_be_tried_again(admins: Admins, superuser: Any) -> None:
    refused = await send(admins.ours, "k-1", base_url="nowhere")
    assert refused.status_code == 422
    assert await superuser.fetchval("select count(*) from idempotency_keys") == 0
    assert (await send(admins.ours, "k-1")).status_code == 201


async def test_a_key_belongs_to_its_token(
    admins: Admins, keyed: Service, organisations: Organisations, superuser: Any
) -> None:
    ours, theirs = await send(admins.ours, "k-1"), await send(admins.theirs, "k-1")
    assert ours.json()["id"] != theirs.json()["id"]
    async with keyed.client(**organisations[0].authorization("viewer")) as viewer:
        assert (await send(viewer, "k-1")).status_code == 403


async def test_a_key_is_forgotten_after_a_day(admins: Admins, superuser: Any) -> None:
    known = (await send(admins.ours, "k-1")).json()
    await send(admins.ours, "k-old", base_url="https://old.fernweh.example")
    await superuser.execute("update idempotency_keys set created_at = now() - interval '25 hours'")
    assert (await send(admins.ours, "k-1")).status_code == 409
    await admins.ours.delete(f"/connections/{known['id']}")
    assert (await send(admins.ours, "k-1")).json()["id"] != known["id"]
    # The new answer swept the old ones away.
    assert await superuser.fetchval("select count(*) from idempotency_keys") == 1


async def test_a_key_that_is_none_is_refused(admins: Admins) -> None:
    for key in ("", "a b", "ü", "x" * 256):
        answer = await admins.ours.post(
            "/connections", json=BODY, headers=[(b"Idempotency-Key", key.encode("latin-1"))]
        )
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Idempotency-Key"), key


async def test_removals_and_changes_take_a_key_too(admins: Admins) -> None:
    known = await add(admins.ours)
    path = f"/connections/{known['id']}"
    body, headers = {"name": "Other"}, {"Idempotency-Key": "k-1", "If-Match": '"1"'}
    changed = await admins.ours.patch(path, json=body, headers=headers)
    # Without the key the second would be refused: the version moved on.
    assert (await admins.ours.patch(path, json=body, headers=headers)).content == changed.content
    removed = await admins.ours.delete(path, headers={"Idempotency-Key": "k-2"})
    assert (await admins.ours.delete(path, headers={"Idempotency-Key": "k-2"})).content == removed.content


async def test_a_body_beyond_the_limit_is_refused_with_a_key_as_without(admins: Admins) -> None:
    async def chunks() -> Any:
        for _ in range(20):
            yield b" " * 65536

    answer = await admins.ours.post("/connections", content=chunks(), headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == 413


async def test_writes_say_in_the_documentation_that_they_take_a_key(admins: Admins) -> None:
    described = (await admins.ours.get("/openapi.json")).json()["paths"]
    taking = {
        (method, path)
        for path, item in described.items()
        for method, operation in item.items()
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", []))
    }
    assert ("post", "/connections") in taking
    assert all("409" in described[path][method]["responses"] for method, path in taking)
    assert ("put", "/connections/{connection_id}/webhook") not in taking
    assert not [method for method, _ in taking if method == "get"]
