"""Webhook deliveries: kept as they came, taken one batch after the other."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.webhook import Delivery, NewDelivery


class Receiver(msgspec.Struct, frozen=True):
    """A connection that takes deliveries, with its sealed secret."""

    connection_id: UUID
    sealed_secret: bytes


async def receiver(conn: Connection, org_id: UUID, connection_id: UUID, kind: ConnectionKind) -> Receiver | None:
    """The connection, if it is of this kind and has a webhook secret; paused ones take deliveries too."""
    sealed: bytes | None = await conn.fetchval(
        """
        select webhook_secret from connections
         where org_id = $1 and id = $2 and kind = $3 and status in ('active', 'paused')
        """,
        org_id,
        connection_id,
        kind,
    )
    return None if sealed is None else Receiver(connection_id, sealed)


async def keep(conn: Connection, org_id: UUID, connection_id: UUID, delivery: NewDelivery) -> bool:
    """Keeps a delivery. False if it was kept before."""
    outcome = await conn.execute(
        """
        insert into webhook_deliveries (org_id, id, connection_id, delivery_id, event, payload, body_hash)
        values ($1, $2, $3, $4, $5, $6, $7)
            on conflict do nothing
        """,
        org_id,
        new_id(),
        connection_id,
        delivery.delivery_id,
        delivery.event,
        delivery.payload,
        delivery.body_hash,
    )
    return outcome != "INSERT 0 0"


async def take(conn: Connection, org_id: UUID, connection_id: UUID, most: int) -> list[Delivery]:
    """At most `most` deliveries nobody looked at yet, the oldest first, held until the end of the transaction.

    Deliveries another worker holds are passed over.
    """
    return to_models(
        Delivery,
        await conn.fetch(
            """
            select id, connection_id, event, payload, received_at from webhook_deliveries
             where org_id = $1 and connection_id = $2 and processed_at is null
             order by id limit $3 for update skip locked
            """,
            org_id,
            connection_id,
            most,
        ),
    )


async def done(conn: Connection, org_id: UUID, ids: Sequence[UUID], error: str | None = None) -> None:
    """These deliveries were looked at; `error` says why nothing could be made of them."""
    await conn.execute(
        "update webhook_deliveries set processed_at = now(), error = $3 where org_id = $1 and id = any ($2)",
        org_id,
        ids,
        error,
    )


async def forget(conn: Connection, org_id: UUID, days: int, most: int) -> int:
    """Deletes at most `most` deliveries that were looked at more than so many days ago. Returns how many."""
    outcome = await conn.execute(
        """
        delete from webhook_deliveries
         where org_id = $1 and id in (
               select id from webhook_deliveries
                where org_id = $1 and processed_at < now() - make_interval(days => $2)
                order by id limit $3)
        """,
        org_id,
        days,
        most,
    )
    return int(outcome.rpartition(" ")[2])
