"""Who sees texts that their sources show to some people only.

A transaction sees none of them unless `settle` says that its caller may: the database keeps chunks from it, and every
other statement that shows a title asks `sees_restricted()`.
"""

from ovia_shared.database import organisation_settings
from ovia_shared.database.pool import Connection
from ovia_shared.models.ask_settings import AskSettings
from ovia_shared.models.caller import Caller

SETTING = "ask"


async def settle(conn: Connection, caller: Caller) -> None:
    """Lets this transaction see restricted texts if the organisation lets this role, by its setting `ask`."""
    chosen = await organisation_settings.read(conn, caller.org_id, SETTING, AskSettings)
    may = chosen.restricted_texts.are_seen_by(caller.role)
    await conn.execute("select set_config('ovia.sees_restricted', $1, true)", "on" if may else "off")


async def hides(conn: Connection) -> bool:
    """Whether there are chunks that this transaction does not see."""
    hidden: bool = await conn.fetchval("select hides_restricted()")
    return hidden
