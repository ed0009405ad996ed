"""An account that is nobody's: what it says of itself, whom it resembles, and whether it is a machine's."""

import asyncio
from uuid import UUID, uuid4

from litestar import Response, get
from litestar.params import FromPath

from ovia_console.pages.visit import OfVisit
from ovia_console.queue.drawer import candidates_of
from ovia_console.queue.waterfall import waterfall
from ovia_console.services import ServiceProblem, segment
from ovia_shared.models.candidate import Candidate
from ovia_shared.models.service_account import JudgedAccount


@get("/queue/accounts/{identity_id:uuid}")
async def show(visit: OfVisit, identity_id: FromPath[UUID]) -> Response[str]:
    """Beside the list, or as a page of its own."""
    account, rivals = await asyncio.gather(
        visit.api.get(f"/team/identities/{segment(identity_id)}/service-account", JudgedAccount),
        _rivals(candidates_of(visit, identity_id)),
    )
    return visit.page(
        "queue/account_drawer.html" if visit.in_place else "queue/account.html",
        account=account,
        steps=waterfall(account.rule_trace or ()),
        rivals=rivals,
        key=uuid4().hex,
    )


async def _rivals(asked: "asyncio.Future[list[Candidate]] | object") -> list[Candidate] | None:
    try:
        return await asked  # type: ignore[misc,no-any-return]
    except ServiceProblem as problem:
        if problem.status == 401:
            raise
        return None
