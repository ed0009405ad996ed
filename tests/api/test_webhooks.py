"""Webhooks over HTTP: deliveries are proven, kept once as they came, and read by ingest."""

import time
from typing import Any

import httpx

from ovia_shared.database import connections, webhooks
from ovia_shared.security.credentials import CredentialsVault
from tests.api.announcing import announced
from tests.api.conftest import Organisations, Service, StartService
from tests.api.connecting import KEY, Admins, add, admins, keyed, superuser
from tests.api.test_webhooks_signatures import BODY, hub, signed
from tests.conftest import OpenDatabase, RoleDsn

__all__ = ["admins", "keyed", "superuser"]

MIB = 1024 * 1024


async def opened(client: httpx.AsyncClient, kind: str = "gitlab") -> tuple[Any, str, str]:
    """A connection with a webhook: itself, the path to send to, and the secret."""
    known = await add(client, f"https://{kind}.fernweh.example", kind=kind)
    answer = await client.put(f"/connections/{known['id']}/webhook", json={})
    assert answer.status_code == 200, answer.text
    return known, answer.json()["path"], answer.json()["secret"]


def now_signed(secret: str, body: bytes = BODY, name: str = "msg_1") -> dict[str, str]:
    return signed(secret, body, str(int(time.time())), name)


async def test_a_signed_delivery_is_kept_as_it_came_and_taken_once(
    admins: Admins, keyed: Service, organisations: Organisations, open_database: OpenDatabase, superuser: Any
) -> None:
    known, path, secret = await opened(admins.ours)
    async with keyed.client() as gitlab:
        first = await gitlab.post(path, content=BODY, headers=now_signed(secret))
        assert (first.status_code, first.json()) == (202, {"status": "stored"}), first.text
        again = await gitlab.post(path, content=BODY, headers=now_signed(secret))
        assert (again.status_code, again.json()) == (202, {"status": "known"})
        await gitlab.post(path, content=b"\x00\xff not JSON", headers=now_signed(secret, b"\x00\xff not JSON", "msg_2"))
    org_id, ingest = organisations[0].id, await open_database("ovia_ingest")
    async with ingest.transaction(org_id) as conn:
        taken = await webhooks.take(conn, org_id, known["id"], 10)
        assert [(one.event, one.payload) for one in taken] == [("Push Hook", BODY), ("Push Hook", b"\x00\xff not JSON")]
        async with ingest.transaction(org_id) as other:
            assert await webhooks.take(other, org_id, known["id"], 10) == []
        await webhooks.done(conn, org_id, [taken[0].id])
        await webhooks.done(conn, org_id, [taken[1].id], "not JSON")
    async with ingest.transaction(org_id) as conn:
        assert await webhooks.take(conn, org_id, known["id"], 10) == []
        assert await webhooks.forget(conn, org_id, 1, 10) == 0
    assert await superuser.fetchval("select count(*) from webhook_deliveries where error = 'not JSON'") == 1
    await superuser.execute("update webhook_deliveries set processed_at = now() - interval '2 days'")
    async with ingest.transaction(org_id) as conn:
        assert await webhooks.forget(conn, org_id, 1, 1) == 1


async def test_jira_deliveries_are_kept_once_by_name_and_by_what_was_signed(
    admins: Admins, keyed: Service, superuser: Any
) -> None:
    _, path, secret = await opened(admins.ours, "jira")
    other = b'{"webhookEvent": "jira:issue_created"}'

    async def send(body: bytes, name: str) -> str:
        headers = hub(secret, body) | {"X-Atlassian-Webhook-Identifier": name}
        answer = await client.post(path, content=body, headers=headers)
        assert answer.status_code == 202, answer.text
        status: str = answer.json()["status"]
        return status

    async with keyed.client() as client:
        assert await send(BODY, "w-1") == "stored"
        assert await send(other, "w-1") == "known"
        # The name is not signed: a copy under another one is still a copy.
        assert await send(BODY, "w-2") == "known"
        assert await send(other, "w-3") == "stored"
    events = await superuser.fetch("select event from webhook_deliveries order by id")
    assert [row["event"] for row in events] == ["unknown", "jira:issue_created"]


async def test_whatever_is_wrong_the_answer_is_the_same(
    admins: Admins, keyed: Service, organisations: Organisations, superuser: Any
) -> None:
    known, path, secret = await opened(admins.ours)
    _, theirs, _ = await opened(admins.theirs)
    bare = await add(admins.ours, "https://bare.fernweh.example")
    mine, yours = (str(organisation.id) for organisation in organisations)
    nobody = "00000000-0000-7000-8000-000000000000"
    wrong = [
        (path, signed(secret)),  # of some other year
        (path, now_signed("another-secret-entirely")),
        (path, {"X-Gitlab-Token": "another-secret-entirely"}),
        (path, {}),
        (theirs, now_signed(secret)),
        (path.replace(mine, yours), now_signed(secret)),
        (path.replace(known["id"], nobody), now_signed(secret)),
        (path.replace(known["id"], bare["id"]), now_signed(secret)),
        (path.replace("gitlab", "jira"), hub(secret)),
        (path.replace(mine, nobody), now_signed(secret)),
    ]
    async with keyed.client() as client:
        answers = [await client.post(where, content=BODY, headers=headers) for where, headers in wrong]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert await superuser.fetchval("select count(*) from webhook_deliveries") == 0


