"""What an organisation may choose about how its numbers are put together. None of it changes a fact."""

from typing import Annotated

import msgspec

Weight = Annotated[float, msgspec.Meta(ge=0, le=1000)]


class Staleness(msgspec.Struct, frozen=True):
    """A merge request is stale once nothing has happened to it for longer than `days`."""

    days: Annotated[float, msgspec.Meta(ge=1, le=365)] = 7.0


class HealthWeights(msgspec.Struct, frozen=True):
    """How much each part of delivery health counts. A part of weight 0 is left out."""

    completion: Weight = 30.0
    blocker_age: Weight = 25.0
    first_response: Weight = 20.0
    pipeline_success: Weight = 15.0
    spillover: Weight = 10.0


class RiskWeights(msgspec.Struct, frozen=True):
    """How much each part of release risk counts. A part of weight 0 is left out."""

    blockers: Weight = 40.0
    pipelines: Weight = 30.0
    stale: Weight = 30.0


class Privacy(msgspec.Struct, frozen=True):
    """Of a group of fewer people than `minimum_group` nothing is told that tells one from another."""

    minimum_group: Annotated[int, msgspec.Meta(ge=1, le=100)] = 4


class KpiSettings(msgspec.Struct, frozen=True):
    """All of them, and `auto`: from which confidence on a mapping is used that nobody has verified."""

    staleness: Staleness = Staleness()
    health_weights: HealthWeights = HealthWeights()
    risk_weights: RiskWeights = RiskWeights()
    privacy: Privacy = Privacy()
    auto: float = 0.9
