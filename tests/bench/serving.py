"""Services in processes of their own, for those who measure them."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def service(module: str, dsn: str) -> AsyncIterator[tuple[int, int]]:
    """A service in a process of its own; its port, once it answers, and its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "OVIA_DATABASE_URL": dsn,
        "OVIA_PORT": str(port),
        "OVIA_DRAIN_SECONDS": "0",
        "OVIA_REQUESTS_PER_MINUTE": "100000000",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        await process.wait()
