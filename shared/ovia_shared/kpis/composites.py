"""How composites are made of the results of other KPIs. Floating-point operations in a fixed order: equal inputs, equal
bytes."""

from collections.abc import Mapping

import msgspec

from ovia_shared.kpis.kpi import Rule
from ovia_shared.models.kpi import Answer, Part, Result
from ovia_shared.models.kpi_settings import KpiSettings

_OLD_DAYS, _SLOW_HOURS, _MANY = 14.0, 48.0, 10.0
_MEDIUM, _HIGH = 35.0, 70.0


def compose(rule: Rule, results: Mapping[str, Result], settings: KpiSettings) -> Answer:
    """The answer of a composite from the results of its inputs, by name."""
    if rule == "delivery_health":
        return _weighted(_health(results), results, settings.health_weights)
    answer = _weighted(_risk(results), results, settings.risk_weights)
    return answer if answer.value is None else msgspec.structs.replace(answer, level=risk_level(answer.value))


def risk_level(score: float) -> str:
    """low, medium or high."""
    return "low" if score < _MEDIUM else "medium" if score < _HIGH else "high"


_Scores = dict[str, tuple[str, float | None]]


def _health(results: Mapping[str, Result]) -> _Scores:
    completion = results["sprint.completion"].values["share"]
    age = results["blockers.age_days"].values["p50"]
    response = results["review.first_response_hours"].values["p50"]
    passed = results["pipeline.success_rate"].values["share"]
    spilt = results["sprint.spillover"].values["share"]
    return {
        "completion": ("sprint.completion", None if completion is None else 100 * completion),
        "blocker_age": ("blockers.age_days", None if age is None else 100 * max(0.0, 1 - age / _OLD_DAYS)),
        "first_response": (
            "review.first_response_hours", None if response is None else 100 * max(0.0, 1 - response / _SLOW_HOURS),
        ),
        "pipeline_success": ("pipeline.success_rate", None if passed is None else 100 * passed),
        "spillover": ("sprint.spillover", None if spilt is None else 100 * (1 - spilt)),
    }  # fmt: skip


def _risk(results: Mapping[str, Result]) -> _Scores:
    count = results["blockers.open"].values["count"]
    age = results["blockers.age_days"].values["p50"]
    failing = results["pipeline.failing_release_branches"].values["share"]
    stale = results["merge_request.stale_share"].values["share"]
    # A scope that has items of which none is blocked is safe; one that has no items is unknown.
    blockers = count if count is None or age is None else 50 * min(1.0, count / _MANY) + 50 * min(1.0, age / _OLD_DAYS)
    return {
        "blockers": ("blockers.open", blockers),
        "pipelines": ("pipeline.failing_release_branches", None if failing is None else 100 * failing),
        "stale": ("merge_request.stale_share", None if stale is None else 100 * stale),
    }


def _weighted(scores: _Scores, results: Mapping[str, Result], weights: msgspec.Struct) -> Answer:
    given: dict[str, float] = msgspec.to_builtins(weights)
    parts = [
        Part(name=name, kpi=kpi, values=results[kpi].values, n=results[kpi].n, score=score, weight=given[name])
        for name, (kpi, score) in scores.items()
        if given[name] > 0
    ]
    known = [one for one in parts if one.score is not None]
    total = sum((one.score or 0.0) * (one.weight or 0.0) for one in known)
    value = total / sum(one.weight or 0.0 for one in known) if known else None
    return Answer(
        value=value, values={"score": value}, n=len(known), parts=parts,
        missing=[one.name for one in parts if one.score is None],
    )  # fmt: skip
