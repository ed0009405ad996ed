"""Pipelines, and deployments to production: the measures of DORA (dora.dev)."""

from ovia_shared.kpis.kpi import Direction, Kpi, Rate, Ratio, Rows, Spread
from ovia_shared.kpis.terms import Flag, Not, Value

_STARTED = "In a team's numbers are the pipelines that people who were in it started."
_DEPLOYED = "In a team's numbers are the deployments that people who were in it made; machines are in no team."
_PRODUCTION = (
    "Production is an environment whose tier says so, or whose name fits the setting `production`; each row "
    "says what it was "
    "told by."
)
_SUCCESSFUL = "A deployment that failed never reached production: it is neither a deployment nor a failed change."

KPIS = (
    Kpi(
        name="pipeline.success_rate",
        title="Pipelines that passed",
        question="Can the main line be relied on?",
        definition="Of the pipelines of default and release branches that finished in the window, those that passed.",
        formula="success ÷ (success + failed)",
        unit="share",
        direction=Direction.UP,
        main="share",
        source=Rows(kind="pipeline.finished", number=Flag("success"), aggregate=Ratio()),
        caveats=("Cancelled and skipped ones do not count, nor do those of tags.", _STARTED),
    ),
    Kpi(
        name="pipeline.duration_minutes",
        title="Duration of pipelines",
        question="How long does one wait for a verdict?",
        definition="From start to finish of the same pipelines, whether they passed or failed.",
        formula="p50 and p90 of (finished - started), minutes",
        unit="minutes",
        direction=Direction.DOWN,
        main="p50",
        source=Rows(kind="pipeline.finished", number=Value(), aggregate=Spread((50, 90))),
        caveats=("The wait for a runner is not in it.", _STARTED),
    ),
    Kpi(
        name="pipeline.flaky_share",
        title="Flaky pipelines",
        question="How often does a pipeline fail for no reason?",
        definition="Of the same pipelines, those that failed and of which a later one on the same commit and "
        "branch passed.",
        formula="failed and passed later ÷ all",
        unit="share",
        direction=Direction.DOWN,
        main="share",
        source=Rows(kind="pipeline.finished", number=Flag("flaky"), aggregate=Ratio()),
        caveats=("One that passes tomorrow makes today's failure flaky.", _STARTED),
    ),
    Kpi(
        name="pipeline.failing_release_branches",
        title="Failing release branches",
        question="Which releases cannot be built?",
        definition="Of the release branches with a finished pipeline in the window, those whose last one failed.",
        formula="release branches whose last pipeline failed ÷ release branches",
        unit="share",
        direction=Direction.DOWN,
        main="share",
        source=Rows(
            kind="pipeline.finished", where=(Flag("release"),), number=Not(Flag("success")), last_per=("ref",),
            aggregate=Ratio(),
        ),
        caveats=("Which branches are for releases is the setting `production`.", _STARTED),
    ),
    Kpi(
        name="dora.deployment_frequency",
        title="Deployment frequency",
        question="How often does work reach users?",
        definition="Successful deployments to production in the window, per day; and the days with at least one.",
        formula="deployments ÷ days of the window",
        unit="per day",
        direction=Direction.UP,
        main="per_day",
        source=Rows(kind="deployment.finished", aggregate=Rate("deployment.finished")),
        caveats=(_PRODUCTION, _SUCCESSFUL, _DEPLOYED),
    ),
    Kpi(
        name="dora.change_lead_hours",
        title="Lead time for changes",
        question="How long from writing a change to users having it?",
        definition="Per merge request shipped in the window: from its first commit authored to the deployment "
        "that shipped it.",
        formula="p50 and p90 of (deployed - first commit), elapsed hours",
        unit="hours",
        direction=Direction.DOWN,
        main="p50",
        source=Rows(kind="change.shipped", number=Value(), aggregate=Spread((50, 90))),
        caveats=("Only merge requests into the default branch ship.", _PRODUCTION),
    ),
    Kpi(
        name="dora.change_fail_rate",
        title="Change failure rate",
        question="What share of deployments did harm?",
        definition="Of the deployments, those followed by a rollback, a hotfix, or the fix of an incident that "
        "began after them.",
        formula="failed deployments ÷ deployments",
        unit="share",
        direction=Direction.DOWN,
        main="share",
        source=Rows(kind="deployment.finished", number=Flag("failed"), aggregate=Ratio()),
        caveats=(
            "Which deployment an incident began with is inferred, and can be corrected by hand.",
            "The newest deployments may yet turn out to have failed.", _PRODUCTION, _SUCCESSFUL, _DEPLOYED,
        ),
    ),
    Kpi(
        name="dora.recovery_hours",
        title="Time to recover",
        question="How long do users suffer from a failed change?",
        definition="From a failed deployment to the rollback, fix or end of the incident that restored "
        "service, in whose window it is.",
        formula="p50 and p90 of (restored - deployed), elapsed hours",
        unit="hours",
        direction=Direction.DOWN,
        main="p50",
        source=Rows(kind="deployment.recovered", number=Value(), aggregate=Spread((50, 90))),
        caveats=("What has not been restored yet is not counted.", _DEPLOYED),
    ),
    Kpi(
        name="dora.rework_rate",
        title="Rework rate",
        question="What share of deployments mended earlier ones?",
        definition="Of the deployments, rollbacks and those that shipped a fix, each once.",
        formula="(rollbacks + fix deployments) ÷ deployments",
        unit="share",
        direction=Direction.DOWN,
        main="share",
        source=Rows(kind="deployment.finished", number=Flag("rework"), aggregate=Ratio()),
        caveats=(_PRODUCTION, _DEPLOYED),
    ),
)  # fmt: skip
