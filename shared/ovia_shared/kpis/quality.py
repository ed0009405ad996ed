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

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from ovia_shared.kpis.faults import Streams, hours
from ovia_shared.kpis.shares import completeness_of, coverage_of, parity_of
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

_Scope = frozenset[ProjectKey] | None


def quality_of(
    signals: QualitySignals, kinds: Sequence[str], scope_projects: Iterable[ProjectKey] | None, at: datetime
) -> Quality:
    """How far a number counted from these kinds of facts can be trusted.

    `scope_projects` narrows to what is read of these projects, None does not. `at` is up to when the data has to
    reach: the end of the window, or now if that is earlier.
    """
    scope = None if scope_projects is None else frozenset(scope_projects)
    families = frozenset(one.family for one in signals.derivations if not set(one.kinds).isdisjoint(kinds))
    return _told(signals, needed_by(kinds), families, scope, at)


# Numbers are told by the dozen, of few kinds and of one moment, or of one kind and many moments; there may be thousands
# of partitions.
@lru_cache(maxsize=64)
def _told(
    signals: QualitySignals, needed: frozenset[Needed], families: frozenset[str], scope: _Scope, at: datetime
) -> Quality:
    prepared = _prepared(signals, needed, scope)
    if prepared is None:
        return Quality(
            score=None, freshness=None, completeness=None, coverage=None, parity=None, reasons=[_no_source(needed)]
        )
    return _weighed(prepared, [one for one in signals.derivations if one.family in families], at)


@lru_cache(maxsize=32)
def _prepared(signals: QualitySignals, needed: frozenset[Needed], scope: _Scope) -> "_Prepared | None":
    partitions = _of_scope(signals.partitions, needed, scope)
    if not partitions:
        return None
    streams = {(one.connection_id, one.stream) for one in partitions}
    sources = {one.source for one in partitions}
    return _prepare(
        partitions,
        letters=[one for one in signals.letters if (one.connection_id, one.stream) in streams],
        accounts=[one for one in signals.accounts if one.source in sources],
        counts=[one for one in signals.counts if (one.connection_id, one.stream) in streams],
    )


def weigh(
    partitions: Sequence[PartitionSignal],
    at: datetime,
    *,
    letters: Sequence[LetterSignal] = (),
    counts: Sequence[CountSignal] = (),
) -> Quality:
    """What these signals come to, all of which count; of partitions there is at least one."""
    return _weighed(_prepare(partitions, letters, (), counts), (), at)


class _Prepared(msgspec.Struct, frozen=True, eq=False):
    """What holds whenever the data has to reach: all parts but freshness. `seen` are partitions, the oldest first."""

    streams: Streams
    seen: list[PartitionSignal]
    moments: list[datetime]
    completeness: float
    coverage: float | None
    parity: float | None
    reasons: list[QualityReason]


def _prepare(
    partitions: Sequence[PartitionSignal],
    letters: Sequence[LetterSignal],
    accounts: Sequence[AccountSignal],
    counts: Sequence[CountSignal],
) -> _Prepared:
    streams = Streams(partitions)
    completeness, missing = completeness_of(partitions, streams, letters)
    coverage, unmapped = coverage_of(accounts)
    parity, unequal = parity_of(partitions, counts)
    seen = sorted(((one.seen_until, one) for one in partitions if one.seen_until is not None), key=lambda both: both[0])
    return _Prepared(
        streams=streams, seen=[one for _, one in seen], moments=[moment for moment, _ in seen],
        completeness=completeness, coverage=coverage, parity=parity, reasons=[*missing, *unmapped, *unequal],
    )  # fmt: skip


def _weighed(prepared: _Prepared, derivations: Sequence[DerivationSignal], at: datetime) -> Quality:
    freshness, behind = _freshness(prepared, derivations, at)
    score = freshness * prepared.completeness
    for part in (prepared.coverage, prepared.parity):
        score *= 1.0 if part is None else part
    return Quality(
        score=score, freshness=freshness, completeness=prepared.completeness, coverage=prepared.coverage,
        parity=prepared.parity,
        reasons=sorted([*behind, *prepared.reasons], key=lambda one: (-one.weight, one.code, one.detail)),
    )  # fmt: skip


def _of_scope(partitions: Iterable[PartitionSignal], needed: frozenset[Needed], scope: _Scope) -> list[PartitionSignal]:
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
    seconds = half.total_seconds()
    return seconds / (seconds + max((late - within).total_seconds(), 0.0))


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


def _freshness(
    prepared: _Prepared, derivations: Sequence[DerivationSignal], at: datetime
) -> tuple[float, list[QualityReason]]:
    late = prepared.seen[: bisect_left(prepared.moments, at - READ_WITHIN)]
    lost = {id(one): 1 - fresh(one, at) for one in late}
    reasons: list[QualityReason] = []
    for code, stopped, words, what_to_do in _LATE if late else ():
        some = [one for one in late if (None if one.stopped is Stopped.ACCESS_LOST else one.stopped) is stopped]
        reasons += prepared.streams.reasons(code, some, lambda one: lost[id(one)], _last_read(words, at), what_to_do)
    for one in derivations:
        reasons += _not_derived(one, at)
    read = (len(prepared.seen) - sum(lost.values())) / prepared.streams.partitions
    return read * min((derived(one, at) for one in derivations), default=1.0), reasons


def _last_read(words: str, at: datetime) -> Callable[[Sequence[PartitionSignal]], str]:
    return lambda some: f"{words} last read {hours(_furthest(some, at))} before"


def _not_derived(one: DerivationSignal, at: datetime) -> Iterator[QualityReason]:
    if one.seen_until is None:
        what_to_do = "wait a minute, or run `ovia-metrics derive`"
        yield QualityReason("not_derived", f"facts of {one.family} were never derived", what_to_do, 1.0)
    elif one.failing or lag(one.seen_until, at) > DERIVED_WITHIN:
        how = "cannot be derived since" if one.failing else "are behind what was read by"
        yield QualityReason(
            "derivation_failing" if one.failing else "derivation_behind",
            f"facts of {one.family} {how} {hours(lag(one.seen_until, at))}",
            "see the error at GET /data-quality, and run `ovia-metrics derive`",
            1 - derived(one, at),
        )


def _furthest(some: Sequence[PartitionSignal], at: datetime) -> timedelta:
    return max(lag(one.seen_until, at) for one in some if one.seen_until is not None)
