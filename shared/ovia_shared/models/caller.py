"""Who is asking."""

from uuid import UUID

import msgspec

from ovia_shared.models.token import Role


class Caller(msgspec.Struct, frozen=True):
    """The holder of a proven token. `name` is the actor recorded for everything done in this request."""

    org_id: UUID
    token_id: UUID
    name: str
    role: Role


class StoredToken(msgspec.Struct, frozen=True):
    """What is stored of a token someone presents. `usable`: neither revoked nor expired at this moment."""

    name: str
    role: Role
    secret_hash: bytes
    usable: bool
