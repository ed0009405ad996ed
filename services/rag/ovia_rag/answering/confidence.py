"""How far an answer may be relied on. docs/ask.md tells the rule; this is it."""

from ovia_rag.answering.draft import Draft
from ovia_rag.answering.knowledge import STRONG
from ovia_shared.models.ask import CitationKind, Confidence, Plan

# A name that was matched less surely than this may stand for something else.
SURE = 0.9
# Data below this, or below half of trust, lower an answer by one step, or to the lowest.
TRUSTED = 0.8
DOUBTED = 0.5

_ORDER = [Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH]


def confidence(plan: Plan, draft: Draft) -> Confidence | None:
    """None where nothing is stated. Otherwise the lowest of what the plan, the data and the passages allow."""
    if not draft.statements:
        return None
    bounds = [_of_plan(plan), _of_data(draft), _of_passages(draft)]
    return min(bounds, key=_ORDER.index)


def _of_plan(plan: Plan) -> Confidence:
    """Names that were matched surely."""
    sure = all(one.meant.score >= SURE for one in plan.mentions)
    return Confidence.HIGH if sure and plan.by == "rules" else Confidence.MEDIUM


def _of_data(draft: Draft) -> Confidence:
    """Numbers with data behind them that can be trusted."""
    receipts = [one for one in draft.citations if one.kind is CitationKind.RECEIPT]
    if not receipts:
        return Confidence.HIGH
    if draft.without_data:
        return Confidence.LOW
    # Of what no source is known for, nothing is known of how well it was read.
    least = min(draft.qualities, default=None)
    if least is None:
        return Confidence.MEDIUM
    return Confidence.HIGH if least >= TRUSTED else Confidence.MEDIUM if least >= DOUBTED else Confidence.LOW


def _of_passages(draft: Draft) -> Confidence:
    """Two sources that both fit well, or one; a single one that fits badly is the lowest."""
    if not draft.fits:
        return Confidence.HIGH
    strong = {source for score, source in draft.fits if score >= STRONG}
    sources = {source for _, source in draft.fits}
    if len(strong) >= 2:
        return Confidence.HIGH
    return Confidence.MEDIUM if strong or len(sources) >= 2 else Confidence.LOW
