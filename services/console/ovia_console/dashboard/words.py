"""What the services call things, in words for people; marked here for the catalogues, translated where shown."""


def _(text: str) -> str:
    """Marks a sentence for the catalogues."""
    return text


TITLES = {
    "delivery_health": _("Delivery health"),
    "release_risk": _("Release risk"),
    "throughput.merge_requests": _("Merge requests merged"),
    "review.first_response_hours": _("First response"),
    "review.waiting": _("Waiting for a first response"),
    "review.duration_hours": _("Review"),
    "merge_request.cycle_hours": _("Cycle time of merge requests"),
    "merge_request.coding_hours": _("Coding"),
    "merge_request.pickup_hours": _("Pickup"),
    "merge_request.review_hours": _("Review, as a part of the cycle"),
    "merge_request.deploy_hours": _("Deploy"),
    "merge_request.size": _("Size of merge requests"),
    "merge_request.stale_share": _("Stale merge requests"),
    "throughput.work_items": _("Work items finished"),
    "work_item.cycle_hours": _("Cycle time of work items"),
    "work_item.lead_hours": _("Lead time of work items"),
    "flow.wip": _("Work in progress"),
    "flow.aging": _("Age of work in progress"),
    "flow.efficiency": _("Flow efficiency"),
    "blockers.open": _("Blocked items"),
    "blockers.age_days": _("Age of blockers"),
    "sprint.completion": _("Sprint completion"),
    "sprint.spillover": _("Sprint spillover"),
    "sprint.scope_change": _("Sprint scope change"),
    "pipeline.success_rate": _("Pipelines that passed"),
    "pipeline.duration_minutes": _("Duration of pipelines"),
    "pipeline.flaky_share": _("Flaky pipelines"),
    "pipeline.failing_release_branches": _("Failing release branches"),
    "dora.deployment_frequency": _("Deployment frequency"),
    "dora.change_lead_hours": _("Lead time for changes"),
    "dora.change_fail_rate": _("Change failure rate"),
    "dora.recovery_hours": _("Time to recover"),
    "dora.rework_rate": _("Rework rate"),
    "identity.coverage": _("Accounts mapped"),
    "identity.conflict_rate": _("Accounts in conflict"),
    "identity.verified_rate": _("Accounts verified"),
}
# What the values of a number are called; those left out are shown by the name the service has for them.
VALUES = {
    "score": _("Score"),
    "count": _("Count"),
    "p50": _("Median"),
    "p85": _("85 of 100 are below"),
    "p90": _("90 of 100 are below"),
    "max": _("Largest"),
    "share": _("Share"),
    "per_day": _("A day"),
    "days_with_one": _("Days with at least one"),
    "bug": _("Bugs"),
    "feature": _("Features"),
    "chore": _("Chores"),
    "waiting": _("Still waiting"),
    "over_p50": _("Older than the median of those finished"),
    "over_p85": _("Older than 85 of 100 of those finished"),
}
# Values that count something, whatever the unit of their number is.
COUNTS = frozenset({"count", "days_with_one", "bug", "feature", "chore", "waiting", "over_p50", "over_p85"})
LEVELS = {"low": _("low"), "medium": _("medium"), "high": _("high")}
UNITS = {"score": _("of 100"), "lines": _("lines"), "per day": _("a day")}
BUCKETS = {"day": _("Days"), "week": _("Weeks"), "month": _("Months"), "sprint": _("Sprints")}
GROUPS_BY = {"product": _("By product"), "team": _("By team"), "type": _("By type")}
# The rest of each division, which has no name of its own.
GROUPS = {
    "other": _("Outside all products"),
    "none": _("Nobody's, or of no type"),
    "small": _("Small teams together"),
    "bug": VALUES["bug"],
    "feature": VALUES["feature"],
    "chore": VALUES["chore"],
}
CAUSES = {
    "mix": _("The make-up is another"),
    "rate": _("Changed within the groups"),
    "late_data": _("Became known late"),
    "identity_corrections": _("Who is who was corrected"),
    "definition_changes": _("Definitions changed"),
}
LATE = {"arrived": _("arrived"), "corrected": _("corrected"), "withdrawn": _("withdrawn")}
RISKS = {"blocker": _("Blocked"), "pipeline": _("Pipeline fails"), "stale": _("Forgotten")}
# Why data is not fully trusted, by code.
REASONS = {
    "no_source": _("No source tells of this yet."),
    "never_read": _("A part of a source was never read."),
    "dead_letters": _("Some records could not be understood."),
    "unmapped_accounts": _("Some active accounts lead to nobody."),
    "fewer_than_announced": _("A source sent less than it announced."),
    "counts_differ": _("A source sent more than is known here."),
    "not_derived": _("Facts were never derived."),
    "derivation_failing": _("Facts cannot be derived at the moment."),
    "derivation_behind": _("Facts are behind what was read."),
}
REASON = _("Something is wrong with the data behind it.")
