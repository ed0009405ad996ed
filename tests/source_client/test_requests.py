"""What a request looks like when it arrives, and where it goes."""

import importlib.metadata
import json
from typing import Any

import pytest
from aiohttp import web

from ovia_shared.errors import InvalidInput, SourceError, SourceFault
from ovia_shared.models.source import SourceSettings
from tests.source_client.conftest import Serve, client_of


class Mirror:
    """Answers with what was asked."""

    def __init__(self) -> None:
        self.seen: list[web.Request] = []
        self.connections: set[object] = set()

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append(request)
        self.connections.add(request.transport)
        text = await request.text()
        found = {"method": request.method, "target": request.raw_path, "body": text}
        return web.json_response(found, headers={"Link": '</api/more?cursor=a%3D%2B+%2f>; rel="next"'})


@pytest.fixture
def mirror() -> Mirror:
    return Mirror()


async def asked(client: Any, *args: Any) -> str:
    answer = await client.get(*args)
    target: str = answer.decode(dict[str, str])["target"]
    return target


async def test_parameters_are_written_as_apis_expect(serve: Serve, mirror: Mirror) -> None:
    async with client_of(await serve(mirror.answer)) as client:
        target = await asked(
            client, "/items", {"jql": "a = 'b c' & d", "expand": ["x", "y"], "all": True, "none": False, "limit": 5}
        )
    assert target == "/items?jql=a+%3D+'b+c'+%26+d&expand=x&expand=y&all=true&none=false&limit=5"


async def test_the_path_is_below_the_base_urls_own(serve: Serve, mirror: Mirror) -> None:
    async with client_of(f"{await serve(mirror.answer)}/jira/") as client:
        assert await asked(client, "/rest/api/2/myself") == "/jira/rest/api/2/myself"
        assert await asked(client, "rest/api/2/myself?a=1", {"b": 2}) == "/jira/rest/api/2/myself?a=1&b=2"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/projects/group%2Fproject", "/projects/group%2Fproject"),
        ("/projects/with space/ü", "/projects/with%20space/%C3%BC"),
        ("/projects/x\r\nX-Evil: 1", "/projects/xX-Evil:%201"),
    ],
)
async def test_a_path_keeps_its_escapes_and_gets_those_it_needs(
    serve: Serve, mirror: Mirror, path: str, target: str
) -> None:
    async with client_of(await serve(mirror.answer)) as client:
        assert await asked(client, path) == target
    assert "X-Evil" not in mirror.seen[0].headers


async def test_a_link_of_the_source_is_followed_byte_for_byte(serve: Serve, mirror: Mirror) -> None:
    async with client_of(f"{await serve(mirror.answer)}/wiki") as client:
        answer = await client.get("/api/v2/pages")
        assert await asked(client, answer.links()["next"]) == "/api/more?cursor=a%3D%2B+%2f"


@pytest.mark.parametrize("link", ["http://elsewhere.example/api", "https://127.0.0.1/api", "http://127.0.0.1:1/api"])
async def test_a_link_that_leads_away_is_not_followed(serve: Serve, mirror: Mirror, link: str) -> None:
    async with client_of(await serve(mirror.answer)) as client:
        with pytest.raises(SourceError, match="set the base URL") as caught:
            await client.get(f"{link}?private_token=hush")
    assert caught.value.fault is SourceFault.FATAL
    assert "hush" not in caught.value.message
    assert (mirror.seen, client.requests) == ([], 0)


async def test_a_link_with_a_user_name_is_not_followed(serve: Serve, mirror: Mirror) -> None:
    base = await serve(mirror.answer)
    async with client_of(base) as client:
        with pytest.raises(SourceError, match="not followed"):
            await client.get(base.replace("http://", "http://ada:hush@") + "/api")
    assert mirror.seen == []


async def test_a_question_goes_as_a_json_body(serve: Serve, mirror: Mirror) -> None:
    async with client_of(await serve(mirror.answer)) as client:
        answer = await client.post("/search", {"jql": "order by id", "fields": ["*all"]}, {"page": 2})
    found = answer.decode(dict[str, str])
    assert (found["method"], found["target"]) == ("POST", "/search?page=2")
    assert json.loads(found["body"]) == {"jql": "order by id", "fields": ["*all"]}
    assert mirror.seen[0].headers["Content-Type"] == "application/json"


async def test_the_source_is_told_who_asks_and_what_for(serve: Serve, mirror: Mirror) -> None:
    async with client_of(await serve(mirror.answer), headers={"Authorization": "Bearer hush"}) as client:
        await client.get("/")
    sent = mirror.seen[0].headers
    assert sent["User-Agent"] == f"ovia/{importlib.metadata.version('ovia-shared')}"
    assert (sent["Authorization"], sent["Accept"]) == ("Bearer hush", "application/json")
    assert "gzip" in sent["Accept-Encoding"]


async def test_a_compressed_answer_is_unpacked(serve: Serve) -> None:
    async def packed(request: web.Request) -> web.Response:
        response = web.json_response(["x" * 1000] * 100)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async with client_of(await serve(packed)) as client:
        answer = await client.get("/")
    assert answer.header("Content-Encoding") == "gzip"
    assert answer.decode(list[str]) == ["x" * 1000] * 100


async def test_cookies_are_not_sent_back(serve: Serve) -> None:
    sent: list[str | None] = []

    async def sets_a_cookie(request: web.Request) -> web.Response:
        sent.append(request.headers.get("Cookie"))
        response = web.json_response({})
        response.set_cookie("JSESSIONID", "1")
        return response

    # By its name: no cookie jar keeps what an IP address sets.
    base = (await serve(sets_a_cookie)).replace("127.0.0.1", "localhost")
    async with client_of(base) as client:
        await client.get("/")
        await client.get("/")
    assert sent == [None, None]


async def test_requests_are_counted_and_share_connections(serve: Serve, mirror: Mirror) -> None:
    async with client_of(await serve(mirror.answer)) as client:
        for _ in range(5):
            await client.get("/")
    assert client.requests == len(mirror.seen) == 5
    assert len(mirror.connections) == 1


async def test_a_client_is_used_inside_async_with() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await client_of("http://127.0.0.1:1").get("/")


@pytest.mark.parametrize("proxy", ["socks5://proxy.example", "not a proxy:x", "http://ada:hush-hush@"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(proxy: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        client_of("http://tracker.example", SourceSettings(proxy=proxy))
    assert caught.value.field == "proxy"
    assert "hush" not in caught.value.message
