"""How far a number can be trusted, from what is known about the data behind it.

The score is the product of four parts, each from 0 to 1; a part about which nothing is known is left out.

* freshness: the mean over the partitions needed of 24 h ÷ (24 h + how much more than an hour they are behind), 0 for
  one that was never read; times, for the derivation that is furthest behind, 1 h ÷ (1 h + how much more than five
  minutes it is behind), halved while it fails.
* completeness: the share of partitions needed that were read to their end, did not fail since and are still
  shown; times, for the stream that is worst, the share of its records that were understood.
* coverage: of the active accounts of people in these sources, the share with a mapping in use.
* parity: of the last readings whose records the source had counted, the mean share that came; times, for the stream
  that is worst, the smaller ÷ the larger of the records that were sent and the rows that we have.

Every fault lowers a term of one of these and raises none, so a fault never raises the score.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from ovia_shared.kpis.faults import by_stream, hours, many
from ovia_shared.kpis.sources import Needed, needed_by
from ovia_shared.models.data_quality import (
    AccountSignal,
    CountSignal,
    DerivationSignal,
    LetterSignal,
    PartitionSignal,
    Quality,
    QualityReason,
    QualitySignals,
    Stopped,
)
from ovia_shared.models.product import ProjectKey

READ_WITHIN, READ_HALF = timedelta(hours=1), timedelta(hours=24)
DERIVED_WITHIN, DERIVED_HALF = timedelta(minutes=5), timedelta(hours=1)

_Part = tuple[float | None, list[QualityReason]]


def quality_of(
    signals: QualitySignals, kinds: Sequence[str], scope_projects: Iterable[ProjectKey] | None, at: datetime
) -> Quality:
    """How far a number counted from these kinds of facts can be trusted.

    `scope_projects` narrows to what is read of these projects, None does not. `at` is up to when the data has to
    reach: the end of the window, or now if that is earlier.
    """
    needed = needed_by(kinds)
    partitions = _of_scope(signals.partitions, needed, scope_projects)
    if not partitions:
        return Quality(
            score=None, freshness=None, completeness=None, coverage=None, parity=None, reasons=[_no_source(needed)]
        )
    streams = {(one.connection_id, one.stream) for one in partitions}
    sources = {one.source for one in partitions}
    return weigh(
        partitions,
        at,
        derivations=[one for one in signals.derivations if set(one.kinds) & set(kinds)],
        letters=[one for one in signals.letters if (one.connection_id, one.stream) in streams],
        accounts=[one for one in signals.accounts if one.source in sources],
        counts=[one for one in signals.counts if (one.connection_id, one.stream) in streams],
    )


def weigh(
    partitions: Sequence[PartitionSignal],
    at: datetime,
    *,
    derivations: Sequence[DerivationSignal] = (),
    letters: Sequence[LetterSignal] = (),
    accounts: Sequence[AccountSignal] = (),
    counts: Sequence[CountSignal] = (),
) -> Quality:
    """What these signals come to, all of which count; of partitions there is at least one."""
    freshness, behind = _freshness(partitions, derivations, at)
    completeness, missing = _completeness(partitions, letters)
    coverage, unmapped = _coverage(accounts)
    parity, unequal = _parity(partitions, counts)
    score = 1.0
    for part in (freshness, completeness, coverage, parity):
        score *= 1.0 if part is None else part
    reasons = [*behind, *missing, *unmapped, *unequal]
    return Quality(
        score=score, freshness=freshness, completeness=completeness, coverage=coverage, parity=parity,
        reasons=sorted(reasons, key=lambda one: (-one.weight, one.code, one.detail)),
    )  # fmt: skip


def _of_scope(
    partitions: Iterable[PartitionSignal], needed: frozenset[Needed], scope: Iterable[ProjectKey] | None
) -> list[PartitionSignal]:
    wanted = {(one.source, one.stream) for one in needed}
    found = [one for one in partitions if (one.source, one.stream) in wanted]
    if scope is None:
        return found
    projects = {(one.connection_id, one.external_id) for one in scope}
    connections = {connection_id for connection_id, _ in projects}
    return [
        one
        for one in found
        if (one.connection_id, one.scope) in projects or (not one.scope and one.connection_id in connections)
    ]


def _no_source(needed: frozenset[Needed]) -> QualityReason:
    sources = " or ".join(sorted({one.source for one in needed}))
    return QualityReason(
        "no_source", f"nothing is read that this could be counted from ({sources})",
        "connect a source: POST /connections", 1.0,
    )  # fmt: skip


def lag(seen_until: datetime, at: datetime) -> timedelta:
    """How far what was seen ends before `at`; nothing if it does not."""
    return max(at - seen_until, timedelta())


def _decay(late: timedelta, within: timedelta, half: timedelta) -> float:
    return half / (half + max(late - within, timedelta()))


def fresh(one: PartitionSignal, at: datetime) -> float:
    """The freshness of one partition."""
    return 0.0 if one.seen_until is None else _decay(lag(one.seen_until, at), READ_WITHIN, READ_HALF)


def derived(one: DerivationSignal, at: datetime) -> float:
    """The freshness of one family of facts."""
    if one.seen_until is None:
        return 0.0
    return _decay(lag(one.seen_until, at), DERIVED_WITHIN, DERIVED_HALF) * (0.5 if one.failing else 1.0)


_LATE: tuple[tuple[str, Stopped | None, str, str], ...] = (
    (
        "paused", Stopped.PAUSED, "are paused, and were",
        "resume the connection: POST /connections/{id}/resume",
    ),
    (
        "removed", Stopped.REMOVED, "belong to a connection that was removed, and were",
        "connect the source again: POST /connections",
    ),
    (
        "behind", None, "were", "see why at GET /sync, and have it read: POST /connections/{id}/resync",
    ),
)  # fmt: skip


def _freshness(partitions: Sequence[PartitionSignal], derivations: Sequence[DerivationSignal], at: datetime) -> _Part:
    reasons: list[QualityReason] = []
    for code, stopped, words, what_to_do in _LATE:

        def late(one: PartitionSignal, stopped: Stopped | None = stopped) -> bool:
            why = None if one.stopped is Stopped.ACCESS_LOST else one.stopped
            return one.seen_until is not None and why is stopped and lag(one.seen_until, at) > READ_WITHIN

        def told(some: Sequence[PartitionSignal], words: str = words) -> str:
            return f"{words} last read {hours(_furthest(some, at))} before"

        reasons += by_stream(partitions, code, late, lambda one: 1 - fresh(one, at), told, what_to_do)
    for one in derivations:
        if one.seen_until is None:
            reasons.append(
                QualityReason(
                    "not_derived",
                    f"facts of {one.family} were never derived",
                    "wait a minute, or run `ovia-metrics derive`",
                    1.0,
                )
            )
        elif one.failing or lag(one.seen_until, at) > DERIVED_WITHIN:
            how = "cannot be derived since" if one.failing else "are behind what was read by"
            reasons.append(
                QualityReason(
                    "derivation_failing" if one.failing else "derivation_behind",
                    f"facts of {one.family} {how} {hours(lag(one.seen_until, at))}",
                    "see the error at GET /data-quality, and run `ovia-metrics derive`",
                    1 - derived(one, at),
                )
            )
    read = sum(fresh(one, at) for one in partitions) / len(partitions)
    return read * min((derived(one, at) for one in derivations), default=1.0), reasons


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


def _all(_: PartitionSignal) -> float:
    return 1.0


def _saying(words: str) -> Callable[[Sequence[PartitionSignal]], str]:
    return lambda _: words


def _completeness(partitions: Sequence[PartitionSignal], letters: Sequence[LetterSignal]) -> _Part:
    reasons: list[QualityReason] = []
    for code, of_this_kind, words, what_to_do in _FAULTS:
        reasons += by_stream(partitions, code, of_this_kind, _all, _saying(words), what_to_do)
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
    read = sum(whole(one) for one in partitions) / len(partitions)
    return read * min(map(understood, letters), default=1.0), reasons


def _coverage(accounts: Sequence[AccountSignal]) -> _Part:
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


def _parity(partitions: Sequence[PartitionSignal], counts: Sequence[CountSignal]) -> _Part:
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


def _furthest(some: Sequence[PartitionSignal], at: datetime) -> timedelta:
    return max(lag(one.seen_until, at) for one in some if one.seen_until is not None)
