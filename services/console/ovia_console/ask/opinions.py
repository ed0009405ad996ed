"""What a reader says of an answer, and the same answer made again."""

from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from ovia_console.ask.answers import LONGEST, Replay
from ovia_console.ask.asking import PATIENCE_SECONDS, Judged, answer_of, answered
from ovia_console.pages.visit import OfVisit
from ovia_console.services import segment
from ovia_shared.errors import InvalidInput


@post("/ask/{answer_id:uuid}/feedback", status_code=200)
async def judge(visit: OfVisit, answer_id: FromPath[UUID]) -> Response[str]:
    """Keeps whether it helped, and a comment; the last one said counts."""
    form = await visit.request.form()
    helpful, comment = str(form.get("helpful", "")), str(form.get("comment", "")).strip()
    if helpful not in ("true", "false"):
        raise InvalidInput("say whether the answer helped", field="helpful")
    judged = Judged(helpful == "true", comment)
    body = {"helpful": judged.helpful, **({"comment": comment[:LONGEST]} if comment else {})}
    await visit.rag.send("POST", f"/ask/{segment(answer_id)}/feedback", body)
    if visit.in_place:
        return visit.page("ask/feedback.html", answer_id=answer_id, judged=judged, longest=LONGEST)
    return await answered(visit, await answer_of(visit, answer_id), judged=judged)


@post("/ask/{answer_id:uuid}/replay", status_code=200)
async def replay(visit: OfVisit, answer_id: FromPath[UUID]) -> Response[str]:
    """Makes it again from the same plan as of the same moment, and says whether it comes out the same."""
    made = await visit.rag.send("POST", f"/ask/{segment(answer_id)}/replay", kind=Replay, within=PATIENCE_SECONDS)
    if visit.in_place:
        return visit.page("ask/replay.html", replay=made)
    return await answered(visit, await answer_of(visit, answer_id), replay=made)
