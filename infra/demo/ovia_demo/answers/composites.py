"""The two numbers that are made of others, and the identity of accounts."""

from collections.abc import Mapping

from ovia_demo.answers.measures import Result
from ovia_demo.answers.spread import share
from ovia_demo.organisation.code_model import Organisation

# By the name of a KPI in one scope and window.
Results = Mapping[str, Result]

HEALTH = {"completion": 30, "blocker_age": 25, "first_response": 20, "pipeline_success": 15, "spillover": 10}
RISK = {"blockers": 40, "pipelines": 30, "stale": 30}
OLD_DAYS, SLOW_HOURS, MANY = 14.0, 48.0, 10


def delivery_health(results: Results) -> Result:
    """Scores of 0 to 100, of which more is better; `value` is their weighted mean, without those of no data."""
    completion = results["sprint.completion"][1]["share"]
    age = results["blockers.age_days"][1]["p50"]
    response = results["review.first_response_hours"][1]["p50"]
    passed = results["pipeline.success_rate"][1]["share"]
    spilt = results["sprint.spillover"][1]["share"]
    parts = {
        "completion": None if completion is None else 100 * completion,
        "blocker_age": None if age is None else 100 * max(0.0, 1 - age / OLD_DAYS),
        "first_response": None if response is None else 100 * max(0.0, 1 - response / SLOW_HOURS),
        "pipeline_success": None if passed is None else 100 * passed,
        "spillover": None if spilt is None else 100 * (1 - spilt),
    }
    return _weighted(parts, HEALTH)


def release_risk(results: Results, failing: int, branches: int, *, has_items: bool) -> Result:
    """Scores of 0 to 100, of which more is worse. `branches` are those for releases, of which some are failing."""
    count = results["blockers.open"][0]
    age = results["blockers.age_days"][1]["p50"]
    stale = results["merge_request.stale_share"][1]["share"]
    blockers: float | None = 0.0 if has_items else None
    if count and age is not None:
        blockers = 50 * min(1.0, count / MANY) + 50 * min(1.0, age / OLD_DAYS)
    parts = {
        "blockers": blockers,
        "pipelines": None if not branches else 100 * failing / branches,
        "stale": None if stale is None else 100 * stale,
    }
    return _weighted(parts, RISK)


def _weighted(parts: dict[str, float | None], weights: Mapping[str, int]) -> Result:
    known = {name: value for name, value in parts.items() if value is not None}
    total = sum(value * weights[name] for name, value in known.items())
    return len(known), {"value": share(total, sum(weights[name] for name in known)), **parts}


def identity(organisation: Organisation) -> dict[str, Result]:
    """If every account is mapped to its person, by somebody who said so: of people's accounts that are active."""
    accounts = {
        (one.source, one.external_id) for person in organisation.people for one in person.accounts if one.active
    }
    return {
        name: (len(accounts), {"share": value if accounts else None})
        for name, value in (("coverage", 1.0), ("conflict_rate", 0.0), ("verified_rate", 1.0))
    }
