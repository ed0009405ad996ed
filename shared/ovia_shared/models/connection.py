"""A source Ovia reads."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec

from ovia_shared.models.source import SourceCredentials, SourceSettings


class ConnectionKind(StrEnum):
    """What software answers at a connection's address."""

    GIT = "git"
    JIRA = "jira"
    GITLAB = "gitlab"
    CONFLUENCE = "confluence"


class ConnectionStatus(StrEnum):
    """active: read when due. paused: kept, not read. removed: never read again; what was read stays.
    deleting: what was read is being deleted, and the connection with it."""

    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"
    DELETING = "deleting"


class SourceConnection(msgspec.Struct, frozen=True):
    """One source of an organisation, without its credentials.

    `base_url` carries no user name, password or token.
    """

    id: UUID
    kind: ConnectionKind
    name: str
    base_url: str
    settings: dict[str, Any]
    status: ConnectionStatus
    created_at: datetime
    updated_at: datetime


class CredentialsState(msgspec.Struct, frozen=True):
    """What may be told about credentials: whether there are any, and whose, masked (`a…@x.example`)."""

    set: bool
    user: str | None


class ConnectionDetail(msgspec.Struct, frozen=True):
    """One source of an organisation, as people see it.

    `settings` holds what differs from the defaults. `sample` marks generated data. `webhook` says whether the source
    may send deliveries. `version` counts the changes made to it, and is its ETag.
    """

    id: UUID
    kind: ConnectionKind
    name: str
    base_url: str
    settings: dict[str, Any]
    sample: bool
    status: ConnectionStatus
    credentials: CredentialsState
    webhook: bool
    version: int
    created_at: datetime
    updated_at: datetime


ConnectionName = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern="^[^\\x00-\\x1f\\x7f]+$")]


class NewConnection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A source to be read: where it is, and who reads.

    `base_url` is the address people open, without user name or password; for git a URL. `credentials` may be left out
    where a source shows itself to everybody.
    """

    kind: ConnectionKind
    name: ConnectionName
    base_url: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    settings: SourceSettings = SourceSettings()
    credentials: SourceCredentials | None = None


class ConnectionChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be another way. What is left out or null stays; settings and credentials change as a whole."""

    name: ConnectionName | None = None
    settings: SourceSettings | None = None
    credentials: SourceCredentials | None = None


class ConnectionFilter(msgspec.Struct, frozen=True):
    """Which connections are wanted. Without a status: all but the removed."""

    kind: ConnectionKind | None = None
    status: ConnectionStatus | None = None


class ConnectionPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of connections ended."""

    name: Annotated[str, msgspec.Meta(pattern="^[^\\x00]*\\Z")]
    id: UUID
