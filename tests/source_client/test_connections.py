"""Where connections may go, and through which proxy."""

import asyncio
import base64
import socket
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from ovia_shared.errors import SourceError, SourceFault
from ovia_shared.models.source import SourceSettings
from ovia_shared.source_client.transport import Postponed, open_session
from tests.source_client.conftest import Serve, ServeRaw, client_of


def pretend(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """Makes the names of this test lead to these addresses, one after the other and the last for ever."""
    left = list(answers)

    async def resolve(_: Any, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        address = left.pop(0) if len(left) > 1 else left[0]
        found = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [{"hostname": host, "host": address, "port": port, "family": found, "proto": 0, "flags": 0}]

    monkeypatch.setattr(aiohttp.DefaultResolver, "resolve", resolve)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254"])
async def test_a_name_that_leads_to_the_machine_itself_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    pretend(monkeypatch, address)
    async with client_of("http://tracker.example") as client:
        with pytest.raises(SourceError, match="allow_link_local") as caught:
            await client.get("/latest/meta-data")
    assert (caught.value.fault, client.requests) == (SourceFault.FATAL, 1)


async def test_a_name_that_changes_where_it_leads_is_looked_at_each_time(
    monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    async def once(request: web.Request) -> web.Response:
        return web.json_response({}, headers={"Connection": "close"})

    port = (await serve(once)).rpartition(":")[2]
    pretend(monkeypatch, "127.0.0.1", "169.254.169.254")
    async with client_of(f"http://tracker.example:{port}") as client:
        await client.get("/")
        client._session.connector.clear_dns_cache()  # type: ignore[union-attr]
        with pytest.raises(SourceError, match="allow_link_local"):
            await client.get("/")


async def test_link_local_addresses_are_reached_when_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "169.254.169.254")
    settings = SourceSettings(allow_link_local=True, max_tries=1, timeout_seconds=0.05)
    async with client_of("http://tracker.example", settings) as client:
        with pytest.raises(SourceError) as caught:
            await client.get("/")
    assert "allow_link_local" not in caught.value.message


async def test_a_gate_that_closes_while_connecting_lets_nothing_through(serve: Serve) -> None:
    arrived: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        arrived.append(request.transport)
        return web.json_response({})

    shut = [True, False]
    session = open_session(SourceSettings(), None, lambda _: shut.pop(0), 1)
    base = await serve(answer)
    async with session:
        with pytest.raises(Postponed):
            await session.get(base)
        assert arrived == []
        async with session.get(base) as response:
            assert response.status == 200
    assert len(arrived) == 1


class Proxy:
    """An HTTP proxy that answers by itself and notes what it was asked."""

    def __init__(self, status: str = "200 OK") -> None:
        self.status = status
        self.asked: list[str] = []

    async def answer(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        self.asked.append(head.decode())
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 2\r\n\r\n{{}}".encode())


async def test_a_connections_own_proxy_is_asked_with_its_password(serve_raw: ServeRaw) -> None:
    proxy = Proxy()
    address = (await serve_raw(proxy.answer)).replace("http://", "http://ada:hush-hush@")
    async with client_of("http://tracker.example/x", SourceSettings(proxy=address)) as client:
        await client.get("/items")
    assert proxy.asked[0].startswith("GET http://tracker.example/x/items HTTP/1.1\r\n")
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'ada:hush-hush').decode()}" in proxy.asked[0]


async def test_the_proxy_of_the_environment_is_asked_unless_the_host_is_exempt(
    serve_raw: ServeRaw, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy()
    monkeypatch.setenv("HTTP_PROXY", await serve_raw(proxy.answer))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    async def direct(request: web.Request) -> web.Response:
        return web.json_response({})

    async with client_of(await serve(direct)) as client:
        await client.get("/")
    assert proxy.asked == []
    async with client_of("http://tracker.example") as client:
        await client.get("/")
    assert len(proxy.asked) == 1


@pytest.mark.parametrize(
    ("status", "hint", "fault"),
    [
        ("407 Who are you", "wants other credentials", SourceFault.FATAL),
        ("403 Forbidden", "refuses to connect there", SourceFault.FATAL),
        ("502 Bad Gateway", "could not connect", SourceFault.RETRIABLE),
    ],
)
async def test_a_proxy_that_will_not_connect_is_named_without_its_password(
    serve_raw: ServeRaw, status: str, hint: str, fault: SourceFault
) -> None:
    proxy = Proxy(status)
    plain = await serve_raw(proxy.answer)
    settings = SourceSettings(proxy=plain.replace("http://", "http://ada:hush-hush@"), max_tries=1)
    async with client_of("https://tracker.example", settings, {"PRIVATE-TOKEN": "tok-tok"}) as client:
        with pytest.raises(SourceError, match=f"the proxy {plain} {hint}") as caught:
            await client.get("/")
    assert caught.value.fault is fault
    assert "hush" not in caught.value.message
    assert proxy.asked[0].startswith("CONNECT tracker.example:443 ")
    assert "tok-tok" not in proxy.asked[0]


async def test_a_proxy_that_is_not_there_is_named(serve: Serve) -> None:
    settings = SourceSettings(proxy="http://ada:hush-hush@127.0.0.1:1", max_tries=1)
    async with client_of("http://tracker.example", settings) as client:
        with pytest.raises(SourceError, match=r"the proxy http://127\.0\.0\.1:1 refuses the connection") as caught:
            await client.get("/")
    assert "hush" not in caught.value.message
