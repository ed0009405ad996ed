"""What the catalogue of KPIs says of each, marked here for the catalogues of words.

The service says it in English; a sentence that is not among these is shown as it is.
"""


def _(text: str) -> str:
    """Marks a sentence for the catalogues."""
    return text


# What each answers.
QUESTIONS = (
    _("Is delivery in good shape?"),
    _("What endangers the next release?"),
    _("How many changes were merged?"),
    _("How long does a change wait until somebody answers?"),
    _("How many changes wait for their first answer?"),
    _("How long does a review take once it began?"),
    _("How long is the way of a change from its first commit to production?"),
    _("How long is a change worked on before it is shown?"),
    _("How long until somebody looks at a change that was merged later?"),
    _("How long does it take from the first answer to the merge?"),
    _("How long does a merged change wait for production?"),
    _("How large are the changes people have to review?"),
    _("What share of the open changes has been forgotten?"),
    _("How much work was finished?"),
    _("How long does work take once it was begun?"),
    _("How long does a request wait until it is done?"),
    _("How much is under way at once?"),
    _("Is something under way for longer than such things take?"),
    _("What share of its way is an item worked on?"),
    _("What is held up?"),
    _("How long have blocked items been held up?"),
    _("How much of what was taken on was done?"),
    _("How much was left over?"),
    _("How much did the plan change after the start?"),
    _("Can the main line be relied on?"),
    _("How long does one wait for a verdict?"),
    _("How often does a pipeline fail for no reason?"),
    _("Which releases cannot be built?"),
    _("How often does work reach users?"),
    _("How long from writing a change to users having it?"),
    _("What share of deployments did harm?"),
    _("How long do users suffer from a failed change?"),
    _("What share of deployments mended earlier ones?"),
    _("How much of the activity has a person?"),
    _("How much waits for a decision?"),
    _("How much has somebody confirmed?"),
)
# Its definition.
DEFINITIONS = (
    _(
        "The weighted mean of scores from 0 to 100: completion (100 × sprint completion), blocker age (0 at a"
        " median of 14 days), first response (0 at a median of 48 hours), pipelines (100 × those that "
        "passed), spillover (100 × what was not left over)."
    ),
    _(
        "The weighted mean of scores from 0 to 100: blockers (half by their number, full at 10; half by their"
        " median age, full at 14 days), pipelines (100 × release branches that fail), stale (100 × stale "
        "merge requests). Low below 35, high from 70."
    ),
    _(
        "Merge requests merged in the window, into any branch; by class: bug or feature by their labels, else"
        " chore. Never added to work items."
    ),
    _(
        "From ready for review (created, or the first time it was no draft) to the first comment, approval or"
        " request for changes by a human who is not the author, before it was merged or closed. In the window"
        " of the response."
    ),
    _("Merge requests that were ready at the end of the window, not merged or closed, and had no response."),
    _("From the first response to the merge, of merge requests merged in the window."),
    _(
        "From the first commit authored to the first successful production deployment that contains the "
        "merge, of merge requests merged in the window. Its parts are coding, pickup, review and deploy."
    ),
    _("From the first commit authored to ready for review, of merge requests merged in the window."),
    _("From ready for review to the first response, of merge requests merged in the window."),
    _("From the merge to the first successful production deployment that contains it, of those merged in the window."),
    _("Lines added and removed, of merge requests merged in the window."),
    _(
        "Of the merge requests open at the end of the window, drafts too, those to which nothing had happened"
        " for longer than the organisation says (7 days): no comment, review act or commit by anybody. Closed"
        " without merging is closed."
    ),
    _(
        "Work items that entered a status of the category done in the window and had not left it at its end; "
        "each item once. By class: by type, then by labels, else chore. Never added to merge requests."
    ),
    _("From the first time ever in progress to the entry into done, of the items that throughput counts."),
    _("From creation to the entry into done, of the items that throughput counts."),
    _("Work items in a status of the category in progress at the end of the window."),
    _(
        "Of the items in progress at the end of the window: time since they first were in progress; and how "
        "many are older than the p50 and p85 of the cycle times of items finished in the 90 days before."
    ),
    _(
        "Of the items that throughput counts and that were in progress before: time in progress and not "
        "blocked ÷ that and the time they waited (in to do, or blocked), between first in progress and done."
    ),
    _(
        "Items that are not done and are flagged, in a blocked status, or blocked by an item that is not "
        "done, at the end of the window."
    ),
    _("Time since the present interval began, of the items blocked at the end of the window."),
    _("Items in the sprint and done at its close ÷ items committed (in it at its start) or added after."),
    _("Items in the sprint and not done at its close ÷ items in it at its close."),
    _("Items added or removed between start and close ÷ items committed at the start. One that was both counts twice."),
    _("Of the pipelines of default and release branches that finished in the window, those that passed."),
    _("From start to finish of the same pipelines, whether they passed or failed."),
    _("Of the same pipelines, those that failed and of which a later one on the same commit and branch passed."),
    _("Of the release branches with a finished pipeline in the window, those whose last one failed."),
    _("Successful deployments to production in the window, per day; and the days with at least one."),
    _("Per merge request shipped in the window: from its first commit authored to the deployment that shipped it."),
    _("Of the deployments, those followed by a rollback, a hotfix, or the fix of an incident that began after them."),
    _(
        "From a failed deployment to the rollback, fix or end of the incident that restored service, in whose"
        " window it is."
    ),
    _("Of the deployments, rollbacks and those that shipped a fix, each once."),
    _("Of the active accounts of people, those with a mapping in use: verified, or found and sure enough."),
    _("Of the active accounts of people, those whose mapping waits for somebody to decide."),
    _("Of the active accounts of people, those whose mapping somebody confirmed."),
)
# What to keep in mind.
CAVEATS = (
    _("A part without data drops out and the weights of the others make up for it; the answer says which."),
    _("The weights are the setting `health_weights`."),
    _("The weights are the setting `risk_weights`."),
    _("Nothing blocked: no age, so that part drops out."),
    _("What bots authored counts too, except for teams, which bots are not in."),
    _("In a team's numbers are the merge requests of authors who were in it at that time."),
    _("What has had no response yet is not counted, but told as waiting."),
    _("Nights and weekends count."),
    _("Merged without any response: not counted."),
    _(
        "Merge requests that have not reached production are in the parts they have, not in the total; so the"
        " medians of the parts need not add up to it."
    ),
    _("A part whose ends are missing or the wrong way round is null and not counted, never 0."),
    _("Not counted where the source leaves lines out: diffs too large for it."),
    _("A team's are those of authors who were in it when they opened them."),
    _("Items of every type count alike, epics and sub-tasks too."),
    _("What is reopened after the window still counts in it; asked for a longer window it does not."),
    _(
        "Categories of statuses come from the source, or from the setting `workflow`; a status without one is"
        " neither to do, nor in progress, nor done."
    ),
    _("In a team's numbers are the items whose present assignee was in it at that time."),
    _("Items that never were in progress before they were done are not counted."),
    _("A team's are those whose assignee was in it when the present stretch began."),
    _("Nothing finished in the 90 days before: there is nothing to hold it against."),
    _("An item left in progress over a weekend was active all the time: the sources know no better."),
    _("Which statuses and links block is the setting `workflow`."),
    _("An item that was unblocked for a moment begins anew."),
    _("Of sprints that closed in the window; one that was never closed has no numbers."),
    _("Sums over all sprints, so a large one weighs more."),
    _("In a team's numbers are the items whose present assignee was in it when the sprint closed."),
    _("Cancelled and skipped ones do not count, nor do those of tags."),
    _("In a team's numbers are the pipelines that people who were in it started."),
    _("The wait for a runner is not in it."),
    _("One that passes tomorrow makes today's failure flaky."),
    _("Which branches are for releases is the setting `production`."),
    _(
        "Production is an environment whose tier says so, or whose name fits the setting `production`; each "
        "row says what it was told by."
    ),
    _("A deployment that failed never reached production: it is neither a deployment nor a failed change."),
    _("In a team's numbers are the deployments that people who were in it made; machines are in no team."),
    _("Only merge requests into the default branch ship."),
    _("Which deployment an incident began with is inferred, and can be corrected by hand."),
    _("The newest deployments may yet turn out to have failed."),
    _("What has not been restored yet is not counted."),
    _("Of the organisation alone: an account is not a team's before it is mapped."),
    _("Accounts of machines, and those their source calls inactive, do not count."),
)
