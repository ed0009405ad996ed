"""Connections that break, hang, dribble or were never there."""

import asyncio
import socket
import time

import pytest

from ovia_shared.errors import SourceError, SourceFault
from ovia_shared.models.source import SourceSettings
from tests.source_client.conftest import RawHandler, ServeRaw, client_of

WHOLE = b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Type: application/json\r\n\r\n{"a": [1]}'.replace(
    b"9\r", b"10\r"
)


async def says_nothing(_: bytes, __: asyncio.StreamWriter) -> None:
    pass


async def resets(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def cuts_the_head(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(WHOLE[:30])


async def cuts_the_body(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(WHOLE[:-4])


async def cuts_a_chunk(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"a": ')


async def forgets_the_last_chunk(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n{"a": [1]}\r\n')


async def sends_half_without_a_length(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\n\r\n{"a": [1')


async def sends_broken_gzip(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd")


async def speaks_something_else(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP\r\n")


BREAKS = [
    says_nothing, resets, cuts_the_head, cuts_the_body, cuts_a_chunk, forgets_the_last_chunk,
    sends_half_without_a_length, sends_broken_gzip, speaks_something_else,
]  # fmt: skip


class Counted:
    """Breaks so many times, then answers."""

    def __init__(self, breaks: RawHandler, times: int) -> None:
        self.breaks, self.times, self.connections = breaks, times, 0

    async def handle(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.connections > self.times:
            writer.write(WHOLE)
        else:
            await self.breaks(head, writer)


@pytest.mark.parametrize("breaks", BREAKS)
async def test_a_broken_answer_is_asked_for_again(serve_raw: ServeRaw, breaks: RawHandler) -> None:
    server = Counted(breaks, 2)
    async with client_of(await serve_raw(server.handle)) as client:
        answer = await client.get("/")
    assert answer.decode(dict[str, list[int]]) == {"a": [1]}
    assert client.requests == server.connections == 3


@pytest.mark.parametrize("breaks", BREAKS)
async def test_answers_that_stay_broken_end_after_the_tries_that_are_set(
    serve_raw: ServeRaw, breaks: RawHandler
) -> None:
    server = Counted(breaks, 99)
    async with client_of(await serve_raw(server.handle), SourceSettings(max_tries=3)) as client:
        with pytest.raises(SourceError, match=r"\(tried 3 times\)$") as caught:
            await client.get("/")
    assert caught.value.fault is SourceFault.RETRIABLE
    assert server.connections == 3


async def test_silence_ends_after_the_timeout(serve_raw: ServeRaw) -> None:
    async def hangs(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE[:40])
        await asyncio.sleep(1)

    async with client_of(await serve_raw(hangs), SourceSettings(timeout_seconds=0.2, max_tries=1)) as client:
        with pytest.raises(SourceError, match=r"takes longer than 0\.2 s to answer$"):
            await client.get("/")


async def test_a_dribbling_body_ends_after_four_times_the_timeout(serve_raw: ServeRaw) -> None:
    async def dribbles(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _count in range(100):
            writer.write(b" ")
            await asyncio.sleep(0.05)

    started = time.monotonic()
    async with client_of(await serve_raw(dribbles), SourceSettings(timeout_seconds=0.15, max_tries=1)) as client:
        with pytest.raises(SourceError, match="takes longer"):
            await client.get("/")
    # Had it waited for the last of the drops, it would have been told of a body that was cut.
    assert time.monotonic() - started > 0.5


async def test_an_endless_refusal_is_not_read_to_its_end(serve_raw: ServeRaw) -> None:
    async def rambles(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 100000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with client_of(await serve_raw(rambles)) as client:
        with pytest.raises(SourceError, match="404 for /"):
            await client.get("/")


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced(serve_raw: ServeRaw) -> None:
    server = Counted(says_nothing, 0)
    async with client_of(await serve_raw(server.handle)) as client:
        for _ in range(3):
            await client.get("/")
            await asyncio.sleep(0.01)
    assert server.connections == 3


async def test_a_port_where_nobody_listens_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        async with client_of(f"http://127.0.0.1:{port}", SourceSettings(max_tries=2)) as client:
            with pytest.raises(SourceError, match=f"http://127.0.0.1:{port} refuses the connection") as caught:
                await client.get("/")
    assert caught.value.fault is SourceFault.RETRIABLE


async def test_a_name_nobody_knows_is_named() -> None:
    async with client_of("http://nowhere.invalid", SourceSettings(max_tries=1)) as client:
        with pytest.raises(SourceError, match=r"http://nowhere\.invalid: the name cannot be resolved"):
            await client.get("/")


async def test_stopping_stops_a_request_at_once(serve_raw: ServeRaw) -> None:
    async def hangs(_: bytes, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)

    async with client_of(await serve_raw(hangs)) as client:
        asking = asyncio.create_task(client.get("/"))
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
