"""Answers that are taken piece by piece."""

import asyncio

import pytest
from aiohttp import web

from ovia_shared.errors import SourceError, SourceRefused
from tests.source_client.conftest import Serve, ServeRaw, client_of


async def _taken(base: str, limit: int | None = None, into: list[bytes] | None = None) -> list[bytes]:
    found: list[bytes] = [] if into is None else into
    async with client_of(base) as client, client.stream("/say", {"a": 1}) as pieces:
        async for piece in pieces:
            found.append(piece)
            if limit is not None and len(found) >= limit:
                break
    return found


async def test_pieces_come_before_the_answer_is_whole(serve: Serve) -> None:
    seen = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"data: one\n\n")
        await seen.wait()
        await answer.write(b"data: two\n\n")
        return answer

    base = await serve(handler)
    found = b""
    async with client_of(base) as client, client.stream("/say", {}) as pieces:
        async for piece in pieces:
            found += piece
            seen.set()
    assert found == b"data: one\n\ndata: two\n\n"


async def test_it_is_asked_again_before_the_first_piece(serve: Serve) -> None:
    asked = 0

    async def handler(_: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        return web.Response(status=503) if asked < 3 else web.Response(body=b"data: here\n\n")

    assert b"".join(await _taken(await serve(handler))) == b"data: here\n\n"
    assert asked == 3


async def test_what_is_cut_after_a_piece_is_not_asked_again(serve_raw: ServeRaw) -> None:
    asked = 0

    async def cut(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata:\r\n")
        await writer.drain()

    found: list[bytes] = []
    with pytest.raises(SourceError, match="lost before the answer was whole"):
        await _taken(await serve_raw(cut), into=found)
    assert (found, asked) == ([b"data:"], 1)


async def test_a_refusal_is_raised_and_passes_nothing_on(serve: Serve) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.json_response({"error": "no such model"}, status=404)

    with pytest.raises(SourceRefused, match="404"):
        await _taken(await serve(handler))


async def test_leaving_early_ends_the_request(serve: Serve) -> None:
    ended = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"data: more\n\n" * 1000)
                await asyncio.sleep(0)
        except (ConnectionError, asyncio.CancelledError):
            ended.set()
            raise

    assert len(await _taken(await serve(handler), limit=1)) == 1
    await asyncio.wait_for(ended.wait(), 10)
