"""How far a stream of a source was read."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

CENSUS_EVERY = timedelta(days=1)
# A list of everything there is, too, but without it what was restricted stays in sight.
RESTRICTIONS_EVERY = timedelta(minutes=30)


class SourceCursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """The cursor of a partition.

    `complete_since`: everything up to this moment of the source's clock is stored. While a read is under way,
    `started` is when it began, `since` its lower bound and `position` what its last stored batch carried.
    `census_at` is when the source's ids were last compared with ours, `restrictions_at` when what it restricts was.
    """

    complete_since: datetime | None = None
    started: datetime | None = None
    since: datetime | None = None
    position: Any = None
    census_at: datetime | None = None
    restrictions_at: datetime | None = None

    def begun(self, now: datetime, overlap: timedelta) -> "SourceCursor":
        """The cursor of a read that starts now, from a little before the last complete one."""
        since = None if self.complete_since is None else self.complete_since - overlap
        return msgspec.structs.replace(self, started=now, since=since, position=None)

    def moved(self, position: Any) -> "SourceCursor":
        """The cursor behind one more batch."""
        return msgspec.structs.replace(self, position=position)

    def census_due(self, now: datetime) -> bool:
        """A census follows the first read, and then one a day."""
        return self.census_at is None or now - self.census_at >= CENSUS_EVERY

    @property
    def restrictions_due(self) -> bool:
        """Whether this read compares them: the first one does, and then one every half hour."""
        before, now = self.restrictions_at, self.started
        return before is None or now is None or now - before >= RESTRICTIONS_EVERY

    def ended(self) -> "SourceCursor":
        """The cursor of a read that is complete: what changed since it began is the next one's."""
        return SourceCursor(complete_since=self.started, census_at=self.census_at, restrictions_at=self.restrictions_at)

    def as_json(self) -> Any:
        """The form a partition stores."""
        return msgspec.to_builtins(self)