async def test_the_secret_is_shown_once_and_the_next_replaces_it(
    admins: Admins, keyed: Service, organisations: Organisations, superuser: Any
) -> None:
    known, path, secret = await opened(admins.ours)
    assert path == f"/webhooks/gitlab/{organisations[0].id}/{known['id']}"
    shown = (await admins.ours.get(f"/connections/{known['id']}")).json()
    assert shown["webhook"] is True
    second = await admins.ours.put(f"/connections/{known['id']}/webhook", json={})
    assert second.json()["url"] == f"{keyed.address}{path}"
    given = "a-signing-token-of-gitlabs-own"
    third = await admins.ours.put(f"/connections/{known['id']}/webhook", json={"secret": given})
    assert third.json()["secret"] is None
    async with keyed.client() as client:

        async def status(text: str) -> int:
            return (await client.post(path, content=BODY, headers={"X-Gitlab-Token": text})).status_code

        assert [await status(one) for one in (secret, second.json()["secret"], given)] == [401, 401, 202]
        assert (await admins.ours.delete(f"/connections/{known['id']}/webhook")).status_code == 204
        assert await status(given) == 401
    kept = [str(dict(row)) for row in await superuser.fetch("select detail, action from audit_log")]
    told = [str(shown), third.text, keyed.log.read_text(), *kept]
    assert not [text for text in told for one in (secret, second.json()["secret"], given) if one in text]


async def test_a_paused_connection_takes_deliveries_and_a_removed_one_does_not(admins: Admins, keyed: Service) -> None:
    known, path, secret = await opened(admins.ours)
    async with keyed.client() as client:
        await admins.ours.post(f"/connections/{known['id']}/pause")
        assert (await client.post(path, content=BODY, headers=now_signed(secret))).status_code == 202
        await admins.ours.delete(f"/connections/{known['id']}")
        assert (await client.post(path, content=BODY, headers=now_signed(secret, name="msg_2"))).status_code == 401


async def test_what_signs_nothing_gets_no_webhook(admins: Admins) -> None:
    for kind in ("confluence", "git"):
        known = await add(admins.ours, "https://source.fernweh.example/x", kind=kind)
        answer = await admins.ours.put(f"/connections/{known['id']}/webhook", json={})
        assert (answer.status_code, kind in answer.json()["detail"]) == (409, True)


async def test_a_delivery_may_be_five_mebibytes_and_nothing_else_may(
    admins: Admins, keyed: Service, superuser: Any
) -> None:
    _, path, secret = await opened(admins.ours)
    largest = b"x" * (5 * MIB)
    async with keyed.client() as client:
        taken = await client.post(path, content=largest, headers=now_signed(secret, largest))
        assert taken.status_code == 202, taken.text

        async def chunks() -> Any:
            for _ in range(81):
                yield b"x" * 65536

        try:
            streamed = (await client.post(path, content=chunks(), headers=now_signed(secret))).status_code
        except (httpx.ReadError, httpx.WriteError):
            # The service closes on a client that goes on sending; whether the answer arrives before is chance.
            streamed = 413
    assert streamed == 413
    assert await announced(keyed, "/connections", MIB + 1) == "413"
    assert await superuser.fetchval("select count(*) from webhook_deliveries") == 1
    assert await announced(keyed, path, 5 * MIB + 1) == "413"


async def test_who_proves_nothing_is_told_to_wait_and_keeps_nobody_else_out(
    start_service: StartService, role_dsn: RoleDsn, organisations: Organisations
) -> None:
    service = await start_service(
        "ovia-api",
        OVIA_DATABASE_URL=role_dsn("ovia_api"),
        OVIA_CREDENTIALS_KEYS=KEY,
        OVIA_ANONYMOUS_REQUESTS_PER_MINUTE="2",
    )
    async with service.client(**organisations[0].authorization("admin")) as admin, service.client() as client:
        _, path, secret = await opened(admin)
        answers = [await client.post(path, content=BODY, headers={"X-Gitlab-Token": "wrong"}) for _ in range(5)]
        # The minute of the clock may turn once while the test runs.
        assert 429 in {answer.status_code for answer in answers}
        limited = next(answer for answer in answers if answer.status_code == 429)
        assert 1 <= int(limited.headers["retry-after"]) <= 60
        assert (await client.post(path, content=BODY, headers=now_signed(secret))).status_code == 202


async def test_rotating_keys_takes_webhook_secrets_along(
    admins: Admins, organisations: Organisations, open_database: OpenDatabase, superuser: Any
) -> None:
    known, _, secret = await opened(admins.ours)
    newer = "b" * 43 + "="
    vault, org_id = CredentialsVault(f"{newer},{KEY}"), organisations[0].id
    owner = await open_database("ovia_owner")
    async with owner.transaction(org_id) as conn:
        assert await connections.reseal_all(conn, org_id, vault.reseal) == 1
    sealed = await superuser.fetchval("select webhook_secret from connections where org_id = $1", org_id)
    opened_again = CredentialsVault(newer).open(
        org_id, (await superuser.fetchval("select id from connections")), sealed
    )
    assert opened_again == {"webhook_secret": secret}
    assert known["credentials"]["set"] is False
