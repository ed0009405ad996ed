"""What is kept for a time only, as it is told."""

from datetime import datetime
from uuid import UUID

import msgspec


class PruneRun(msgspec.Struct, frozen=True):
    """The last time that what was too old was dropped: by whom, and how many rows of what."""

    ran_at: datetime
    actor: str
    dropped: dict[str, int]


class Kept(msgspec.Struct, frozen=True):
    """One thing, and how long it is kept.

    `days` is what the last run of `ovia admin prune` was told; null: for ever, if `known`, and not known otherwise.
    `setting` is the variable that says so, null where nothing can be set; `default_days` null: for ever. `stays` is
    what is kept however old.
    """

    what: str
    setting: str | None
    known: bool
    days: int | None
    default_days: int | None
    least_days: int
    stays: str | None


class Retention(msgspec.Struct, frozen=True):
    """What is kept how long.

    `last_run` is null where nothing was ever dropped by age: then no setting is known. `facts_known_since`: what was
    believed before cannot be asked for; null: all is kept.
    """

    kept: list[Kept]
    last_run: PruneRun | None
    facts_known_since: datetime | None


class Erase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`display_name` is the person's name exactly as shown: said again because this cannot be undone. A dry run goes
    without."""

    display_name: str | None = None


class Erasure(msgspec.Struct, frozen=True):
    """What erasing somebody changed, or would change.

    `display_name` is what they are called from then on; `merged` counts people merged into them, who are erased along;
    `mappings` rows whose reasons named them, `events` entries of the log of decisions, `views` looks at their page,
    `tokens` their own that were revoked. `stays` says what is not erased.
    """

    person_id: UUID
    dry_run: bool
    erased_at: datetime | None
    display_name: str
    merged: int
    accounts: int
    mappings: int
    events: int
    views: int
    tokens: int
    stays: list[str]
