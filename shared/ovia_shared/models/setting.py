"""What an organisation chose about its numbers, as it is shown, and what choosing otherwise would change."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.models.kpi import Scope, Values, Window


class SettingName(StrEnum):
    """The settings there are. The first three say which facts there are, `ask` who helps to answer questions, the
    others what is made of facts."""

    CLASSIFICATION = "classification"
    WORKFLOW = "workflow"
    PRODUCTION = "production"
    STALENESS = "staleness"
    HEALTH_WEIGHTS = "health_weights"
    RISK_WEIGHTS = "risk_weights"
    PRIVACY = "privacy"
    ASK = "ask"


OF_FACTS = frozenset({SettingName.CLASSIFICATION, SettingName.WORKFLOW, SettingName.PRODUCTION})


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting in force. `version` counts how often it was chosen: 0 while the default holds, chosen by nobody."""

    name: SettingName
    meaning: str
    value: dict[str, Any]
    default: dict[str, Any]
    version: int
    chosen_by: str | None
    chosen_at: datetime | None


class SettingVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody chose, and until when it held; null: it is in force."""

    id: UUID
    value: dict[str, Any]
    chosen_by: str
    chosen_at: datetime
    until: datetime | None


class SettingPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of versions ended."""

    id: UUID


class PreviewStatus(StrEnum):
    """abandoned: whoever computed it is gone, and nothing will come of it."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ABANDONED = "abandoned"


class PreviewProgress(msgspec.Struct, frozen=True):
    """What is being done, and how many of how many steps of it are."""

    phase: str
    done: int
    total: int


class PreviewValue(msgspec.Struct, frozen=True, kw_only=True):
    """A KPI's answer."""

    value: float | None
    values: Values
    n: int
    level: str | None = None


class PreviewPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A KPI in one month, as it is and as it would be."""

    window: Window
    before: PreviewValue
    after: PreviewValue
    changed: bool


class PreviewKpi(msgspec.Struct, frozen=True, kw_only=True):
    """A KPI that the choice affects, through twelve months, the last up to now."""

    name: str
    title: str
    unit: str
    direction: str
    changed: bool
    points: list[PreviewPoint]


class FactChange(msgspec.Struct, frozen=True, kw_only=True):
    """Of a kind of facts, how many would begin to hold, and how many would cease to."""

    kind: str
    added: int
    closed: int


class PreviewResult(msgspec.Struct, frozen=True, kw_only=True):
    """What choosing it would change. KPIs that it cannot affect are left out."""

    facts: list[FactChange]
    kpis: list[PreviewKpi]


class SettingPreview(msgspec.Struct, frozen=True, kw_only=True):
    """A look at what choosing a setting would change. Nothing of it was stored but this. `result` comes with `done`."""

    id: UUID
    name: SettingName
    value: dict[str, Any]
    scope: Scope
    status: PreviewStatus
    progress: PreviewProgress
    requested_by: str
    created_at: datetime
    finished_at: datetime | None
    error: str | None
    result: PreviewResult | None
