"""Many confirmed at once: all the engine is sure of, conflicts left out, behind a preview that says what changes."""

import hashlib
from typing import Any
from uuid import uuid4

from litestar import Response, get, post

from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.queue.deciding import key_of
from ovia_console.queue.filters import SOURCES
from ovia_console.services import ServiceProblem
from ovia_shared.errors import NotAllowed
from ovia_shared.models.review import BulkDecision, BulkOutcome

_PATH = "/team/conflict-queue/bulk-confirm"
THRESHOLD = "98"
MOST_IDS = 1000


@get("/queue/bulk")
async def preview(visit: OfVisit, threshold: str = "", source: str = "") -> Response[str]:
    """The form, and once it has a threshold, what would be confirmed."""
    _require(visit)
    if not threshold:
        return _page(visit, THRESHOLD, source)
    share = _share(threshold)
    if share is None:
        return _page(visit, threshold, source, wrong=visit.gettext("A confidence is from 0 to 100 %."), http_status=422)
    seen = await _tried(visit, share, source)
    return _page(visit, threshold, source, seen=seen, names=await _kpi_names(visit, seen))


@post("/queue/bulk", status_code=200)
async def confirm(visit: OfVisit) -> Response[str]:
    """Confirms what the preview showed; shows it anew if that is no longer the same."""
    _require(visit)
    form = await visit.request.form()
    threshold, source = str(form.get("threshold", "")), str(form.get("source", ""))
    share = _share(threshold)
    if share is None:
        return _page(visit, threshold, source, wrong=visit.gettext("A confidence is from 0 to 100 %."), http_status=422)
    seen = await _tried(visit, share, source)
    if digest(seen) != form.get("seen"):
        changed = visit.gettext("Meanwhile something was decided or matched: look again at what would be confirmed.")
        names = await _kpi_names(visit, seen)
        return _page(visit, threshold, source, seen=seen, names=names, warning=changed, http_status=409)
    ids = _confirmed(seen)
    # Those that were shown and no others, as far as the api takes ids: each is one version of a mapping.
    wanted: dict[str, Any] = {"mapping_ids": ids} if 0 < len(ids) <= MOST_IDS else _threshold(share, source)
    done = await visit.api.send("POST", _PATH, wanted, kind=BulkDecision, key=key_of(form))
    return _page(visit, threshold, source, done=done)


def digest(seen: BulkDecision) -> str:
    """What a preview showed, in a word: the mappings that would be confirmed."""
    return hashlib.sha256("".join(sorted(_confirmed(seen))).encode()).hexdigest()[:32]


def _confirmed(seen: BulkDecision) -> list[str]:
    return [str(one.mapping_id) for one in seen.results if one.outcome is BulkOutcome.CONFIRMED]


def _threshold(share: float, source: str) -> dict[str, Any]:
    return {"min_confidence": share} | ({"source": source} if source else {})


def _page(visit: Visit, threshold: str, source: str, *, http_status: int = 200, **values: Any) -> Response[str]:
    told = {"seen": None, "names": {}, "done": None, "wrong": None, "warning": ""} | values
    seen = told["seen"]
    return visit.page(
        "queue/bulk.html",
        threshold=threshold,
        source=source,
        sources=SOURCES,
        key=uuid4().hex,
        digest="" if seen is None else digest(seen),
        http_status=http_status,
        **told,
    )


async def _tried(visit: Visit, share: float, source: str) -> BulkDecision:
    return await visit.api.send("POST", _PATH, _threshold(share, source) | {"dry_run": True}, kind=BulkDecision)


async def _kpi_names(visit: Visit, seen: BulkDecision) -> dict[str, str]:
    """What the KPIs are called; by their keys where the metrics service does not answer."""
    if not seen.kpis:
        return {}
    try:
        catalogue = await visit.metrics.get("/team/kpi/catalogue", list[dict[str, Any]])
    except ServiceProblem:
        return {}
    return {one["name"]: one["title"] for one in catalogue}


def _require(visit: Visit) -> None:
    if not visit.reader.may("manager"):
        raise NotAllowed(visit.gettext("Confirming many at once is for managers."))


def _share(percent: str) -> float | None:
    try:
        share = float(percent.replace(",", ".")) / 100
    except ValueError:
        return None
    return round(share, 6) if 0 <= share <= 1 else None
