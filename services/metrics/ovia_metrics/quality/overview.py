"""An organisation's data at a glance, put together out of signals and gaps: worst first."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.database import quality, quality_gaps
from ovia_shared.database.known_quality import KnownQuality
from ovia_shared.database.pool import Connection
from ovia_shared.kpis.quality import lag, quality_of, weigh
from ovia_shared.kpis.shares import whole
from ovia_shared.models.data_quality import (
    AccountSignal,
    AccountsQuality,
    DataQuality,
    PartitionSignal,
    QualitySignals,
    StreamQuality,
)

_Key = tuple[str, str, UUID]


async def overview(conn: Connection, org_id: UUID, known: KnownQuality) -> DataQuality:
    """As it is now; only counts may be some minutes old."""
    signals = await quality.signals(conn, org_id, await known.counts(conn, org_id))
    kinds = tuple(kind for one in signals.derivations for kind in one.kinds)
    return DataQuality(
        as_of=signals.at,
        quality=quality_of(signals, kinds, None, signals.at),
        streams=_streams(signals),
        accounts=[_accounts(one) for one in sorted(signals.accounts, key=_share)],
        derivations=await quality_gaps.derivations(conn, org_id, [one.family for one in signals.derivations]),
        unmapped_statuses=await quality_gaps.unmapped_statuses(conn, org_id),
        products_without_projects=await quality_gaps.products_without_projects(conn, org_id),
        projects_without_product=await quality_gaps.projects_without_product(conn, org_id),
        teams_without_members=await quality_gaps.teams_without_members(conn, org_id),
    )


def _streams(signals: QualitySignals) -> list[StreamQuality]:
    streams: dict[_Key, list[PartitionSignal]] = {}
    for one in signals.partitions:
        streams.setdefault((one.connection, one.stream, one.connection_id), []).append(one)
    weighed = [_stream(signals, key, some) for key, some in streams.items()]
    return [stream for _, stream in sorted(weighed, key=lambda both: (both[0], both[1].connection, both[1].stream))]


def _stream(signals: QualitySignals, key: _Key, partitions: Sequence[PartitionSignal]) -> tuple[float, StreamQuality]:
    connection, stream, connection_id = key
    letters = [one for one in signals.letters if (one.connection_id, one.stream) == (connection_id, stream)]
    counts = [one for one in signals.counts if (one.connection_id, one.stream) == (connection_id, stream)]
    found = weigh(partitions, signals.at, letters=letters, counts=counts)
    compared = [one for one in partitions if one.announced is not None]
    return found.score or 0.0, StreamQuality(
        connection_id=connection_id,
        connection=connection,
        source=partitions[0].source,
        stream=stream,
        partitions=len(partitions),
        complete=sum(whole(one) for one in partitions),
        failing=sum(one.failing for one in partitions),
        never_read=sum(one.seen_until is None for one in partitions),
        stopped=dict(Counter(one.stopped for one in partitions if one.stopped is not None)),
        lag_seconds=_furthest(partitions, signals.at),
        dead_letters=sum(one.open for one in letters),
        announced=sum(one.announced or 0 for one in compared) if compared else None,
        read=sum(one.read or 0 for one in compared) if compared else None,
        sent=counts[0].sent if counts else None,
        ours=counts[0].ours if counts else None,
        reasons=found.reasons,
    )


def _furthest(partitions: Iterable[PartitionSignal], at: datetime) -> float | None:
    seen = [one.seen_until for one in partitions]
    known = [moment for moment in seen if moment is not None]
    return max(lag(moment, at) for moment in known).total_seconds() if len(known) == len(seen) else None


def _share(one: AccountSignal) -> float:
    return one.mapped / one.accounts if one.accounts else 1.0


def _accounts(one: AccountSignal) -> AccountsQuality:
    missing = one.mapped < one.accounts
    return AccountsQuality(
        **msgspec.structs.asdict(one),
        coverage=one.mapped / one.accounts if one.accounts else None,
        what_to_do=f"GET /team/identity-mappings?status=conflict&source={one.source}, and "
        f"GET /team/identities/orphans?source={one.source}"
        if missing
        else None,
    )
