"""Deployments to production as facts tell of them, and what people say they caused."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from ovia_shared.models.product import ProjectKey
from ovia_shared.models.review import ReasonText

_ExternalId = Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern="^[^\\x00]*\\Z")]


class IncidentKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A work item by its source: the connection, and the id it has there."""

    connection_id: UUID
    external_id: _ExternalId


class Incident(msgspec.Struct, frozen=True):
    """A work item that a deployment caused. `key` is what people call it by."""

    connection_id: UUID
    external_id: str
    key: str


class IncidentCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A work item that a deployment may have caused."""

    connection_id: UUID
    external_id: str
    key: str
    title: str | None
    type: str | None
    url: str | None
    created_at: datetime | None


class ProductionDeployment(msgspec.Struct, frozen=True, kw_only=True):
    """A successful deployment to production, or what counts as one.

    `source` says what: environments, releases or tags; the last two are of no environment. `rollback`, `fix` and
    `failed` are as `docs/kpi-definitions.md` defines them. `corrected_by` is who said what it caused; what follows from
    a correction is in `incidents` and `failed` as soon as facts are derived again.
    """

    id: UUID
    connection_id: UUID
    external_id: str
    project_external_id: str
    project_key: str | None
    source: Literal["environments", "releases", "tags"]
    environment: str | None
    deployed_at: datetime
    deployed_by_identity_id: UUID | None
    failed: bool
    rollback: bool
    fix: bool
    recovered_at: datetime | None
    incidents: list[Incident]
    corrected_by: str | None


class DeploymentFilter(msgspec.Struct, frozen=True):
    """Which deployments are wanted: deployed from `begins` until before `ends`, to one of `projects`, by somebody who
    was in one of `teams` then. `auto` is from which confidence on a mapping is used."""

    connection_id: UUID | None = None
    project: str | None = None
    failed: bool | None = None
    begins: datetime | None = None
    ends: datetime | None = None
    projects: list[ProjectKey] | None = None
    teams: list[UUID] | None = None
    auto: float = 1


class DeploymentPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of deployments ended."""

    deployed_at: datetime
    id: UUID


class Correction(msgspec.Struct, frozen=True):
    """What somebody said a deployment caused: who, when, and why they say so."""

    id: UUID
    said_by: str
    said_at: datetime
    reason: str | None


class CausedIncidents(msgspec.Struct, frozen=True):
    """The incidents of a deployment: those of the correction in force, else those derived. `version` is the ETag."""

    deployment_id: UUID
    incidents: list[Incident]
    correction: Correction | None
    version: int


class SaidIncidents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a deployment caused: these and no others. An empty list says that it caused none."""

    incidents: Annotated[list[IncidentKey], msgspec.Meta(max_length=100)]
    reason: ReasonText | None = None
