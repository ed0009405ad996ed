"""What understanding a record needs besides the record."""

import msgspec

from ovia_shared.models.canonical.projects import FieldDefinition, StatusDefinition
from ovia_shared.models.source import Deployment, SourceSettings


class Context(msgspec.Struct, frozen=True):
    """What understanding a record needs besides the record: where it came from and what the source defines.

    `deployment` is never `auto` here. `project_key` is the key of the scope's project, None for the connection's own
    streams.
    """

    base_url: str
    settings: SourceSettings
    deployment: Deployment
    fields: tuple[FieldDefinition, ...] = ()
    statuses: tuple[StatusDefinition, ...] = ()
    project_key: str | None = None
