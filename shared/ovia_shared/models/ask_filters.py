"""What an answer may be made from."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.product import ProjectKey

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class SourceKind(StrEnum):
    """What a passage is a piece of."""

    DOCUMENT = "document"
    WORK_ITEM = "work_item"
    MERGE_REQUEST = "merge_request"
    KPI = "kpi"


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an answer may be made from. What is left empty narrows nothing; all that is given must hold.

    Passages: `kinds` are what they are pieces of, `systems` and `connections` where that was read, `projects` and
    `product` what it belongs to, `team` and `person` who wrote or is in it; `since` and `until` bound its last change,
    half-open.

    Numbers and lists are of one scope in one window: of the narrowest of `person`, `team`, `projects` and `product` and
    of what the question names, within `since` and `until`. What they cannot be narrowed to besides is told in
    `assumptions`; a filter that contradicts the question is asked back.
    """

    kinds: list[SourceKind] = []
    systems: list[ConnectionKind] = []
    connections: list[UUID] = []
    projects: list[ProjectKey] = []
    product: UUID | None = None
    team: UUID | None = None
    person: UUID | None = None
    since: Moment | None = None
    until: Moment | None = None
