"""The two numbers that are made of others."""

from ovia_shared.kpis.kpi import Composite, Direction, Kpi

_DROPS = "A part without data drops out and the weights of the others make up for it; the answer says which."

KPIS = (
    Kpi(
        name="delivery_health",
        title="Delivery health",
        question="Is delivery in good shape?",
        definition=(
            "The weighted mean of scores from 0 to 100: completion (100 × sprint completion), blocker age (0 "
            "at a median of "
            "14 days), first response (0 at a median of 48 hours), pipelines (100 × those that passed), "
            "spillover (100 × "
            "what was not left over)."
        ),
        formula=(
            "Σ weight × score ÷ Σ weight; completion = 100·c; blocker_age = 100·max(0, 1 - p50 days/14); "
            "first_response = "
            "100·max(0, 1 - p50 hours/48); pipeline_success = 100·s; spillover = 100·(1 - s)"
        ),
        unit="score",
        direction=Direction.UP,
        main="score",
        source=Composite(
            rule="delivery_health",
            inputs=(
                "sprint.completion", "blockers.age_days", "review.first_response_hours", "pipeline.success_rate",
                "sprint.spillover",
            ),
        ),
        caveats=(
            _DROPS, "The weights are the setting `health_weights`.", "Nothing blocked: no age, so that part drops out.",
        ),
    ),
    Kpi(
        name="release_risk",
        title="Release risk",
        question="What endangers the next release?",
        definition=(
            "The weighted mean of scores from 0 to 100: blockers (half by their number, full at 10; half by "
            "their median "
            "age, full at 14 days), pipelines (100 × release branches that fail), stale (100 × stale merge "
            "requests). Low "
            "below 35, high from 70."
        ),
        formula=(
            "Σ weight × score ÷ Σ weight; blockers = 50·min(1, open/10) + 50·min(1, p50 days/14); pipelines = "
            "100·failing; "
            "stale = 100·share"
        ),
        unit="score",
        direction=Direction.DOWN,
        main="score",
        source=Composite(
            rule="release_risk",
            inputs=(
                "blockers.open", "blockers.age_days", "pipeline.failing_release_branches", "merge_request.stale_share",
            ),
        ),
        caveats=(_DROPS, "The weights are the setting `risk_weights`."),
    ),
)  # fmt: skip
