"""Which KPIs a decision about accounts would change."""

from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from ovia_shared.database import organisation_settings
from ovia_shared.database.facts import actors
from ovia_shared.database.pool import Connection
from ovia_shared.kpis import affected
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.needs import kinds
from ovia_shared.linking.incremental import SETTING
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.mapping import MappingStatus
from ovia_shared.models.mapping_change import MappingRow

# An account, the mapping it would lose, and the one it would have.
Affected = tuple[UUID, MappingRow | None, MappingRow | None]


async def kpis_of(conn: Connection, org_id: UUID, accounts: Sequence[Affected]) -> list[str]:
    """The KPIs some number of which would be another: those that tell of mappings, and, of the people and teams who
    gain or lose an account, those counted from what was done with it. In the catalogue's order."""
    settings = await organisation_settings.read(conn, org_id, SETTING, MatchingSettings)
    told = _told([(before, after) for _, before, after in accounts], settings.auto)
    moved = [
        identity
        for identity, before, after in accounts
        if _person(before, settings.auto) != _person(after, settings.auto)
    ]
    every = {kind for kpi in CATALOGUE.values() for kind in kinds(kpi)}
    done = await actors.kinds_done(conn, org_id, moved, every) if moved else set()
    changed = {*affected.by_accounts(told), *affected.by_facts(done)}
    return [name for name in CATALOGUE if name in changed]


def _told(changes: Collection[tuple[MappingRow | None, MappingRow | None]], auto: float) -> list[str]:
    """What would be said otherwise of some account's mapping."""
    ways: dict[str, Callable[[MappingRow | None], bool]] = {
        "in_use": lambda row: _person(row, auto) is not None,
        "verified": lambda row: row is not None and row.status is MappingStatus.VERIFIED,
        "conflict": lambda row: row is not None and row.status is MappingStatus.CONFLICT,
    }
    return [how for how, holds in ways.items() if any(holds(before) != holds(after) for before, after in changes)]


def _person(row: MappingRow | None, auto: float) -> UUID | None:
    """Whose numbers the account counts for: what the engine made counts from the organisation's threshold on."""
    if row is None:
        return None
    sure = row.status is MappingStatus.AUTO and row.confidence >= auto
    return row.person_id if sure or row.status is MappingStatus.VERIFIED else None
