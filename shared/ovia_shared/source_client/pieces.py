"""An answer passed on piece by piece, while it is still being read."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

# A slow taker holds the reader back, rather than have the whole answer wait in memory.
_MOST_WAITING = 32


class Pieces:
    """Between who reads an answer and who takes its pieces. `begun`: a piece was passed on."""

    def __init__(self) -> None:
        self.begun = False
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(_MOST_WAITING)

    async def put(self, piece: bytes) -> None:
        """Waits while too many are not taken yet."""
        self.begun = True
        await self._waiting.put(piece)

    @contextlib.asynccontextmanager
    async def taken_from(self, reading: Coroutine[Any, Any, Any]) -> AsyncGenerator[AsyncGenerator[bytes]]:
        """The pieces, while `reading` puts them; what it raises is raised behind the last of them."""
        reader = asyncio.create_task(self._read(reading))
        try:
            async with contextlib.aclosing(self._take(reader)) as taken:
                yield taken
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, reading: Coroutine[Any, Any, Any]) -> None:
        # Not in a `finally`: who is told to end because nobody takes pieces any more must not wait for a taker.
        try:
            await reading
        except Exception:
            await self._waiting.put(None)
            raise
        await self._waiting.put(None)

    async def _take(self, reader: asyncio.Task[None]) -> AsyncGenerator[bytes]:
        while (piece := await self._waiting.get()) is not None:
            yield piece
        await reader
