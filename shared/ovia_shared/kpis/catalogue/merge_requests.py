"""Merge requests: how many, how fast they are answered, how long their way is, how large, how stale."""

from ovia_shared.kpis.kpi import Also, Count, Direction, Kpi, Ratio, Rows, Spread, Time
from ovia_shared.kpis.terms import Attribute, Silent, Value

_HALF_AND_NINETY = Spread((50, 90))
_AUTHOR = "In a team's numbers are the merge requests of authors who were in it at that time."
_NEGATIVE = "A part whose ends are missing or the wrong way round is null and not counted, never 0."


def _part(name: str, title: str, question: str, definition: str, formula: str, source: Rows) -> Kpi:
    return Kpi(
        name=f"merge_request.{name}_hours", title=title, question=question, definition=definition, formula=formula,
        unit="hours", direction=Direction.DOWN, main="p50", source=source, caveats=(_NEGATIVE, _AUTHOR),
    )  # fmt: skip


KPIS = (
    Kpi(
        name="throughput.merge_requests",
        title="Merge requests merged",
        question="How many changes were merged?",
        definition=(
            "Merge requests merged in the window, into any branch; by class: bug or feature by their labels, "
            "else chore. "
            "Never added to work items."
        ),
        formula="count of merge requests with start <= merged < end",
        unit="count",
        direction=Direction.UP,
        main="count",
        source=Rows(
            kind="merge_request.merged", aggregate=Count("merge_request.merged", by_class=True)
        ),
        caveats=("What bots authored counts too, except for teams, which bots are not in.", _AUTHOR),
    ),
    Kpi(
        name="review.first_response_hours",
        title="First response",
        question="How long does a change wait until somebody answers?",
        definition=(
            "From ready for review (created, or the first time it was no draft) to the first comment, approval "
            "or request "
            "for changes by a human who is not the author, before it was merged or closed. In the window of "
            "the response."
        ),
        formula="p50 and p90 of (first response - ready), elapsed hours",
        unit="hours",
        direction=Direction.DOWN,
        main="p50",
        source=Rows(kind="merge_request.first_response", number=Value(), aggregate=_HALF_AND_NINETY),
        also=(Also("waiting", "review.waiting", "count"),),
        caveats=(
            "What has had no response yet is not counted, but told as waiting.", "Nights and weekends count.", _AUTHOR,
        ),
    ),
    Kpi(
        name="review.waiting",
        title="Waiting for a first response",
        question="How many changes wait for their first answer?",
        definition="Merge requests that were ready at the end of the window, not merged or closed, and had no "
        "response.",
        formula="count of intervals ready … first response or end, open at end",
        unit="count",
        direction=Direction.DOWN,
        main="count",
        source=Rows(kind="merge_request.waiting", time=Time.OPEN, aggregate=Count("merge_request.open")),
        caveats=(_AUTHOR,),
    ),
    Kpi(
        name="review.duration_hours",
        title="Review",
        question="How long does a review take once it began?",
        definition="From the first response to the merge, of merge requests merged in the window.",
        formula="p50 and p90 of (merged - first response), elapsed hours",
        unit="hours",
        direction=Direction.DOWN,
        main="p50",
        source=Rows(kind="merge_request.merged", number=Attribute("review_hours"), aggregate=_HALF_AND_NINETY),
        caveats=("Merged without any response: not counted.", _AUTHOR),
    ),
    Kpi(
        name="merge_request.cycle_hours",
        title="Cycle time of merge requests",
        question="How long is the way of a change from its first commit to production?",
        definition=(
            "From the first commit authored to the first successful production deployment that contains the merge, of "
            "merge requests merged in the window. Its parts are coding, pickup, review and deploy."
        ),
        formula="p50 and p90 of (shipped - first commit), elapsed hours",
        unit="hours",
        direction=Direction.DOWN,
        main="p50",
        source=Rows(kind="merge_request.deployed", number=Attribute("total_hours"), aggregate=_HALF_AND_NINETY),
        parts=tuple(f"merge_request.{part}_hours" for part in ("coding", "pickup", "review", "deploy")),
        caveats=(
            "Merge requests that have not reached production are in the parts they have, not in the total; so "
            "the medians "
            "of the parts need not add up to it.",
            _NEGATIVE, _AUTHOR,
        ),
    ),
    _part(
        "coding", "Coding", "How long is a change worked on before it is shown?",
        "From the first commit authored to ready for review, of merge requests merged in the window.",
        "p50 and p90 of (ready - first commit), elapsed hours",
        Rows(kind="merge_request.merged", number=Attribute("coding_hours"), aggregate=_HALF_AND_NINETY),
    ),
    _part(
        "pickup", "Pickup", "How long until somebody looks at a change that was merged later?",
        "From ready for review to the first response, of merge requests merged in the window.",
        "p50 and p90 of (first response - ready), elapsed hours",
        Rows(kind="merge_request.merged", number=Attribute("pickup_hours"), aggregate=_HALF_AND_NINETY),
    ),
    _part(
        "review", "Review, as a part of the cycle", "How long does it take from the first answer to the merge?",
        "From the first response to the merge, of merge requests merged in the window.",
        "p50 and p90 of (merged - first response), elapsed hours",
        Rows(kind="merge_request.merged", number=Attribute("review_hours"), aggregate=_HALF_AND_NINETY),
    ),
    _part(
        "deploy", "Deploy", "How long does a merged change wait for production?",
        "From the merge to the first successful production deployment that contains it, of those merged in the window.",
        "p50 and p90 of (shipped - merged), elapsed hours",
        Rows(kind="merge_request.deployed", number=Value(), aggregate=_HALF_AND_NINETY),
    ),
    Kpi(
        name="merge_request.size",
        title="Size of merge requests",
        question="How large are the changes people have to review?",
        definition="Lines added and removed, of merge requests merged in the window.",
        formula="p50 and p90 of (additions + deletions)",
        unit="lines",
        direction=Direction.DOWN,
        main="p50",
        source=Rows(kind="merge_request.merged", number=Value(), aggregate=_HALF_AND_NINETY),
        caveats=("Not counted where the source leaves lines out: diffs too large for it.", _AUTHOR),
    ),
    Kpi(
        name="merge_request.stale_share",
        title="Stale merge requests",
        question="What share of the open changes has been forgotten?",
        definition=(
            "Of the merge requests open at the end of the window, drafts too, those to which nothing had happened for "
            "longer than the organisation says (7 days): no comment, review act or commit by anybody. Closed without "
            "merging is closed."
        ),
        formula="silent for longer than the limit ÷ open, at end",
        unit="share",
        direction=Direction.DOWN,
        main="share",
        source=Rows(kind="merge_request.open", time=Time.OPEN, number=Silent(), aggregate=Ratio()),
        caveats=("A team's are those of authors who were in it when they opened them.",),
    ),
)  # fmt: skip
