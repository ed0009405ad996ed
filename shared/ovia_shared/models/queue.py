"""Numbers about the conflict queue."""

import msgspec


class SourceShare(msgspec.Struct, frozen=True):
    """How many conflicts come from one source."""

    source: str
    count: int


class Band(msgspec.Struct, frozen=True):
    """How many conflicts have a confidence from `low` up to `high`."""

    low: float
    high: float
    count: int


class QueueStats(msgspec.Struct, frozen=True):
    """The queue now. Ages are seconds since the engine first asked; rates are shares from 0 to 1, null without data.

    `coverage`: human accounts whose mapping is in use. `conflict_rate`: human accounts that wait for a decision.
    `verified_rate`: mappings in use that a person confirmed.
    """

    size: int
    age_seconds_p50: float | None
    age_seconds_p90: float | None
    age_seconds_oldest: float | None
    by_source: list[SourceShare]
    by_confidence: list[Band]
    by_status: dict[str, int]
    accounts: int
    coverage: float | None
    conflict_rate: float | None
    verified_rate: float | None
