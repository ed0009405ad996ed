"""Faults of data in words."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from ovia_shared.models.data_quality import PartitionSignal, QualityReason


def by_stream(
    partitions: Sequence[PartitionSignal], code: str, faulty: Callable[[PartitionSignal], bool],
    loss: Callable[[PartitionSignal], float], words: Callable[[Sequence[PartitionSignal]], str], what_to_do: str,
) -> list[QualityReason]:  # fmt: skip
    """One reason for each stream of a connection with such partitions, not one for each of a thousand projects."""
    streams: dict[tuple[str, str, str], list[PartitionSignal]] = {}
    totals: dict[tuple[str, str, str], int] = {}
    for one in partitions:
        key = (one.connection, one.stream, str(one.connection_id))
        totals[key] = totals.get(key, 0) + 1
        if faulty(one):
            streams.setdefault(key, []).append(one)
    found = []
    for (connection, stream, connection_id), some in streams.items():
        total = totals[connection, stream, connection_id]
        whose = f"{stream} of {connection}"
        if some[0].scope:
            whose = f"{stream} of {len(some)} of {many(total, 'project')} of {connection}"
        found.append(
            QualityReason(
                code,
                f"{whose} {words(some)}",
                what_to_do.replace("{id}", connection_id),
                sum(map(loss, some)) / len(partitions),
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
