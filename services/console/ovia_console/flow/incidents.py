"""Saying which incidents a deployment caused, where what was derived is wrong, and taking it back."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter

from ovia_console.flow.deployments import Deployment, Incident
from ovia_console.flow.rows import Pages
from ovia_console.pages.links import web_address
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.services import ServiceProblem, segment

Text = Annotated[str, QueryParameter(max_length=100)]


class Correction(msgspec.Struct, frozen=True):
    """What somebody said, and why."""

    said_by: str
    said_at: datetime
    reason: str | None


class Caused(msgspec.Struct, frozen=True):
    """See `GET /team/deployments/{id}/incidents`."""

    incidents: list[Incident]
    correction: Correction | None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A work item that may be an incident."""

    connection_id: str
    external_id: str
    key: str
    title: str | None
    type: str | None
    url: str | None
    created_at: datetime | None

    @property
    def value(self) -> str:
        """As a form holds it."""
        return f"{self.connection_id}:{self.external_id}"

    @property
    def link(self) -> str:
        """Where it is at its source."""
        return web_address(self.url)


class Told(msgspec.Struct, frozen=True):
    """What is in force, and the version it may be changed by."""

    caused: Caused
    etag: str


@get("/flow/deployments/{deployment:uuid}")
async def show(visit: OfVisit, deployment: FromPath[UUID], at: Text = "", key: Text = "") -> Response[str]:
    """One deployment and its incidents; for managers, a form."""
    if visit.in_place:
        return visit.page("flow/candidates.html", candidates=await _candidates(visit, at, key), key=key, taken=set())
    return visit.page("flow/deployment.html", **await _values(visit, str(deployment), at, key))


@post("/flow/deployments/{deployment:uuid}/incidents", status_code=200)
async def say(visit: OfVisit, deployment: FromPath[UUID]) -> Response[str]:
    """It caused these and no others; or what was said is taken back."""
    form = await visit.request.form()
    at, etag = str(form.get("at", "")), str(form.get("etag", ""))
    path = f"/team/deployments/{segment(deployment)}/incidents"
    try:
        if form.get("action") == "take-back":
            await visit.metrics.send("DELETE", path, if_match=etag)
            visit.notice(visit.gettext("What was derived holds again."))
        else:
            keys = [msgspec.to_builtins(one) for one in _keys(form.getall("incident", []))]
            body = {"incidents": keys, "reason": str(form.get("reason", "")).strip() or None}
            await visit.metrics.send("PUT", path, body, if_match=etag)
            visit.notice(visit.gettext("Saved. The numbers follow within moments."))
    except ServiceProblem as problem:
        if problem.status not in (409, 412, 422):
            raise
        values = await _values(visit, str(deployment), at, "")
        return visit.page(_template(visit), http_status=problem.status, **{**values, "problem": problem})
    if visit.in_place:
        return visit.page("flow/incidents.html", **await _values(visit, str(deployment), at, ""))
    return visit.elsewhere(f"/console/flow/deployments/{segment(deployment)}?{urlencode({'at': at})}")


class _Key(msgspec.Struct, frozen=True):
    connection_id: str
    external_id: str


def _keys(values: list[Any]) -> list[_Key]:
    """Each once, as the form's boxes hold them."""
    return [_Key(*str(one).split(":", 1)) for one in dict.fromkeys(values) if ":" in str(one)]


def _template(visit: Visit) -> str:
    return "flow/incidents.html" if visit.in_place else "flow/deployment.html"


async def _values(visit: Visit, deployment: str, at: str, key: str) -> dict[str, Any]:
    told, one, candidates = await asyncio.gather(
        _told(visit, deployment), _deployment(visit, deployment, at), _candidates(visit, at, key)
    )
    known = {candidate.value: candidate for candidate in candidates}
    missing = [one for one in told.caused.incidents if one.value not in known]
    for found in await asyncio.gather(*(_candidates(visit, at, one.key) for one in missing[:20])):
        known |= {candidate.value: candidate for candidate in found}
    return {
        "deployment_id": deployment,
        "deployment": one,
        "told": told,
        "at": at,
        "key": key,
        "candidates": candidates,
        "known": known,
        "taken": {one.value for one in told.caused.incidents},
        "problem": None,
    }


async def _told(visit: Visit, deployment: str) -> Told:
    answer = await visit.metrics.told(f"/team/deployments/{segment(deployment)}/incidents")
    return Told(msgspec.convert(answer.data, Caused), answer.etag)


async def _deployment(visit: Visit, deployment: str, at: str) -> Deployment | None:
    """The one of that moment, which the list tells; None if the address does not say the moment."""
    moment = _moment(at)
    if moment is None:
        return None
    window = {"from_": moment.isoformat(), "to": (moment + timedelta(seconds=1)).isoformat()}
    page = await visit.metrics.get("/team/deployments", Pages[Deployment], **window, limit=50)
    return next((one for one in page.data if one.id == deployment), None)


async def _candidates(visit: Visit, at: str, key: str) -> list[Candidate]:
    moment = None if key else _moment(at)
    return await visit.metrics.get(
        "/team/deployments/incident-candidates",
        list[Candidate],
        key=key.strip(),
        around=None if moment is None else moment.isoformat(),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
