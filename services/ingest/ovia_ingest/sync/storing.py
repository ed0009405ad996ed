"""Storing what records mean, so that one the database does not take costs itself and no other."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import structlog

from ovia_shared.database.pool import Connection, attempt
from ovia_shared.errors import InvalidInput, MalformedInput

log = structlog.get_logger()

# (raw record id, external id, what the record means)
Meant = tuple[UUID, str, Any]


async def store_each(
    conn: Connection, rows: Sequence[Meant], store: Callable[[Sequence[Meant]], Awaitable[None]]
) -> dict[UUID, str]:
    """Stores the rows together, or one by one if they are not taken together.

    Returns the reason for each raw record that was not taken; what it wrote is undone.
    """
    if not rows:
        return {}
    try:
        async with attempt(conn):
            await store(rows)
    except (InvalidInput, MalformedInput) as error:
        if len(rows) == 1:
            return {rows[0][0]: error.message}
        log.warning("records were not taken together", records=len(rows), reason=error.message)
    else:
        return {}
    refused: dict[UUID, str] = {}
    for row in rows:
        refused |= await store_each(conn, [row], store)
    return refused
