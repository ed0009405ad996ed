"""The parts of data quality that are shares of something, whenever the data has to reach. See `quality`."""

from collections.abc import Callable, Sequence

from ovia_shared.kpis.faults import Streams, many
from ovia_shared.models.data_quality import (
    AccountSignal,
    CountSignal,
    LetterSignal,
    PartitionSignal,
    QualityReason,
    Stopped,
)

_Part = tuple[float | None, list[QualityReason]]


def whole(one: PartitionSignal) -> bool:
    """Whether a partition was read to its end, did not fail since, and is still shown by its source."""
    return one.seen_until is not None and not one.failing and one.stopped is not Stopped.ACCESS_LOST


def understood(one: LetterSignal) -> float:
    """The share of a stream's records that could be understood."""
    return 1.0 if one.open == 0 else one.understood / (one.open + one.understood)


_FAULTS: tuple[tuple[str, Callable[[PartitionSignal], bool], str, str], ...] = (
    (
        "access_lost", lambda one: one.stopped is Stopped.ACCESS_LOST, "are no longer shown by the source",
        "give the account of the connection access again",
    ),
    (
        "failing", lambda one: one.stopped is not Stopped.ACCESS_LOST and one.failing,
        "failed the last time they were read", "see the error at GET /sync",
    ),
    (
        "never_read",
        lambda one: one.stopped is not Stopped.ACCESS_LOST and not one.failing and one.seen_until is None,
        "were never read to their end", "see the progress at GET /sync",
    ),
)  # fmt: skip


def _saying(words: str) -> Callable[[Sequence[PartitionSignal]], str]:
    return lambda _: words


def completeness_of(
    partitions: Sequence[PartitionSignal], streams: Streams, letters: Sequence[LetterSignal]
) -> tuple[float, list[QualityReason]]:
    reasons: list[QualityReason] = []
    broken = [one for one in partitions if not whole(one)]
    for code, of_this_kind, words, what_to_do in _FAULTS if broken else ():
        some = [one for one in broken if of_this_kind(one)]
        reasons += streams.reasons(code, some, lambda _: 1.0, _saying(words), what_to_do)
    reasons += [
        QualityReason(
            "dead_letters",
            f"{many(one.open, 'record')} of {one.stream} from {one.connection} could not be understood",
            "see them at GET /sync/dead-letters, and try them once more: POST /sync/dead-letters/replay",
            1 - understood(one),
        )
        for one in letters
        if one.open
    ]  # fmt: skip
    read = 1 - len(broken) / len(partitions)
    return read * min(map(understood, letters), default=1.0), reasons


def coverage_of(accounts: Sequence[AccountSignal]) -> _Part:
    total = sum(one.accounts for one in accounts)
    if not total:
        return None, []
    reasons = [
        QualityReason(
            "unmapped_accounts",
            f"{one.accounts - one.mapped} of {many(one.accounts, 'active account')} of people in {one.source} "
            "lead to nobody",
            "decide about them: GET /team/identity-mappings?status=conflict and GET /team/identities/orphans",
            (one.accounts - one.mapped) / total,
        )
        for one in accounts
        if one.mapped < one.accounts
    ]
    return sum(one.mapped for one in accounts) / total, reasons


def alike(one: int, other: int) -> float:
    """Two counts of the same: the smaller ÷ the larger."""
    return 1.0 if one == other else min(one, other) / max(one, other)


def parity_of(partitions: Sequence[PartitionSignal], counts: Sequence[CountSignal]) -> _Part:
    # A source may announce fewer than it sends: what came while it was read. Only too few are a fault.
    announced = [
        (one, min(1.0, one.read / one.announced))
        for one in partitions
        if one.read is not None and one.announced
    ]  # fmt: skip
    compared = [alike(one.sent, one.ours) for one in counts]
    if not announced and not compared:
        return None, []
    reasons = [
        QualityReason(
            "fewer_than_announced",
            f"{one.connection} announced {one.announced} {one.stream}, and sent {one.read}",
            f"have it read from the beginning: POST /connections/{one.connection_id}/resync",
            (1 - share) / len(announced),
        )
        for one, share in announced
        if share < 1
    ] + [
        QualityReason(
            "counts_differ", f"{one.connection} sent {one.sent} {one.stream}, and we know {one.ours}",
            "look for dead letters at GET /sync/dead-letters; else read it from the beginning: "
            f"POST /connections/{one.connection_id}/resync",
            1 - share,
        )
        for one, share in zip(counts, compared, strict=True)
        if share < 1
    ]  # fmt: skip
    came = sum(share for _, share in announced) / len(announced) if announced else 1.0
    return came * min(compared, default=1.0), reasons
