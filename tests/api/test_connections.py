"""Connections over HTTP: adding, reading and changing them; secrets go in and never come out."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from ovia_api.connections.secrets import masked
from ovia_shared.database import connections
from ovia_shared.security.credentials import CredentialsVault
from tests.api.conftest import Organisations, Service
from tests.api.connecting import KEY, TOKEN, Admins, GitLab, add, add_partition, admins, gitlab, keyed, superuser
from tests.conftest import OpenDatabase

__all__ = ["admins", "gitlab", "keyed", "superuser"]

NOWHERE = "00000000-0000-7000-8000-000000000000"
WRITES = [
    ("POST", "/connections", {"kind": "git", "name": "x", "base_url": "https://git.fernweh.example/x"}),
    ("POST", "/connections/test", {"kind": "jira", "name": "x", "base_url": "http://127.0.0.1:9"}),
    ("PATCH", "/connections/{id}", {"name": "Other"}),
    ("DELETE", "/connections/{id}", None),
    ("POST", "/connections/{id}/test", None),
    ("POST", "/connections/{id}/pause", None),
    ("POST", "/connections/{id}/resume", None),
    ("POST", "/connections/{id}/resync", None),
    ("PUT", "/connections/{id}/webhook", {}),
    ("DELETE", "/connections/{id}/webhook", None),
]

REFUSED: list[tuple[dict[str, Any], int, str | None]] = [
    ({"base_url": "https://ada:hush-hush@gitlab.example"}, 422, "base_url"),
    ({"kind": "git", "base_url": "https://ada:hush-hush@git.example/x"}, 422, "base_url"),
    ({"kind": "git", "base_url": "ssh://git:hush-hush@git.example/x"}, 422, "base_url"),
    ({"kind": "git", "base_url": "ssh://git@git.example/x"}, 422, "base_url"),
    ({"kind": "git", "base_url": "http://169.254.169.254/x"}, 422, "base_url"),
    ({"kind": "git", "base_url": "/etc/hush-hush"}, 422, "base_url"),
    ({"kind": "git", "base_url": "file:///srv/hush-hush"}, 422, "base_url"),
    ({"kind": "git", "base_url": "ext::sh -c hush-hush"}, 422, "base_url"),
    ({"base_url": "ftp://gitlab.example"}, 422, "base_url"),
    ({"base_url": "https://"}, 422, "base_url"),
    ({"base_url": "https://gitlab.example/?token=hush-hush"}, 422, "base_url"),
    ({"base_url": "http://169.254.169.254/latest"}, 422, "base_url"),
    ({"settings": {"proxy": "http://ada:hush-hush@proxy.example:3128"}}, 422, "settings.proxy"),
    ({"settings": {"allow_link_local": True}}, 422, "settings.allow_link_local"),
    ({"credentials": {"token": "hush-hush\r\nX-Other: 1"}}, 422, "credentials.token"),
    ({"credentials": {"token": "   "}}, 422, "credentials.token"),
    ({"name": "   "}, 422, "name"),
    ({"name": ""}, 422, None),
    ({"name": "a\x00b"}, 422, None),
    ({"kind": "svn"}, 422, None),
    ({"colour": "red"}, 400, None),
    ({"settings": {"windowdays": 3}}, 400, None),
    ({"settings": {"max_tries": 0}}, 422, None),
    ({"settings": {"scopes": ["a\x00b"]}}, 400, None),
]


async def test_an_added_connection_is_shown_without_its_secret(
    admins: Admins, gitlab: GitLab, keyed: Service, organisations: Organisations, superuser: Any
) -> None:
    user = "ada.brandt@fernweh.example"
    wanted = gitlab.wanted(
        settings={"scopes": ["gliders"], "sample": True}, credentials={"token": f" {TOKEN}\n", "user": user}
    )
    added = await admins.ours.post("/connections", json=wanted, headers={"X-Request-Id": "add-1"})
    assert added.status_code == 201, added.text
    body = added.json()
    assert added.headers["location"] == f"/connections/{body['id']}"
    assert body["credentials"] == {"set": True, "user": "a…@fernweh.example"}
    assert body["settings"] == {"scopes": ["gliders"], "sample": True}
    assert (body["sample"], body["status"], body["webhook"]) == (True, "active", False)
    read = await admins.ours.get(added.headers["location"])
    assert (read.json(), read.headers["etag"]) == (body, added.headers["etag"])
    listed = await admins.ours.get("/connections")
    assert (listed.json()["data"], listed.json()["total"]) == ([body], 1)

    stored = await superuser.fetchrow("select * from connections")
    opened = CredentialsVault(KEY).open(organisations[0].id, stored["id"], stored["credentials"])
    assert opened == {"token": TOKEN, "user": user}
    entry = await superuser.fetchrow("select * from audit_log where subject_kind = 'connection'")
    assert (entry["actor"], entry["action"], entry["request_id"]) == ("admin of Fernweh Gliders", "create", "add-1")
    told = [added.text, read.text, listed.text, str(dict(entry)), keyed.log.read_text()]
    assert not [text for text in told if TOKEN in text or user in text]


async def test_a_connection_that_fails_its_test_is_not_added_and_the_steps_say_why(
    admins: Admins, gitlab: GitLab, superuser: Any
) -> None:
    wanted = gitlab.wanted(credentials={"token": "glpat-wrong-0002"})
    refused = await admins.ours.post("/connections", json=wanted)
    assert refused.status_code == 422, refused.text
    problem = refused.json()
    assert [fault["field"] for fault in problem["errors"]] == ["authentication"]
    assert "glpat-wrong-0002" not in refused.text
    assert await superuser.fetchval("select count(*) from connections") == 0
    stored = await admins.ours.post("/connections", json=wanted, params={"verify": "false"})
    assert stored.status_code == 201


async def test_a_test_stores_nothing_and_a_failed_one_is_an_answer(
    admins: Admins, gitlab: GitLab, superuser: Any
) -> None:
    good = await admins.ours.post("/connections/test", json=gitlab.wanted())
    assert (good.status_code, good.json()["ok"], good.json()["server_version"]) == (200, True, "18.2.0"), good.text
    bad = await admins.ours.post("/connections/test", json=gitlab.wanted(credentials={"token": "wrong"}))
    assert (bad.status_code, bad.json()["ok"]) == (200, False)
    assert await superuser.fetchval("select count(*) from connections") == 0


async def test_a_stored_connection_is_tested_with_what_is_stored(admins: Admins, gitlab: GitLab) -> None:
    known = await add(admins.ours, gitlab.url, credentials={"token": TOKEN})
    gitlab.asked.clear()
    report = (await admins.ours.post(f"/connections/{known['id']}/test")).json()
    assert report["ok"], report
    assert set(gitlab.asked) == {TOKEN}


async def test_another_organisations_connection_is_not_there(
    admins: Admins, organisations: Organisations, superuser: Any
) -> None:
    known = await add(admins.theirs, credentials={"token": TOKEN})
    await add(admins.ours)
    shown = (await admins.ours.get("/connections")).json()
    assert [row["id"] == known["id"] for row in shown["data"]] == [False]
    assert (await admins.ours.get(f"/connections/{known['id']}")).status_code == 404
    for method, path, body in WRITES[2:]:
        answer = await admins.ours.request(method, path.format(id=known["id"]), json=body, headers={"If-Match": "*"})
        assert answer.status_code == 404, (method, path, answer.text)
        assert answer.json()["detail"] == "there is no such connection"
    after = (await admins.theirs.get(f"/connections/{known['id']}")).json()
    assert after == known


async def test_only_an_admin_changes_anything(keyed: Service, admins: Admins, organisations: Organisations) -> None:
    known = await add(admins.ours)
    for role in ("viewer", "analyst", "manager"):
        async with keyed.client(**organisations[0].authorization(role)) as client:
            assert (await client.get("/connections")).json()["total"] == 1
            for method, path, body in WRITES:
                answer = await client.request(method, path.format(id=known["id"]), json=body, headers={"If-Match": "*"})
                assert answer.status_code == 403, (method, path, answer.text)
    assert (await admins.ours.get(f"/connections/{known['id']}")).json() == known


async def test_one_address_has_one_connection_until_it_is_removed(admins: Admins) -> None:
    known = await add(admins.ours, "https://gitlab.fernweh.example/")
    again = {"kind": "gitlab", "name": "Again", "base_url": "https://GITLAB.fernweh.example"}
    refused = await admins.ours.post("/connections", json=again, params={"verify": "false"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (409, "base_url")
    await add(admins.theirs)
    removed = await admins.ours.delete(f"/connections/{known['id']}")
    assert (removed.status_code, removed.json()["status"]) == (200, "removed")
    assert (await add(admins.ours))["id"] != known["id"]


async def test_what_cannot_be_a_connection_is_refused_by_name_and_not_quoted(admins: Admins, superuser: Any) -> None:
    for change, status, field in REFUSED:
        body = {"kind": "gitlab", "name": "GitLab", "base_url": "https://gitlab.example"} | change
        answer = await admins.ours.post("/connections", json=body, params={"verify": "false"})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
        assert "hush-hush" not in answer.text
        if field is not None:
            assert answer.json()["errors"][0]["field"] == field
    assert await superuser.fetchval("select count(*) from connections") == 0


async def test_a_change_names_the_version_it_was_made_to(admins: Admins) -> None:
    known = await add(admins.ours)
    path = f"/connections/{known['id']}"

    async def rename(name: str, condition: str | None) -> httpx.Response:
        headers = {} if condition is None else {"If-Match": condition}
        return await admins.ours.patch(path, json={"name": name}, headers=headers)

    assert (await rename("A", None)).status_code == 428
    assert (await rename("A", "not an etag")).status_code == 400
    assert (await rename("A", '"7"')).status_code == 412
    first = await rename("A", (await admins.ours.get(path)).headers["etag"])
    assert (first.status_code, first.json()["name"], first.json()["version"]) == (200, "A", 2)
    assert (await rename("B", '"1"')).status_code == 412
    # As a gateway that compressed the answer has it.
    assert (await rename("B", '"2-zstd"')).status_code == 200
    assert (await rename("C", 'W/"2", "3"')).status_code == 200
    assert (await rename("D", "*")).json()["name"] == "D"
    assert (await admins.ours.patch(path, json={"base_url": "https://x.example"})).status_code == 400


async def test_what_a_change_leaves_out_stays(
    admins: Admins, organisations: Organisations, open_database: OpenDatabase, superuser: Any
) -> None:
    known = await add(admins.ours, credentials={"token": TOKEN, "user": "a@fernweh.example"})
    org_id = organisations[0].id
    partition = await add_partition(superuser, org_id, known["id"])
    path, anything, untested = f"/connections/{known['id']}", {"If-Match": "*"}, {"verify": "false"}
    api = await open_database("ovia_api")

    async def sealed() -> bytes | None:
        async with api.transaction(org_id) as conn:
            return await connections.credentials(conn, org_id, known["id"])

    before = await sealed()
    renamed = (await admins.ours.patch(path, json={"name": "Other"}, headers=anything)).json()
    assert (renamed["name"], renamed["settings"], await sealed()) == ("Other", {}, before)
    assert await superuser.fetchval("select next_due_at > now() from sync_partitions where id = $1", partition)
    settled = (
        await admins.ours.patch(path, json={"settings": {"scopes": ["x"]}}, headers=anything, params=untested)
    ).json()
    assert (settled["name"], settled["settings"], await sealed()) == ("Other", {"scopes": ["x"]}, before)
    await superuser.execute("update sync_partitions set next_due_at = now() + interval '1 day'")
    mended = (
        await admins.ours.patch(path, json={"credentials": {"token": "new"}}, headers=anything, params=untested)
    ).json()
    assert mended["credentials"] == {"set": True, "user": None}
    opened = CredentialsVault(KEY).open(org_id, UUID(known["id"]), await sealed() or b"")
    assert opened == {"token": "new"}
    assert await superuser.fetchval("select next_due_at <= now() from sync_partitions where id = $1", partition)


async def test_settings_and_credentials_that_fail_are_refused_when_changed_too(admins: Admins, gitlab: GitLab) -> None:
    known = (await admins.ours.post("/connections", json=gitlab.wanted())).json()
    path, anything = f"/connections/{known['id']}", {"If-Match": "*"}

    async def changed(**change: Any) -> httpx.Response:
        return await admins.ours.patch(path, json=change, headers=anything)

    wrong = await changed(credentials={"token": "another"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "authentication")
    unseen = await changed(settings={"scopes": ["nobody"]})
    assert (unseen.status_code, unseen.json()["errors"][0]["field"]) == (422, "scopes")
    assert (await admins.ours.get(path)).json() == known
    assert (await changed(settings={"scopes": ["gliders"]})).json()["settings"] == {"scopes": ["gliders"]}
    assert (await changed(credentials={"token": TOKEN})).status_code == 200


async def test_kept_credentials_are_not_led_another_way(admins: Admins, gitlab: GitLab) -> None:
    known = (await admins.ours.post("/connections", json=gitlab.wanted())).json()
    path, anything = f"/connections/{known['id']}", {"If-Match": "*"}
    shown = len(gitlab.asked)
    for settings in ({"proxy": "http://proxy.example:3128"}, {"ca_file": "/tmp/authority.pem"}):
        for verify in ("true", "false"):
            answer = await admins.ours.patch(
                path, json={"settings": settings}, headers=anything, params={"verify": verify}
            )
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "credentials")
    assert len(gitlab.asked) == shown
    given = {"settings": {"proxy": "http://proxy.example:3128"}, "credentials": {"token": TOKEN}}
    answer = await admins.ours.patch(path, json=given, headers=anything, params={"verify": "false"})
    assert answer.status_code == 200


async def test_lists_are_narrowed_and_paged(admins: Admins) -> None:
    for n in range(5):
        await add(admins.ours, f"https://gitlab{n}.fernweh.example", name=f"Source {4 - n}")
    await add(admins.ours, "https://git.fernweh.example/x/", kind="git", name="Wings")
    removed = await add(admins.ours, "https://old.fernweh.example", name="Old")
    await admins.ours.delete(f"/connections/{removed['id']}")

    async def names(**query: Any) -> list[str]:
        body = (await admins.ours.get("/connections", params=query)).json()
        rows = body["data"]
        while body["next"]:
            body = (await admins.ours.get("/connections", params=query | {"cursor": body["next"]})).json()
            rows += body["data"]
        assert body["total"] == len(rows)
        return [row["name"] for row in rows]

    assert await names(limit=2) == [*(f"Source {n}" for n in range(5)), "Wings"]
    assert await names(kind="git") == ["Wings"]
    assert await names(status="removed") == ["Old"]
    assert await names(status="paused") == []


@pytest.mark.parametrize(
    ("user", "shown"),
    [("ada@x.example", "a…@x.example"), ("a@x.example", "…@x.example"), ("ada", "a…"), ("a", "…"), (None, None)],
)
def test_a_user_is_shown_masked(user: str | None, shown: str | None) -> None:
    assert masked(user) == shown
