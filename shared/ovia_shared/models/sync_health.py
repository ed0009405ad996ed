"""How reading a source is going, for whoever watches it."""

from uuid import UUID

import msgspec


class ConnectionHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One connection at this moment. Partitions of projects that are no longer shown count nowhere.

    Each partition is in one state: `running` (held by a reader), `paused` (its connection is), `failing` (the last
    attempt failed), `due` (waits for a reader) or `idle`.
    `lag_seconds`: the age of what is known of its stalest stream, which is the time since its last complete read began,
    or since it was planned if there was none; None while paused.
    `queue_age_seconds`: how long the oldest partition that could be read has been due; 0 if there is none.
    `failures_in_a_row`: the most of any partition. `leases_expired`: readers that vanished and nobody followed.
    `succeeded`, `failed` and `abandoned` are attempts that ended within the last hour, `records` what they read.
    `hints_waiting` are webhook deliveries nobody looked at, `hints_age_seconds` is how long the oldest has waited.
    """

    id: UUID
    kind: str
    name: str
    idle: int
    due: int
    running: int
    failing: int
    paused: int
    lag_seconds: float | None
    queue_age_seconds: float
    failures_in_a_row: int
    leases_expired: int
    succeeded: int
    failed: int
    abandoned: int
    records: int
    dead_letters: int
    hints_waiting: int
    hints_age_seconds: float
