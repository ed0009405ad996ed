"""Redirects stay on their host; the token never arrives anywhere else."""

from urllib.parse import urlsplit

import pytest
from aiohttp import web

from ovia_shared.errors import SourceError, SourceFault
from ovia_shared.source_client.client import SourceClient
from tests.source_client.conftest import Serve, client_of

TOKEN = {"Authorization": "Bearer hush-hush"}


class Elsewhere:
    """Another host: notes what arrives."""

    def __init__(self) -> None:
        self.arrived: list[str | None] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.arrived.append(request.headers.get("Authorization"))
        return web.json_response({"caught": True})


class Redirecting:
    """Redirects `/from` to the given place and answers everything else."""

    def __init__(self, location: str, status: int = 302) -> None:
        self.location, self.status = location, status
        self.paths: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.paths.append(request.raw_path)
        if request.path.endswith("/from"):
            return web.Response(status=self.status, headers={"Location": self.location})
        return web.json_response({"token": request.headers.get("Authorization")})


async def refusal(client: SourceClient, *, post: bool = False) -> str:
    with pytest.raises(SourceError) as caught:
        await (client.post("/rest/from", {}) if post else client.get("/rest/from"))
    assert caught.value.fault is SourceFault.FATAL
    assert "hush" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_another_host_is_not_asked_and_both_are_named(serve: Serve, status: int) -> None:
    elsewhere = Elsewhere()
    there = await serve(elsewhere.answer)
    here = await serve(Redirecting(f"{there}/jira/rest/from?os_token=hush", status).answer)
    async with client_of(here, headers=TOKEN) as client:
        message = await refusal(client)
    assert elsewhere.arrived == []
    assert f"{here} redirects /rest/from to {there}, which is not followed" in message
    assert f"set the base URL to {there}/jira if" in message


async def test_a_login_page_elsewhere_is_named_by_its_host(serve: Serve) -> None:
    here = await serve(Redirecting("https://sso.company.example/login?to=/rest/from").answer)
    async with client_of(here, headers=TOKEN) as client:
        assert "set the base URL to https://sso.company.example if that is the source" in await refusal(client)


@pytest.mark.parametrize("location", ["", "http://[::1", "javascript:alert(1)", "mailto:ada@x.example"])
async def test_a_redirect_to_nowhere_is_refused(serve: Serve, location: str) -> None:
    source = Redirecting(location)
    async with client_of(await serve(source.answer), headers=TOKEN) as client:
        if location:
            assert "an address that cannot be read" in await refusal(client)
        else:
            assert "redirects more than 3 times" in await refusal(client)


async def test_another_port_and_another_scheme_are_other_places(serve: Serve) -> None:
    here = await serve(Redirecting("").answer)
    for other in (here.replace("http://", "https://"), f"http://127.0.0.1:{(urlsplit(here).port or 0) ^ 1}"):
        redirecting = await serve(Redirecting(f"{other}/rest/from").answer)
        async with client_of(redirecting, headers=TOKEN) as client:
            assert f"to {other}, which is not followed" in await refusal(client)


@pytest.mark.parametrize("location", ["/rest/to?a=%2F+b", "to?a=%2F+b", "{base}/rest/to?a=%2F+b"])
async def test_the_same_host_is_asked_with_the_token(serve: Serve, location: str) -> None:
    source = Redirecting(location)
    base = await serve(source.answer)
    source.location = location.format(base=base)
    async with client_of(base, headers=TOKEN) as client:
        answer = await client.get("/rest/from")
    assert answer.decode(dict[str, str]) == {"token": TOKEN["Authorization"]}
    assert answer.url == f"{base}/rest/to?a=%2F+b"
    assert (source.paths[-1], client.requests) == ("/rest/to?a=%2F+b", 2)


async def test_a_circle_is_left_after_three_redirects(serve: Serve) -> None:
    source = Redirecting("/other/from")
    async with client_of(await serve(source.answer)) as client:
        assert "redirects more than 3 times" in await refusal(client)
    assert len(source.paths) == 4


async def test_a_question_with_a_body_is_not_redirected(serve: Serve) -> None:
    source = Redirecting("/rest/to")
    async with client_of(await serve(source.answer)) as client:
        assert "which is not followed" in await refusal(client, post=True)
    assert source.paths == ["/rest/from"]
