"""A body that is announced and never sent: a service closes on who goes on sending one that is too large."""

import asyncio

import httpx

from tests.api.conftest import Service


async def announced(service: Service, path: str, length: int) -> str:
    """The status of the answer to a body that is only announced."""
    url = httpx.URL(service.address)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
    line = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    return line.decode().split()[1]
