"""Faults of data in words."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from ovia_shared.models.data_quality import PartitionSignal, QualityReason


class Streams:
    """The streams that partitions belong to: a fault is told once for each, not for each of a thousand projects."""

    def __init__(self, partitions: Sequence[PartitionSignal]) -> None:
        self.partitions = len(partitions)
        self._sizes = Counter((one.connection_id, one.stream) for one in partitions)

    def reasons(
        self, code: str, faulty: Iterable[PartitionSignal], loss: Callable[[PartitionSignal], float],
        words: Callable[[Sequence[PartitionSignal]], str], what_to_do: str,
    ) -> list[QualityReason]:  # fmt: skip
        """One for each stream with such partitions. What they lose is a share of what there is."""
        streams: dict[tuple[UUID, str], list[PartitionSignal]] = {}
        for one in faulty:
            streams.setdefault((one.connection_id, one.stream), []).append(one)
        found = []
        for key, some in streams.items():
            connection_id, stream = key
            whose = f"{stream} of {some[0].connection}"
            if some[0].scope:
                whose = f"{stream} of {len(some)} of {many(self._sizes[key], 'project')} of {some[0].connection}"
            found.append(
                QualityReason(
                    code,
                    f"{whose} {words(some)}",
                    what_to_do.replace("{id}", str(connection_id)),
                    sum(map(loss, some)) / self.partitions,
                )
            )
        return found


def hours(late: timedelta) -> str:
    """A length of time in words."""
    passed = late / timedelta(hours=1)
    if passed < 1:
        return f"{passed * 60:.0f} minutes"
    return f"{passed:.1f} hours" if passed < 48 else f"{passed / 24:.1f} days"


def many(number: int, noun: str) -> str:
    """A number of things in words."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
