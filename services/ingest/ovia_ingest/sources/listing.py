"""What a source gives whole every time, such as its users or its projects."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import datetime

from ovia_ingest.sources.reading import Batch, Window
from ovia_shared.database.raw_records import RawRecord

Pages = Callable[[], AsyncGenerator[list[RawRecord]]]


class Listing:
    """Implements `sources.reading.Reading` for a list that has no time filter: everything, every time."""

    whole = True

    def __init__(self, now: Callable[[], Awaitable[datetime]], pages: Pages) -> None:
        self._now = now
        self._pages = pages

    async def now(self) -> datetime:
        return await self._now()

    async def batches(self, window: Window) -> AsyncGenerator[Batch]:  # noqa: ARG002 (there is nothing to narrow)
        async for records in self._pages():
            yield Batch(records)

    async def present(self) -> list[str]:
        raise NotImplementedError("what is listed whole is its own census")

    async def named(self, external_ids: Sequence[str]) -> list[RawRecord]:  # noqa: ARG002
        # A complete list leaves nothing to ask for by name.
        return []
