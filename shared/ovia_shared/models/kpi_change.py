"""Why a KPI changed: the parts of a difference, which sum to it, and what is behind them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from ovia_shared.models.data_quality import Quality
from ovia_shared.models.kpi import Scope, Window


class Cause(StrEnum):
    """What changed an earlier number after it was told."""

    LATE = "late_data"
    IDENTITY = "identity_corrections"
    DEFINITION = "definition_changes"


class ChangeGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What one group of rows contributes, `mix` + `rate`. `before` and `after` are its own values, as known now.

    Shares are of all that the KPI divides by, or of all rows. `id` is a product's or a team's, where the group is one.
    """

    key: str
    name: str
    id: UUID | None
    before: float | None
    after: float | None
    before_n: int
    after_n: int
    before_share: float | None
    after_share: float | None
    mix: float
    rate: float


class ChangeParts(msgspec.Struct, frozen=True, kw_only=True):
    """What the difference is made of: the sum of these, to the last bit and in whatever order, is the difference.

    `mix` and `rate` are in turn the sums of those of the groups.
    """

    mix: float
    rate: float
    late_data: float
    identity_corrections: float
    definition_changes: float


class LateItem(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt after the earlier number was told: the item `arrived`, was `corrected`, or `withdrawn`."""

    entity_kind: str
    connection_id: UUID
    entity_id: str
    how: Annotated[str, msgspec.Meta(description="arrived, corrected or withdrawn")]
    known_at: datetime
    key: str | None
    title: str | None
    url: str | None


class LateData(msgspec.Struct, frozen=True):
    """How many items changed in the compared window after its number was told, and the newest of them."""

    count: int = 0
    items: list[LateItem] = []


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A decision about who is who, by the id of its event."""

    event_id: UUID
    identity_id: UUID
    action: str
    actor: str
    occurred_at: datetime


class IdentityCorrections(msgspec.Struct, frozen=True):
    """How many accounts count otherwise in the compared window than when its number was told, and because of what:
    decisions about them, the newest first, and how many memberships in teams were told otherwise.

    Of a group too small to tell one from another the decisions are left out.
    """

    accounts: int = 0
    events: list[Correction] = []
    memberships: int = 0


class DefinitionChange(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that is another one now: a setting and who chose it, a version, or what the scope is made up of."""

    what: str
    by: str | None = None
    at: datetime | None = None


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A value in a window as known at `as_of`; `n` rows are behind it, null is no data, its receipt proves it."""

    window: Window
    as_of: datetime
    value: float | None
    n: int
    receipt_id: UUID


class KpiChange(msgspec.Struct, frozen=True, kw_only=True):
    """A difference between two windows and why. Without data in one of them there is none, and no parts of it.

    `before` is the compared window's number as it was told, `restated` the same as known now, `after` the window's.
    `difference` is the sum of its parts: after less before, but for what a float cannot hold. `quality` says how far
    the data behind them can be trusted at this moment, up to the end of the later window.
    """

    name: str
    version: int
    title: str
    unit: str
    direction: str
    scope: Scope
    before: Number
    restated: Number
    after: Number
    difference: float | None
    quality: Quality
    parts: ChangeParts | None
    reasons: Annotated[list[str], msgspec.Meta(description="The three largest contributions, in words.")]
    by: str
    groups: list[ChangeGroup]
    late: LateData
    corrections: IdentityCorrections
    definitions: list[DefinitionChange]
