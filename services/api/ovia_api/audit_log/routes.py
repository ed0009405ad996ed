"""The audit log over HTTP."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from ovia_shared.database import audit_log, search
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.audit_entry import AuditEntry, AuditFilter, AuditPosition
from ovia_shared.models.caller import Caller
from ovia_shared.models.token import Role
from ovia_shared.web import moments
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.paging import CursorText, Limit, Page, Paging
from ovia_shared.web.parameters import SearchText

_paging = Paging[AuditEntry, AuditPosition]("audit log", AuditPosition, audit_log.position)


@get(
    "/audit-log",
    guards=[requires(Role.ADMIN)],
    operation_id="list_audit_log",
    tags=["access"],
    summary="Who did what, the newest first",
    security=SECURITY,
    responses=problems_of(),
)
async def list_audit_log(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    actor: Annotated[
        str | None, QueryParameter(min_length=1, max_length=200, description="Only what was done under this name.")
    ] = None,
    action: Annotated[
        str | None, QueryParameter(min_length=1, max_length=100, description="Only this, such as `revoke`.")
    ] = None,
    subject: Annotated[
        str | None,
        QueryParameter(min_length=1, max_length=100, description="Only what was done to this: a kind, or an id."),
    ] = None,
    since: Annotated[
        str | None,
        QueryParameter(
            name="from", max_length=40, description="Only what was done at this moment (RFC 3339) or later."
        ),
    ] = None,
    until: Annotated[
        str | None, QueryParameter(name="to", max_length=40, description="Only what was done before this moment.")
    ] = None,
    search_text: SearchText = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[AuditEntry]:
    """Whatever was done to tokens, connections, teams, products, settings and the like; decisions about who is who are
    in the histories of people and mappings. `search` looks for words in the actor, the action, the subject and the
    detail."""
    begins = None if since is None else moments.read(since, "from")
    ends = None if until is None else moments.read(until, "to")
    if begins is not None and ends is not None and ends <= begins:
        raise InvalidInput("to must be after from", field="to")
    kind, subject_id = _told_apart(subject)
    words = await search.words(conn, search_text)
    wanted = AuditFilter(actor, action, kind, subject_id, begins, ends, words)
    begun = _paging.read(cursor, wanted)
    rows = await audit_log.find(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await audit_log.count(conn, caller.org_id, wanted)
    return _paging.page(rows, limit, total, wanted)


def _told_apart(subject: str | None) -> tuple[str | None, UUID | None]:
    if subject is None:
        return None, None
    try:
        return None, UUID(subject)
    except ValueError:
        return subject, None
