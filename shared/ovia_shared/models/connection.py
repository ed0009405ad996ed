"""A source Ovia reads."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec


class ConnectionKind(StrEnum):
    """What software answers at a connection's address."""

    GIT = "git"
    JIRA = "jira"
    GITLAB = "gitlab"
    CONFLUENCE = "confluence"


class SourceConnection(msgspec.Struct, frozen=True):
    """One source of an organisation, without its credentials.

    `base_url` carries no user name, password or token. `status` is `active` (read when due) or `paused`.
    """

    id: UUID
    kind: ConnectionKind
    name: str
    base_url: str
    settings: dict[str, Any]
    status: str
    created_at: datetime
    updated_at: datetime
