"""What a question's answer has to be, from what is known of the sample."""

from datetime import datetime

from ovia_demo.answers import Answers, delivery
from ovia_demo.answers.timeline import DONE, items
from ovia_demo.organisation.code_model import Organisation, Pipeline
from ovia_shared.models.ask import ListKind
from tests.bench.ask_questions.questions import ListQuestion, MetricQuestion

# Lists of what the known answers count but do not name: the KPI, and which of its numbers says how many rows.
_COUNTED = {
    ListKind.WORK_IN_PROGRESS: "flow.wip",
    ListKind.OPEN_MERGE_REQUESTS: "merge_request.stale_share",
    ListKind.WAITING_FOR_REVIEW: "review.waiting",
    ListKind.DEPLOYMENTS: "dora.deployment_frequency",
}
_RISKS = {ListKind.STALE_MERGE_REQUESTS: "stale", ListKind.BLOCKERS: "blocker"}


def scope_of(text: str) -> tuple[str, str]:
    """Kind and id, as the known answers have them."""
    kind, _, theirs = text.partition(" ")
    return (kind, theirs) if theirs else ("organisation", "")


def values(known: Answers, wanted: MetricQuestion) -> tuple[int, dict[str, float | None]]:
    """How many rows are behind it, and its values by name."""
    kind, theirs = scope_of(wanted.scope)
    found = known.find(wanted.kpi, kind, theirs, wanted.window)
    return found.n, found.values


def keys(organisation: Organisation, known: Answers, wanted: ListQuestion) -> set[str] | None:
    """The keys of all rows, or None where only their number is known."""
    kind, theirs = scope_of(wanted.scope)
    product = theirs if kind == "product" else None
    if wanted.list in _RISKS:
        return {
            one.what for one in known.risks
            if one.kind == _RISKS[wanted.list] and product in (None, one.product)
        }  # fmt: skip
    if wanted.list is ListKind.OPEN_INCIDENTS:
        end = organisation.until
        return {
            one.key for one in items(organisation)
            if one.incident() and one.category_before(end) not in (None, DONE) and product in (None, one.product)
        }  # fmt: skip
    if wanted.list is ListKind.FAILING_PIPELINES:
        window = next(one for one in known.windows if one.name == wanted.window)
        return _failing(organisation, window.start, window.end, product)
    return None


def rows(known: Answers, wanted: ListQuestion) -> int:
    """How many rows there are, of a list whose rows are not named."""
    kind, theirs = scope_of(wanted.scope)
    if wanted.list is ListKind.SPILLOVER:
        found = known.find("sprint.spillover", kind, theirs, wanted.window)
        return round(found.n * (found.values["share"] or 0))
    return known.find(_COUNTED[wanted.list], kind, theirs, wanted.window).n


def _failing(organisation: Organisation, start: datetime, end: datetime, product: str | None) -> set[str]:
    """Ids of the pipelines that are the last of their branch, and failed."""
    counted = {int(one.parts["id"] or 0) for one in delivery.pipeline_rows(organisation)}
    products = {one.id: one.product for one in organisation.repositories}
    last: dict[tuple[int, str], Pipeline] = {}
    for one in organisation.pipelines:
        if one.id not in counted or one.finished_at is None or not start <= one.finished_at < end:
            continue
        if product not in (None, products[one.repository]):
            continue
        key = (one.repository, one.ref)
        before = last.get(key)
        if before is None or before.finished_at is None or (before.finished_at, before.id) < (one.finished_at, one.id):
            last[key] = one
    return {str(one.id) for one in last.values() if one.status == "failed"}
