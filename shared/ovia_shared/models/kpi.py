"""What a KPI is asked for, and what it answers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec

from ovia_shared.models.product import ProjectKey

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class ScopeKind(StrEnum):
    """Whose numbers."""

    ORGANISATION = "organisation"
    PRODUCT = "product"
    TEAM = "team"
    PROJECT = "project"
    SPRINT = "sprint"
    RELEASE = "release"
    PERSON = "person"


class Scope(msgspec.Struct, frozen=True):
    """Whose numbers. `id` is empty for the organisation, a UUID for product, team and person, and for what a source
    names (project, sprint, release) its connection and external id with a colon between."""

    kind: ScopeKind
    id: str = ""


class Window(msgspec.Struct, frozen=True):
    """Half-open: `start` belongs to it, `end` does not. Both know their offset."""

    start: datetime
    end: datetime


class EntityKey(msgspec.Struct, frozen=True, array_like=True):
    """What a fact is about."""

    kind: str
    connection_id: UUID
    external_id: str


class ResolvedScope(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A scope as it was made up at a moment; all that is given narrows it.

    `teams` are a team and all below it, `items` what belongs to a sprint or a release, which `sprint` names.
    """

    kind: ScopeKind
    id: str = ""
    projects: list[ProjectKey] | None = None
    teams: list[UUID] | None = None
    person: UUID | None = None
    items: list[EntityKey] | None = None
    sprint: str | None = None


Values = dict[str, float | None]


class Result(msgspec.Struct, frozen=True):
    """What one statement came to: `n` rows behind the values, and the hash of the facts."""

    n: int
    values: Values
    row_count: int
    row_hash: UUID


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a composite: a score of 0 to 100 and how much it counts; or a KPI that belongs to another."""

    name: str
    kpi: str
    values: Values
    n: int
    score: float | None = None
    weight: float | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A KPI's answer, to the byte what its receipt holds. `value` is the main one of `values`; null is no data.

    `missing` names the parts of a composite that had no data and were left out.
    """

    value: float | None
    values: Values
    n: int
    level: str | None = None
    parts: list[Part] = []
    missing: list[str] = []


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A number that was given out, with what it takes to count it again."""

    id: UUID
    kpi: str
    kpi_version: int
    scope: Scope
    window: Window
    as_of: datetime
    answer: Answer
    n: int
    row_count: int
    row_hash: UUID
    basis: dict[str, Any]
    statements: dict[str, str]
    assembly: dict[str, Any]
    created_at: datetime


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt counted again: whether answer and rows are the same to the byte."""

    receipt_id: UUID
    equal: bool
    answer_equal: bool
    rows_equal: bool
    answer: Answer
    row_count: int
    row_hash: UUID


ScopeText = Annotated[str, msgspec.Meta(max_length=1200)]


class PersonNamed(msgspec.Struct, frozen=True):
    """Somebody, by id and name."""

    id: UUID
    display_name: str


class KpiRow(msgspec.Struct, frozen=True, kw_only=True):
    """A fact behind a value: what it is about, whose it is, and what it counts.

    `number` is what the aggregate takes, `weight` what a share divides by. `person` is null where nobody is known,
    and where the group is too small to tell one from another.
    """

    fact_id: UUID
    kind: str
    entity_kind: str
    connection_id: UUID
    entity_id: str
    key: str | None
    title: str | None
    url: str | None
    project: str | None
    person: PersonNamed | None
    occurred_at: datetime
    until: datetime | None
    number: float | None
    weight: float | None
    attributes: dict[str, Any]


class RowPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of rows ended, and what all its pages are asked for: moving on, `now` stays what it was."""

    start: _Moment
    end: _Moment
    as_of: _Moment
    occurred_at: _Moment
    fact_id: UUID


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """Something that endangers the next release: `since` when, so old at the end of the window, and whose it is."""

    kind: Annotated[str, msgspec.Meta(description="blocker, pipeline or stale")]
    row: KpiRow
    since: datetime
    age_days: float
