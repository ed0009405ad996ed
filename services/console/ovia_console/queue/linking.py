"""Decisions about an account that is nobody's: it becomes somebody's, or is said to be a machine's."""

from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from ovia_console.pages.visit import OfVisit
from ovia_console.queue.deciding import decided, key_of, whom
from ovia_console.services import ServiceProblem, segment
from ovia_shared.models.review import Decision

_HOME = "/console/queue?tab=orphans"


@post("/queue/accounts/{identity_id:uuid}/link", status_code=200)
async def link(visit: OfVisit, identity_id: FromPath[UUID]) -> Response[str]:
    """To somebody known, or to a new person."""
    form = await visit.request.form()
    chosen = whom(form)
    if "person_id" in chosen:
        path = f"/team/people/{segment(chosen['person_id'])}/identities"
        body = {"identity_id": str(identity_id)}
    else:
        path, body = f"/team/identities/{segment(identity_id)}/person", chosen["new_person"]
    try:
        done = await visit.api.send("POST", path, body, kind=Decision, key=key_of(form))
    except ServiceProblem as problem:
        if problem.status != 409 or not visit.in_place:
            raise
        visit.notice(problem.message, "failed")
        return visit.page("queue/changed.html", mappings=[], decision_id=None, http_status=409)
    now = next((str(one.id) for one in done.mappings if one.identity.id == identity_id), "")
    return await decided(visit, done, now)


@post("/queue/accounts/{identity_id:uuid}/machine", status_code=200)
async def machine(visit: OfVisit, identity_id: FromPath[UUID]) -> Response[str]:
    """Whether it is a machine's, which then nobody has to map; said otherwise in the same way."""
    form = await visit.request.form()
    is_one = form.get("service_account") != "false"
    path = f"/team/identities/{segment(identity_id)}/service-account"
    reason = str(form.get("reason", "")).strip() or "said in the console"
    await visit.api.send("POST", path, {"service_account": is_one, "reason": reason}, key=key_of(form))
    if visit.in_place:
        said = visit.gettext("It is a machine's account now.")
        visit.notice(said if is_one else visit.gettext("It is a person's account now."))
        return visit.page("queue/changed.html", mappings=[], decision_id=None)
    return visit.elsewhere(_HOME)
