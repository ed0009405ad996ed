"""What a connector gives for each of its streams: how to read it, and what one record of it means."""

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

import msgspec

from ovia_shared.database.canonical_tables import Row
from ovia_shared.database.raw_records import RawRecord
from ovia_shared.models.identity import NewIdentity

# Sources say themselves when a read began; clocks and late commits inside a source are covered by reading over.
OVERLAP = timedelta(minutes=10)


class Window(msgspec.Struct, frozen=True):
    """What is to be read: everything changed at or after `since` (None: everything there is).

    `position` is what the last stored batch of this same read carried; None at its beginning.
    """

    since: datetime | None
    position: Any = None


class Batch(msgspec.Struct, frozen=True):
    """Records of one answer of the source, and the position behind them; `total` estimates the whole read."""

    records: Sequence[RawRecord]
    position: Any = None
    total: int | None = None


class Normalised(msgspec.Struct, frozen=True):
    """What one raw record says: canonical rows, and the accounts that it shows.

    Rows name accounts by `NewIdentity.external_id`; every account a row names is among `accounts`.
    """

    rows: tuple[Row, ...] = ()
    accounts: tuple[NewIdentity, ...] = ()


class Reading(Protocol):
    """How one stream of one scope is read. Everything raises `SourceError`; nothing here touches the database."""

    def batches(self, window: Window) -> AsyncGenerator[Batch]:
        """The records of the window, in an order that changes during the read cannot upset.

        What changes meanwhile may come twice or not at all (the next window has it); what does not change must come.
        """

    async def now(self) -> datetime:
        """The source's own time, by its `Date` header."""

    @property
    def whole(self) -> bool:
        """Whether `batches` always gives everything there is; nobody asks for `present` then."""

    async def present(self) -> list[str]:
        """The external ids of everything there is, for a census."""

    async def named(self, external_ids: Sequence[str]) -> list[RawRecord]:
        """These records as they are now, at most 100; those that are no longer there are left out."""


@runtime_checkable
class TellsRestrictions(Protocol):
    """A reading of a source where a record that becomes visible to some people only does not change otherwise."""

    async def restricted(self) -> dict[str, bool]:
        """Whether a record is restricted, for every record there is, by external id."""


class Shape(msgspec.Struct, frozen=True):
    """What a stream's records are and become.

    `kind` is the row that stands for a record: its `external_id` is the record's. None for streams of accounts.
    `parts` are the tables whose rows belong to a record, each with the subject kind where its parent has one.
    `account_source` is the `source` of identities. `lost` says what it means that a complete listing lacks a record:
    removed, access_lost (projects: the account may have lost the permission) or nothing (accounts). `only` narrows
    that comparison to rows with this value in this column, where several streams share a table.
    """

    name: str
    version: int
    normalise: Callable[[bytes], Normalised]
    account_source: str
    kind: type[Row] | None = None
    parts: tuple[tuple[type[Row], str | None], ...] = ()
    lost: str = "removed"
    only: tuple[str, str] | None = None


def part_owner(parent_kind: str | None, external_id: str) -> tuple[str, ...]:
    """The parent a part is found by."""
    return (external_id,) if parent_kind is None else (parent_kind, external_id)
