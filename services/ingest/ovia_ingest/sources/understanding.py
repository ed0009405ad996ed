"""From raw records to canonical rows in the database. Knows nothing of how records are read."""

from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from ovia_ingest.sources.reading import Normalised, Shape, part_owner
from ovia_ingest.sync.contract import Unusable
from ovia_shared.database import canonical, identities
from ovia_shared.database.canonical import Made
from ovia_shared.database.pool import Connection
from ovia_shared.models.identity import NewIdentity

CACHED_ACCOUNTS = 20_000
# After this many records of a stream the tables have grown so much that the server has to look at them anew.
STATISTICS_AFTER = (500, 5_000, 50_000)


class Understanding:
    """What one stream's records mean, and how they are stored. Remembers the ids of accounts it has stored."""

    def __init__(self, shape: Shape) -> None:
        self.name = shape.name
        self.normaliser_version = shape.version
        self._shape = shape
        self._identity_ids: OrderedDict[NewIdentity, UUID] = OrderedDict()
        self._stored = 0

    def normalise(self, payload: bytes) -> Normalised:
        """What one raw record says. Raises `Unusable`, with the reason, for one that says nothing usable."""
        try:
            return self._shape.normalise(payload)
        except Exception as error:  # noqa: BLE001 (pure: whatever it is, this record is the cause, and no other)
            raise Unusable(f"{type(error).__name__}: {error}"[:500].replace("\0", "")) from None

    async def store(
        self,
        conn: Connection,
        org_id: UUID,
        connection_id: UUID,
        rows: Sequence[tuple[UUID, str, Normalised]],
        *,
        revive: bool = True,
    ) -> None:
        """Upserts what (raw record id, external id, meaning) say; see `canonical.store` for `revive`."""
        account_ids = await self._ids_of(conn, org_id, [account for _, _, one in rows for account in one.accounts])
        made = [
            Made(raw_id, one.rows, tuple((part, part_owner(kind, external_id)) for part, kind in self._shape.parts))
            for raw_id, external_id, one in rows
        ]
        try:
            await canonical.store(conn, org_id, connection_id, made, account_ids, revive=revive)
        except Exception:
            # What was written is undone, and with it the accounts whose ids are remembered here.
            self._identity_ids.clear()
            raise
        before, self._stored = self._stored, self._stored + len(rows)
        if any(before < limit <= self._stored for limit in STATISTICS_AFTER):
            await canonical.refresh_statistics(conn, {type(row) for record in made for row in record.rows})

    async def _ids_of(self, conn: Connection, org_id: UUID, seen: Sequence[NewIdentity]) -> dict[str, UUID]:
        # The fuller picture wins where one page shows an account in several.
        fullest: dict[str, NewIdentity] = {}
        for account in seen:
            known = fullest.get(account.external_id)
            fullest[account.external_id] = account if known is None else _merged(known, account)
        new = [account for account in fullest.values() if account not in self._identity_ids]
        if new:
            stored = await identities.observe(conn, org_id, new)
            for account in new:
                self._identity_ids[account] = stored[account.source, account.external_id]
        for account in fullest.values():
            self._identity_ids.move_to_end(account)
        ids = {external_id: self._identity_ids[account] for external_id, account in fullest.items()}
        while len(self._identity_ids) > max(CACHED_ACCOUNTS, len(fullest)):
            self._identity_ids.popitem(last=False)
        return ids


def _merged(one: NewIdentity, other: NewIdentity) -> NewIdentity:
    if one == other:
        return one
    return NewIdentity(
        source=one.source,
        external_id=one.external_id,
        username=other.username or one.username,
        email=other.email or one.email,
        display_name=other.display_name or one.display_name,
        service_account=one.service_account or other.service_account,
        notes=other.notes or one.notes,
        active=one.active if other.active is None else other.active,
        machine_reason=other.machine_reason or one.machine_reason,
    )
