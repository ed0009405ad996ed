"""What a connector gives the one runner. No connector has a sync loop of its own."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec

from ovia_shared.database.dead_letters import DeadLetter
from ovia_shared.database.pool import Connection
from ovia_shared.database.raw_records import RawRecord

Rows = TypeVar("Rows")


class Unusable(Exception):
    """A record that cannot be normalised; the message says why. It becomes a dead letter and stops nothing."""


class Page(msgspec.Struct, frozen=True):
    """Some records and the cursor that stands behind them; both are stored in one transaction, or neither.

    `cursor` is any JSON value; `total` estimates the records of the whole read, for progress. `unreadable` are
    records too broken to be kept as raw JSON. `census` is given only when the source was read completely: the
    external ids of everything it still holds; what it lacks is marked removed, in the same transaction. `compare` asks
    the database, in it too, what the pages behind this one are to hold: (connection, organisation, source connection).
    """

    records: Sequence[RawRecord]
    cursor: Any
    total: int | None = None
    unreadable: Sequence[DeadLetter] = ()
    census: AsyncIterator[list[str]] | None = None
    compare: Callable[[Connection, UUID, UUID], Awaitable[None]] | None = None

    @property
    def decides(self) -> bool:
        """Whether what comes behind it is not known before it is stored."""
        return self.census is not None or self.compare is not None


class Stream(Protocol[Rows]):
    """One kind of record of one source: how to read it, how to understand it, where it goes."""

    @property
    def name(self) -> str:
        """A plural noun: `commits`."""

    @property
    def normaliser_version(self) -> int:
        """Grows when `normalise` gives other rows for the same payload."""

    def pages(self, cursor: Any) -> AsyncGenerator[Page]:
        """Everything since the cursor (None: everything), oldest cursor first. Raises `SourceError`."""

    def normalise(self, payload: bytes) -> Rows:
        """Pure: the canonical rows of one raw payload. Raises `Unusable`."""

    async def store(
        self, conn: Connection, org_id: UUID, connection_id: UUID, rows: Sequence[tuple[UUID, str, Rows]]
    ) -> None:
        """Upserts canonical rows; each comes with the id of its raw record and the record's external id."""

    async def remove_missing(
        self, conn: Connection, org_id: UUID, connection_id: UUID, present: AsyncIterator[list[str]]
    ) -> int:
        """Marks canonical rows that a complete census lacks as removed; returns how many."""
