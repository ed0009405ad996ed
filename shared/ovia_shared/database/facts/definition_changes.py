"""When facts changed although nothing happened in a source: they are derived otherwise since."""

from datetime import datetime
from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection

VERSION = "version"
SETTINGS = "settings"


async def record(conn: Connection, org_id: UUID, family: str, moment: datetime, reason: str) -> None:
    """A family was derived anew for this reason, and changed facts: those stamped with `moment`."""
    await conn.execute(
        "insert into definition_changes (org_id, id, family, moment, reason) values ($1, $2, $3, $4, $5)",
        org_id,
        new_id(),
        family,
        moment,
        reason,
    )
