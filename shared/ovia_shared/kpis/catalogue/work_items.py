"""Work items: how many are finished, how long they take, what is under way, what is held up."""

from ovia_shared.kpis.kpi import Beyond, Count, Direction, Kpi, Ratio, Rows, Spread, Time
from ovia_shared.kpis.terms import Age, Attribute, Has, Plus, Value

_ASSIGNEE = "In a team's numbers are the items whose present assignee was in it at that time."
_CATEGORIES = (
    "Categories of statuses come from the source, or from the setting `workflow`; a status without one is "
    "neither to do, "
    "nor in progress, nor done."
)

KPIS = (
    Kpi(
        name="throughput.work_items",
        title="Work items finished",
        question="How much work was finished?",
        definition=(
            "Work items that entered a status of the category done in the window and had not left it at its "
            "end; each item "
            "once. By class: by type, then by labels, else chore. Never added to merge requests."
        ),
        formula="count of entries into done with start <= entry < end, still done at end",
        unit="count",
        direction=Direction.UP,
        main="count",
        source=Rows(kind="work_item.done", time=Time.STILL, aggregate=Count("work_item.created", by_class=True)),
        caveats=(
            "Items of every type count alike, epics and sub-tasks too.",
            "What is reopened after the window still counts in it; asked for a longer window it does not.",
            _CATEGORIES, _ASSIGNEE,
        ),
    ),
    Kpi(
        name="work_item.cycle_hours",
        title="Cycle time of work items",
        question="How long does work take once it was begun?",
        definition="From the first time ever in progress to the entry into done, of the items that throughput counts.",
        formula="p50, p85 and p90 of (done - first in progress), elapsed hours",
        unit="hours",
        direction=Direction.DOWN,
        main="p50",
        source=Rows(
            kind="work_item.done", time=Time.STILL, number=Attribute("cycle_hours"), aggregate=Spread((50, 85, 90))
        ),
        caveats=("Items that never were in progress before they were done are not counted.", _CATEGORIES, _ASSIGNEE),
    ),
    Kpi(
        name="work_item.lead_hours",
        title="Lead time of work items",
        question="How long does a request wait until it is done?",
        definition="From creation to the entry into done, of the items that throughput counts.",
        formula="p50, p85 and p90 of (done - created), elapsed hours",
        unit="hours",
        direction=Direction.DOWN,
        main="p50",
        source=Rows(kind="work_item.done", time=Time.STILL, number=Value(), aggregate=Spread((50, 85, 90))),
        caveats=(_CATEGORIES, _ASSIGNEE),
    ),
    Kpi(
        name="flow.wip",
        title="Work in progress",
        question="How much is under way at once?",
        definition="Work items in a status of the category in progress at the end of the window.",
        formula="count of stretches in progress, open at end",
        unit="count",
        direction=Direction.DOWN,
        main="count",
        source=Rows(kind="work_item.in_progress", time=Time.OPEN, aggregate=Count("work_item.created")),
        caveats=("A team's are those whose assignee was in it when the present stretch began.", _CATEGORIES),
    ),
    Kpi(
        name="flow.aging",
        title="Age of work in progress",
        question="Is something under way for longer than such things take?",
        definition=(
            "Of the items in progress at the end of the window: time since they first were in progress; and "
            "how many are "
            "older than the p50 and p85 of the cycle times of items finished in the 90 days before."
        ),
        formula="p50 and p85 of (end - first in progress); over_p50, over_p85: how many exceed those of cycle time",
        unit="hours",
        direction=Direction.DOWN,
        main="p50",
        source=Rows(
            kind="work_item.in_progress", time=Time.OPEN, number=Age("hours", since="first_in_progress_at"),
            aggregate=Spread((50, 85), beyond=Beyond("work_item.cycle_hours", 90, (50, 85))),
        ),
        caveats=("Nothing finished in the 90 days before: there is nothing to hold it against.", _CATEGORIES),
    ),
    Kpi(
        name="flow.efficiency",
        title="Flow efficiency",
        question="What share of its way is an item worked on?",
        definition=(
            "Of the items that throughput counts and that were in progress before: time in progress and not "
            "blocked ÷ that "
            "and the time they waited (in to do, or blocked), between first in progress and done."
        ),
        formula="Σ active ÷ Σ (active + waiting)",
        unit="share",
        direction=Direction.UP,
        main="share",
        source=Rows(
            kind="work_item.done", time=Time.STILL, where=(Has("cycle_hours"),), number=Attribute("active_hours"),
            aggregate=Ratio(Plus(Attribute("active_hours"), Attribute("waiting_hours")), n_rows=True),
        ),
        caveats=(
            "An item left in progress over a weekend was active all the time: the sources know no better.", _CATEGORIES,
        ),
    ),
    Kpi(
        name="blockers.open",
        title="Blocked items",
        question="What is held up?",
        definition=(
            "Items that are not done and are flagged, in a blocked status, or blocked by an item that is not "
            "done, at the "
            "end of the window."
        ),
        formula="count of blocked intervals, open at end",
        unit="count",
        direction=Direction.DOWN,
        main="count",
        source=Rows(kind="work_item.blocked", time=Time.OPEN, aggregate=Count("work_item.created")),
        caveats=("Which statuses and links block is the setting `workflow`.", _ASSIGNEE),
    ),
    Kpi(
        name="blockers.age_days",
        title="Age of blockers",
        question="How long have blocked items been held up?",
        definition="Time since the present interval began, of the items blocked at the end of the window.",
        formula="p50 and largest of (end - start of the interval), days of 24 hours",
        unit="days",
        direction=Direction.DOWN,
        main="p50",
        source=Rows(
            kind="work_item.blocked", time=Time.OPEN, number=Age("days"), aggregate=Spread((50,), largest=True)
        ),
        caveats=("An item that was unblocked for a moment begins anew.", _ASSIGNEE),
    ),
)  # fmt: skip
