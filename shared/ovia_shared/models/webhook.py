"""What sources send on their own."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec


class Delivery(msgspec.Struct, frozen=True):
    """One webhook delivery, its signature proven. `payload` is what was sent, byte for byte: it may be anything."""

    id: UUID
    connection_id: UUID
    event: str
    payload: bytes
    received_at: datetime


class NewDelivery(msgspec.Struct, frozen=True):
    """A delivery to be kept. `body_hash` is set where nothing but the body was signed."""

    delivery_id: str
    event: str
    payload: bytes
    body_hash: bytes | None


class WebhookWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The secret to use: one the source made up itself (GitLab's signing token), or none to have one made."""

    secret: Annotated[str, msgspec.Meta(min_length=16, max_length=255, pattern="^[!-~]+$")] | None = None


class WebhookAddress(msgspec.Struct, frozen=True):
    """Where the source is to send its deliveries, and the secret it signs them with.

    `secret` is shown this once and cannot be read back; null if the caller gave it. `url` is `path` on the host this
    request was sent to.
    """

    path: str
    url: str
    secret: str | None


class ReceiptStatus(StrEnum):
    """stored: new. known: sent before; nothing was stored."""

    STORED = "stored"
    KNOWN = "known"


class WebhookReceipt(msgspec.Struct, frozen=True):
    """The answer to a delivery."""

    status: ReceiptStatus
