"""Lists that are imported: what is made of each line."""

from enum import StrEnum
from uuid import UUID

import msgspec


class LineOutcome(StrEnum):
    """create: something new. update: something changes. ignore: all is so already. error: see `detail`."""

    CREATE = "create"
    UPDATE = "update"
    IGNORE = "ignore"
    ERROR = "error"


class LineReport(msgspec.Struct, frozen=True):
    """What a line led to, or would. `line` counts from 1, the header being the first."""

    line: int
    outcome: LineOutcome
    detail: str


class ImportReport(msgspec.Struct, frozen=True):
    """An import line by line. `written` is false for a dry run; one with errors writes nothing."""

    written: bool
    created: int
    updated: int
    ignored: int
    errors: int
    lines: list[LineReport]


class KnownAccount(msgspec.Struct, frozen=True):
    """An account of the list of people, and whose it is; `status` is None for an account without a mapping."""

    external_id: str
    identity_id: UUID
    username: str | None
    email: str | None
    display_name: str | None
    person_id: UUID | None
    status: str | None
