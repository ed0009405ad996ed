"""Keeping a lease while its holder works."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from uuid import UUID

from ovia_shared.database import partitions
from ovia_shared.database.pool import Database
from ovia_shared.errors import LeaseLost, Unavailable
from ovia_shared.models.sync import Partition


def owner_name() -> str:
    """Who holds a lease, for people to read: host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


@contextlib.asynccontextmanager
async def kept(database: Database, org_id: UUID, partition: Partition, lease_seconds: float) -> AsyncIterator[None]:
    """Renews the lease every third of its length while the body runs.

    Slow sources need this: a page may take longer to fetch than a lease lasts. If another reader took over, the
    body is cancelled and `LeaseLost` raised; whatever it tries to write meanwhile is refused by fencing anyway.
    """
    body = asyncio.current_task()
    lost: list[LeaseLost] = []

    async def renew() -> None:
        while True:
            await asyncio.sleep(lease_seconds / 3)
            try:
                async with database.transaction(org_id) as conn:
                    await partitions.renew(conn, org_id, partition, lease_seconds)
            except LeaseLost as error:
                lost.append(error)
                if body is not None:
                    body.cancel()
                return
            except Unavailable:
                # The database may be back before the lease ends; if not, fencing decides.
                continue

    renewal = asyncio.create_task(renew())
    try:
        yield
    except asyncio.CancelledError:
        if lost and body is not None:
            body.uncancel()
            raise lost[0] from None
        raise
    finally:
        renewal.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renewal
