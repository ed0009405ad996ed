"""The words for what the rag service names; they are translated where they are shown."""


def _(text: str) -> str:
    """Marks a sentence for the catalogues."""
    return text


KINDS = {
    "document": _("Documents"),
    "work_item": _("Work items"),
    "merge_request": _("Merge requests"),
    "kpi": _("Definitions of numbers"),
}
# Names of products are the same in every language.
SYSTEMS = {"jira": "Jira", "gitlab": "GitLab", "confluence": "Confluence", "git": "Git"}
OUTCOMES = {"answered": _("Answered"), "asked_back": _("Asked back"), "refused": _("Not answered")}
CONFIDENCE = {"high": _("High confidence"), "medium": _("Medium confidence"), "low": _("Low confidence")}
TONES = {"high": "good", "medium": "warn", "low": "bad"}
INTENTS = {
    "metric": _("a number"),
    "list": _("a list"),
    "person": _("people"),
    "why": _("why a number changed"),
    "status": _("how something is going"),
    "knowledge": _("what somebody wrote"),
}
LISTS = {
    "stale_merge_requests": _("Stale merge requests"),
    "waiting_for_review": _("Merge requests that wait for review"),
    "open_merge_requests": _("Open merge requests"),
    "blockers": _("Blocked items"),
    "failing_pipelines": _("Failed pipelines"),
    "work_in_progress": _("Work in progress"),
    "open_incidents": _("Open incidents"),
    "spillover": _("Items left over from a sprint"),
    "deployments": _("Deployments"),
}
PEOPLE = {
    "who_is": _("Who somebody is"),
    "works_on": _("What somebody works on"),
    "owner_of": _("Who answers for something"),
    "knows_about": _("Who knows about something"),
    "members_of": _("Who is in a team"),
}
SCOPES = {
    "organisation": _("The organisation"),
    "product": _("Product"),
    "team": _("Team"),
    "project": _("Project"),
    "sprint": _("Sprint"),
    "release": _("Release"),
    "person": _("Person"),
    "work_item": _("Work item"),
    "kpi": _("Number"),
    "time": _("Time"),
}
BREAKDOWNS = {"team": _("by team"), "product": _("by product")}
PARTS = {"title": _("Title"), "body": _("Text"), "description": _("Description"), "comment": _("Comment")}
# What rows and receipts hold, where the name alone would not be understood.
FIELDS = {
    "person": _("Person"),
    "team": _("Team"),
    "project": _("Project"),
    "role": _("Role"),
    "since": _("Since"),
    "until": _("Until"),
    "status": _("Status"),
    "email": _("E-mail"),
    "accounts": _("Accounts"),
    "title": _("Title"),
    "key": _("Key"),
    "age_days": _("Age in days"),
    "members": _("Members"),
    "name": _("Name"),
    "before": _("Before"),
    "after": _("After"),
    "before_n": _("Rows before"),
    "after_n": _("Rows after"),
    "before_share": _("Share before"),
    "after_share": _("Share after"),
    "mix": _("Of the difference, by its share"),
    "rate": _("Of the difference, by itself"),
    "part": _("Of the difference"),
    "value": _("Value"),
    "n": _("Rows counted"),
    "rows": _("Rows of the list"),
    "shown": _("Rows shown"),
    "difference": _("Difference"),
    "p50": _("Median"),
    "p85": _("85th percentile"),
    "p90": _("90th percentile"),
    "share": _("Share"),
    "count": _("Count"),
    "score": _("Score"),
}
EXAMPLES = (
    _("How many merge requests were merged last month?"),
    _("Which merge requests are stale?"),
    _("What is blocked?"),
    _("Why did the cycle time change this quarter?"),
    _("Throughput by team, compared with the month before"),
    _("What does flow efficiency mean?"),
)
