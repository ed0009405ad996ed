"""How far numbers can be trusted: what is known about the data behind them, and what it comes to."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class Stopped(StrEnum):
    """Why a partition is not being read at all, though its data still counts."""

    PAUSED = "paused"
    REMOVED = "removed"
    ACCESS_LOST = "access_lost"


class PartitionSignal(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of one project of a connection, or of the whole connection where `scope` is empty.

    `seen_until` is when the last complete reading began; None: never read, or not even planned. `read` and
    `announced` are the records of that reading, as we counted and as the source did; None where it did not say.
    """

    connection_id: UUID
    connection: str
    source: str
    stream: str
    scope: str = ""
    seen_until: datetime | None
    failing: bool = False
    stopped: Stopped | None = None
    read: int | None = None
    announced: int | None = None


class LetterSignal(msgspec.Struct, frozen=True, kw_only=True):
    """Records of a stream that could not be understood yet, beside those that were (counted up to a bound)."""

    connection_id: UUID
    connection: str
    stream: str
    open: int
    understood: int


class AccountSignal(msgspec.Struct, frozen=True, kw_only=True):
    """Active accounts of people in a kind of source, and how many of them have a mapping in use."""

    source: str
    accounts: int
    mapped: int


class DerivationSignal(msgspec.Struct, frozen=True, kw_only=True):
    """How far a family of facts follows what was read. `seen_until` None: it was never derived."""

    family: str
    kinds: tuple[str, ...]
    seen_until: datetime | None
    failing: bool = False


class CountSignal(msgspec.Struct, frozen=True, kw_only=True):
    """Of a stream, the records the source sent and the rows that we made of them."""

    connection_id: UUID
    connection: str
    stream: str
    sent: int
    ours: int


class QualitySignals(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known about an organisation's data, at the moment `at`."""

    at: datetime
    partitions: tuple[PartitionSignal, ...] = ()
    letters: tuple[LetterSignal, ...] = ()
    accounts: tuple[AccountSignal, ...] = ()
    derivations: tuple[DerivationSignal, ...] = ()
    counts: tuple[CountSignal, ...] = ()


class QualityReason(msgspec.Struct, frozen=True):
    """One fault. `weight` is how much it takes off its part of the score, from 0 to 1."""

    code: str
    detail: str
    what_to_do: str
    weight: float


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """From 0, worthless, to 1, nothing known to be wrong. `score` is the product of the parts that are known.

    null: nothing is known, because no source is connected that such data would come from. `reasons` are worst first.
    """

    score: float | None
    freshness: float | None
    completeness: float | None
    coverage: float | None
    parity: float | None
    reasons: list[QualityReason]
