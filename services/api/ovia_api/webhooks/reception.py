"""Taking deliveries: proven, kept as they came, and answered before anything is made of them."""

import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from litestar.types import Scope

from ovia_api.connections.secrets import ConnectionSecrets
from ovia_api.webhooks import signatures
from ovia_shared.database import webhooks
from ovia_shared.database.pool import Database
from ovia_shared.errors import NotAuthenticated
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.webhook import ReceiptStatus, WebhookReceipt
from ovia_shared.web.rate_limits import RateLimits, client_address

PROOFS: dict[ConnectionKind, signatures.Proof] = {
    ConnectionKind.GITLAB: signatures.gitlab,
    ConnectionKind.JIRA: signatures.jira,
}


class Reception:
    """Where deliveries of all connections arrive.

    Deliveries that prove nothing spend the budget of their address, the others that of their connection.
    """

    def __init__(self, database: Database, secrets: ConnectionSecrets, limits: RateLimits) -> None:
        self._database = database
        self._secrets = secrets
        self._limits = limits

    async def take(
        self,
        scope: Scope,
        kind: ConnectionKind,
        org_id: UUID,
        connection_id: UUID,
        read_body: Callable[[], Awaitable[bytes]],
    ) -> WebhookReceipt:
        """Keeps a delivery. Raises `NotAuthenticated` for one that is not signed by the connection's source."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        async with self._database.transaction(org_id) as conn:
            receiver = await webhooks.receiver(conn, org_id, connection_id, kind)
        secret = signatures.NO_SECRET
        if receiver is not None:
            secret = self._secrets.open_webhook(org_id, connection_id, receiver.sealed_secret)
        # The transaction above is over: whoever sends slowly holds no database connection.
        delivery = PROOFS[kind](secret, headers, await read_body(), time.time())
        if receiver is None or delivery is None:
            self._limits.spend_address(client_address(scope))
            # One sentence for every cause: which connections there are is nobody's business.
            raise NotAuthenticated("this delivery is not signed with the secret of a connection at this address")
        self._limits.spend_token(str(connection_id))
        async with self._database.transaction(org_id) as conn:
            is_new = await webhooks.keep(conn, org_id, connection_id, delivery)
        return WebhookReceipt(ReceiptStatus.STORED if is_new else ReceiptStatus.KNOWN)
