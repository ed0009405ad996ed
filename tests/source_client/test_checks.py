"""The check of a connection says what is right, and exactly what is wrong."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from ovia_shared.errors import InvalidInput, SourceError, SourceFault
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.source import Deployment, SourceCredentials, SourceSettings
from ovia_shared.source_client import checks
from ovia_shared.source_client.checks import ConnectionReport, check, detect_deployment
from tests.source_client.conftest import PLAIN, Serve, ServeRaw, client_of
from tests.source_client.products import (
    TOKEN,
    USER_TOKEN,
    WRONG,
    Fake,
    confluence_cloud,
    confluence_data_center,
    forbidden,
    gitlab,
    jira_cloud,
    jira_data_center,
)

JIRA, GITLAB, CONFLUENCE = ConnectionKind.JIRA, ConnectionKind.GITLAB, ConnectionKind.CONFLUENCE
CLOUD, DATA_CENTER = Deployment.CLOUD, Deployment.DATA_CENTER

SOURCES: dict[str, tuple[ConnectionKind, Any, Deployment, str | None, str, tuple[str, ...]]] = {
    "jira cloud": (JIRA, jira_cloud, CLOUD, "1001.0.0", "Ada Beispiel", ("ENG",)),
    "jira data center": (JIRA, jira_data_center, DATA_CENTER, "9.12.2", "Ada Beispiel", ("ENG",)),
    "gitlab": (GITLAB, gitlab, DATA_CENTER, "17.5.1-ee", "ada", ("tools/core", "tools/core/ovia")),
    "confluence cloud": (CONFLUENCE, confluence_cloud, CLOUD, None, "Ada Beispiel", ("DOCS",)),
    "confluence data center": (CONFLUENCE, confluence_data_center, DATA_CENTER, None, "Ada Beispiel", ("DOCS",)),
}


async def report(
    serve: Serve,
    kind: ConnectionKind,
    fake: Fake,
    *,
    path: str = "",
    settings: SourceSettings = PLAIN,
    credentials: SourceCredentials | None = TOKEN,
) -> ConnectionReport:
    return await check(kind, f"{await serve(fake.answer)}{path}", settings, credentials)


def wrong(found: ConnectionReport) -> tuple[str, str]:
    """The step that failed, the only one and the last, and what was said."""
    assert not found.ok
    assert [finding.ok for finding in found.findings].count(False) == 1
    assert not found.findings[-1].ok
    return found.findings[-1].step, found.findings[-1].message


@pytest.mark.parametrize("credentials", [TOKEN, USER_TOKEN])
@pytest.mark.parametrize("scoped", [False, True])
@pytest.mark.parametrize("name", SOURCES)
async def test_a_connection_that_works_is_told_step_by_step(
    serve: Serve, name: str, scoped: bool, credentials: SourceCredentials
) -> None:
    kind, fake, deployment, version, account, scopes = SOURCES[name]
    settings = SourceSettings(scopes=scopes if scoped else ())
    found = await report(serve, kind, fake(), settings=settings, credentials=credentials)
    assert found.ok, found
    assert (found.deployment, found.server_version, found.account) == (deployment, version, account)
    assert [finding.step for finding in found.findings] == [
        "address", "dns", "connect", "reach", "authentication", "scopes" if scoped else "permission",
    ]  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
async def test_a_wrong_token_is_told(serve: Serve, name: str) -> None:
    kind, fake, *_ = SOURCES[name]
    for credentials in (WRONG, None):
        step, message = wrong(await report(serve, kind, fake(), credentials=credentials))
        assert step == "authentication"
        assert "enter a new token" in message
        assert "wrong-token" not in message


@pytest.mark.parametrize("name", SOURCES)
async def test_a_scope_that_cannot_be_seen_is_named(serve: Serve, name: str) -> None:
    kind, fake, *_, scopes = SOURCES[name]
    settings = SourceSettings(scopes=(*scopes, "no/such one"))
    step, message = wrong(await report(serve, kind, fake(), settings=settings))
    assert step == "scopes"
    assert "no/such one does not exist, or this account may not see it" in message


def _as_nobody(_: web.Request) -> web.Response:
    return web.json_response({"name": "x"}, headers={"X-AUSERNAME": "anonymous"})


@pytest.mark.parametrize(
    ("kind", "fake", "credentials"),
    [
        (JIRA, jira_cloud({"/rest/api/3/myself": {"displayName": "Anonymous"}}), TOKEN),
        (JIRA, jira_data_center({"/rest/api/2/myself": _as_nobody}), TOKEN),
        (CONFLUENCE, confluence_data_center({"/rest/api/user/current": {"type": "anonymous"}}), TOKEN),
        (GITLAB, gitlab({"/api/v4/user": {"username": "ada", "state": "blocked"}}), TOKEN),
    ],
)  # fmt: skip
async def test_a_view_for_nobody_is_not_taken_for_success(
    serve: Serve, kind: ConnectionKind, fake: Fake, credentials: SourceCredentials
) -> None:
    step, message = wrong(await report(serve, kind, fake, credentials=credentials))
    assert step == "authentication"
    assert "as it would answer nobody" in message


@pytest.mark.parametrize("scopes", [(), ("tools/core",)])
async def test_a_token_without_read_api_is_told_so(serve: Serve, scopes: tuple[str, ...]) -> None:
    def lacks(_: web.Request) -> web.Response:
        return forbidden(error="insufficient_scope", scope="api read_api")

    fake = gitlab({"/api/v4/user": lacks})
    step, message = wrong(await report(serve, GITLAB, fake, settings=SourceSettings(scopes=scopes)))
    assert step == "permission"
    assert "make one with read_api" in message


@pytest.mark.parametrize(
    ("kind", "fake", "noun"),
    [
        (JIRA, jira_cloud({"/rest/api/3/project/search": {"values": []}}), "project"),
        (GITLAB, gitlab({"/api/v4/projects": []}), "group or project"),
        (CONFLUENCE, confluence_data_center({"/rest/api/space": {"results": []}}), "space"),
    ],
)
async def test_an_account_that_sees_nothing_is_told_so(
    serve: Serve, kind: ConnectionKind, fake: Fake, noun: str
) -> None:
    assert wrong(await report(serve, kind, fake)) == ("permission", f"this account sees no {noun}; grant it some")


@pytest.mark.parametrize(
    ("kind", "fake", "given", "right"),
    [
        (JIRA, jira_cloud(), "/wiki", ""),
        (JIRA, jira_cloud(), "/jira/software/c/projects", ""),
        (JIRA, jira_data_center(context="/jira"), "", "/jira"),
        (JIRA, jira_data_center(context="/jira"), "/jira/browse", "/jira"),
        (GITLAB, gitlab(), "/api/v4", ""),
        (GITLAB, gitlab(), "/tools/core", ""),
        (GITLAB, gitlab(context="/gitlab"), "", "/gitlab"),
        (CONFLUENCE, confluence_cloud(), "/wiki/spaces/DOCS", "/wiki"),
        (CONFLUENCE, confluence_data_center(context="/confluence"), "", "/confluence"),
        (CONFLUENCE, confluence_data_center(context="/wiki"), "", "/wiki"),
        (CONFLUENCE, confluence_data_center(), "/display/DOCS", ""),
    ],
)
async def test_a_wrong_path_is_answered_with_the_right_one(
    serve: Serve, kind: ConnectionKind, fake: Fake, given: str, right: str
) -> None:
    base = await serve(fake.answer)
    step, message = wrong(await check(kind, f"{base}{given}", PLAIN, TOKEN))
    assert step == "reach"
    assert message.endswith(f"; set the base URL to {base}{right}")


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("kind", [JIRA, GITLAB, CONFLUENCE])
async def test_somebody_elses_home_page_is_told(serve: Serve, kind: ConnectionKind, status: int) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>Welcome</html>", content_type="text/html")

    step, message = wrong(await check(kind, await serve(page), PLAIN, TOKEN))
    assert step == "reach"
    assert "nothing like" in message
    assert "check the base URL" in message


async def test_confluence_cloud_may_be_given_with_or_without_wiki(serve: Serve) -> None:
    base = await serve(confluence_cloud().answer)
    for address in (base, f"{base}/wiki", f"{base}/wiki/"):
        found = await check(CONFLUENCE, address, SourceSettings(scopes=("DOCS",)), USER_TOKEN)
        assert (found.ok, found.deployment) == (True, CLOUD)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("told", [CLOUD, DATA_CENTER])
async def test_another_deployment_than_the_one_that_was_set_is_told(serve: Serve, name: str, told: Deployment) -> None:
    kind, fake, deployment, *_ = SOURCES[name]
    found = await report(serve, kind, fake(), settings=SourceSettings(deployment=told))
    if kind is GITLAB:
        assert (found.ok, found.deployment) == (True, told)
    elif told is deployment:
        assert found.ok
    else:
        wanted, answering = ("Cloud", "Data Center") if told is CLOUD else ("Data Center", "Cloud")
        title = name.partition(" ")[0].title()
        message = f"the deployment is set to {wanted}, and {title} {answering} answers; set it to auto"
        assert wrong(found) == ("reach", message)


async def test_a_version_without_a_list_of_projects_is_not_held_against_the_account(serve: Serve) -> None:
    fake = jira_cloud()
    del fake.replies["/rest/api/3/project/search"]
    assert (await report(serve, JIRA, fake)).ok


async def test_a_redirect_elsewhere_is_told(serve: Serve) -> None:
    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": f"https://new.example{request.raw_path}"})

    step, message = wrong(await check(JIRA, await serve(redirect), PLAIN, TOKEN))
    assert step == "reach"
    assert "set the base URL to https://new.example" in message


@pytest.mark.parametrize(
    ("address", "settings", "step", "told"),
    [
        ("jira.example", PLAIN, "address", "begin with https"),
        ("http://169.254.169.254", PLAIN, "address", "allow_link_local"),
        ("http://nowhere.invalid", PLAIN, "dns", "cannot be resolved"),
        ("http://127.0.0.1:1", PLAIN, "connect", "refuses the connection"),
        ("https://tracker.example", SourceSettings(ca_file="/no/such.pem"), "tls", "such.pem"),
        ("https://tracker.example", SourceSettings(proxy="socks4://x"), "connect", "proxy"),
        ("https://tracker.example", SourceSettings(proxy="http://127.0.0.1:1"), "connect", "the proxy http://127.0.0.1:1"),
    ],
)  # fmt: skip
async def test_what_cannot_be_reached_is_told_by_its_step(
    address: str, settings: SourceSettings, step: str, told: str
) -> None:
    found = wrong(await check(JIRA, address, settings, TOKEN))
    assert found[0] == step
    assert told in found[1]


async def test_a_token_that_cannot_be_sent_is_told() -> None:
    found = await check(JIRA, "https://tracker.example", PLAIN, SourceCredentials("a\nb"))
    assert wrong(found)[0] == "authentication"


async def test_a_source_in_trouble_is_asked_once(serve: Serve) -> None:
    asked = 0

    async def down(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=503, headers={"Retry-After": "3000"})

    step, message = wrong(await check(GITLAB, await serve(down), PLAIN, TOKEN))
    assert (step, asked) == ("reach", 1)
    assert "503" in message


async def test_a_check_ends_in_time(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LONGEST_CHECK", 0.2)

    async def hangs(_: web.Request) -> web.Response:
        await asyncio.sleep(1)
        return web.Response()

    step, message = wrong(await check(JIRA, await serve(hangs), PLAIN, TOKEN))
    assert (step, message) == ("reach", "no answer to everything within 0.2 s")


async def test_silence_is_told_as_such(serve_raw: ServeRaw) -> None:
    async def hangs(_: bytes, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)

    found = await check(JIRA, await serve_raw(hangs), SourceSettings(timeout_seconds=0.1), TOKEN)
    assert wrong(found)[0] == "reach"
    assert "takes longer than 0.1 s" in wrong(found)[1]


async def test_git_is_not_checked_here() -> None:
    with pytest.raises(InvalidInput, match="git"):
        await check(ConnectionKind.GIT, "https://git.example/x.git", PLAIN, None)


@pytest.mark.parametrize("name", SOURCES)
async def test_the_deployment_is_found_by_asking(serve: Serve, name: str) -> None:
    kind, fake, deployment, *_ = SOURCES[name]
    headers = {"Authorization": "Bearer right-token", "PRIVATE-TOKEN": "right-token"}
    async with client_of(await serve(fake().answer), headers=headers) as client:
        assert await detect_deployment(kind, client) is deployment


async def test_a_deployment_that_cannot_be_found_is_an_error_that_lasts(serve: Serve) -> None:
    async with client_of(await serve(Fake({}).answer)) as client:
        with pytest.raises(SourceError, match="nothing like Jira answers") as caught:
            await detect_deployment(JIRA, client)
    assert caught.value.fault is SourceFault.FATAL
