"""How far numbers can be trusted: what is known about the data behind them, and what it comes to."""

from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

Item = TypeVar("Item")


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


class QualitySignals(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All that is known about an organisation's data, at the moment `at`. One is equal to itself alone."""

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


class StreamQuality(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of a connection, all its projects taken together.

    `lag_seconds` is that of the project that is furthest behind, null if one was never read. `announced` and `read` are
    the records of the last readings, as the source had counted them and as they came; `sent` and `ours` all different
    records it ever sent, and the rows we have of them. null is unknown.
    """

    connection_id: UUID
    connection: str
    source: str
    stream: str
    partitions: int
    complete: int
    failing: int
    never_read: int
    stopped: dict[Stopped, int]
    lag_seconds: float | None
    dead_letters: int
    announced: int | None
    read: int | None
    sent: int | None
    ours: int | None
    reasons: list[QualityReason]


class AccountsQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Active accounts of people in one kind of source; `coverage` is null where there are none."""

    source: str
    accounts: int
    mapped: int
    coverage: float | None
    what_to_do: str | None


class DerivationQuality(msgspec.Struct, frozen=True, kw_only=True):
    """How far a family of facts follows what was read. Null: it was never derived."""

    family: str
    lag_seconds: float | None
    seconds: float | None
    error: str | None
    error_at: datetime | None
    what_to_do: str | None


class UnmappedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A status that is none of to do, in progress and done, with the items that are in it now."""

    connection_id: UUID
    project_external_id: str | None
    project: str | None
    status: str
    items: int


class Named(msgspec.Struct, frozen=True):
    """A product or a team."""

    id: UUID
    name: str


class LoneProject(msgspec.Struct, frozen=True):
    """A project that belongs to no product."""

    connection_id: UUID
    external_id: str
    key: str
    name: str


class Gap(msgspec.Struct, Generic[Item], frozen=True):
    """What is missing before numbers say what they should: the first hundred, and how many there are.

    `what_to_do` is null where nothing is missing.
    """

    total: int
    data: list[Item]
    what_to_do: str | None


class DataQuality(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation's data at a glance: what is wrong with it, worst first, and what to do about each."""

    as_of: datetime
    quality: Quality
    streams: list[StreamQuality]
    accounts: list[AccountsQuality]
    derivations: list[DerivationQuality]
    unmapped_statuses: Gap[UnmappedStatus]
    products_without_projects: Gap[Named]
    projects_without_product: Gap[LoneProject]
    teams_without_members: Gap[Named]
