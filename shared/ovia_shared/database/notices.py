"""What one service tells the others at once. A notice may be lost with its connection: who listens polls as well."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from ovia_shared.database.pool import Connection, connected

# What facts are derived from changed (a run of the ingest ended, a setting was chosen), and facts did; both say for
# which organisation.
INGESTED = "ovia_ingested"
FACTS = "ovia_facts"


@contextlib.asynccontextmanager
async def listening(dsn: str, channel: str, heard: Callable[[str], None]) -> AsyncIterator[Connection]:
    """Calls `heard` with the text of each notice. The connection given may close by itself; ask `is_closed`."""

    def hear(_conn: Any, _pid: int, _channel: str, text: Any) -> None:
        heard(str(text))

    async with connected(dsn) as conn:
        await conn.add_listener(channel, hear)
        try:
            yield conn
        finally:
            if not conn.is_closed():
                await conn.remove_listener(channel, hear)


async def tell(conn: Connection, channel: str, text: str) -> None:
    """Told once the transaction is committed, and not at all if it is not."""
    await conn.execute("select pg_notify($1, $2)", channel, text)
