"""Questions over HTTP."""

import contextlib
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Schema
from litestar.params import BodyKwarg, PathParameter, QueryParameter, SkipValidation
from litestar.response import ServerSentEvent

from ovia_rag.asking.asking import begin, respond, understand
from ovia_rag.asking.replaying import replay
from ovia_rag.asking.streaming import EVENTS, events
from ovia_rag.asking.tools import Tools
from ovia_shared.database.ask import sessions, sight
from ovia_shared.database.pool import Connection, Database, Opening
from ovia_shared.errors import NotAllowed, NotFound
from ovia_shared.models.ask import AskAnswer, Outcome
from ovia_shared.models.ask_sessions import (
    Asked,
    AskedFilter,
    AskedPosition,
    AskReplay,
    Feedback,
    NewFeedback,
    NewQuestion,
)
from ovia_shared.models.caller import Caller
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import release, requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.idempotency import Write
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

Conn = NamedDependency[SkipValidation[Connection]]
CallerGiven = NamedDependency[SkipValidation[Caller]]
ToolsGiven = NamedDependency[SkipValidation[Tools]]
AnswerId = Annotated[UUID, PathParameter(description="The id an answer was given with.")]

EVENT_STREAM = "text/event-stream"
_history = Paging[Asked, AskedPosition]("asked", AskedPosition, lambda one: AskedPosition(one.created_at, one.id))
_QUESTIONS = [
    Example(summary="A number", value={"question": "How many merge requests were merged last month?"}),
    Example(summary="A list", value={"question": "Какие мерж-реквесты застоялись?"}),
    Example(summary="Why", value={"question": "Why did the time to first response change this quarter?"}),
    Example(
        summary="What people wrote", value={"question": "How do we roll back?", "filters": {"kinds": ["document"]}}
    ),
]


@dataclass
class Asking(Write):
    """The operation of asking, whose answer may also come as events."""

    def __post_init__(self) -> None:
        super().__post_init__()
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse) and answer.content is not None:
            answer.content[EVENT_STREAM] = OpenAPIMediaType(
                schema=Schema(
                    type=OpenAPIType.STRING,
                    description=f"With `Accept: {EVENT_STREAM}`: events {', '.join(f'`{one}`' for one in EVENTS)}, "
                    "each with JSON. `done` has the whole answer, once it is stored; `problem` ends what fails.",
                )
            )


@post(
    "/ask",
    guards=[requires(Role.VIEWER)],
    operation_id="ask",
    operation_class=Asking,
    tags=["ask"],
    summary="Ask a question",
    security=SECURITY,
    status_code=200,
    responses=problems_of(404, 409, 413),
)
async def ask(
    request: SkipValidation[Request[Any, Any, Any]],
    conn: Conn,
    caller: CallerGiven,
    tools: ToolsGiven,
    pool: NamedDependency[SkipValidation[Database]],
    data: Annotated[NewQuestion, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_QUESTIONS)],
) -> Response[AskAnswer] | ServerSentEvent:
    """Answers with statements, each of which names what it rests on: receipts of numbers, rows, or passages of what
    people wrote. Shows the plan it understood the question as. Where words may stand for several things, or a filter
    contradicts the question, it asks back (`asked_back`); where nothing supports an answer it refuses (`refused`) and
    says what it looked at. Numbers of one person need the role manager. With `Accept: text/event-stream` the answer
    comes as it is made."""
    begun = await begin(conn, caller, data, tools)
    # The claim of a key is in the request's transaction, and the answer is kept together with it.
    keyed = "idempotency-key" in request.headers
    if not keyed:
        await release(request)
    if _wants_events(request):
        # What is wrong with a question is told before a stream begins, if rules can tell.
        understood = await understand(begun) if begun.plan is None else None
        request_id = str(request.scope["state"].get("request_id", ""))
        return ServerSentEvent(events(pool, begun, understood, request_id), status_code=200)
    opened: Opening = lambda: contextlib.nullcontext(conn) if keyed else pool.transaction(caller.org_id)  # noqa: E731
    made = await respond(opened, begun, await understand(begun))
    return Response(made, status_code=200, headers={"Location": f"/ask/{made.id}"})


@get(
    "/ask/history",
    guards=[requires(Role.VIEWER)],
    operation_id="list_questions",
    tags=["ask"],
    summary="Questions that were asked, newest first",
    security=SECURITY,
    responses=problems_of(),
)
async def list_questions(
    conn: Conn,
    caller: CallerGiven,
    everybody: Annotated[
        bool, QueryParameter(description="Everybody's; without it, those of this token. Needs the role `manager`.")
    ] = False,
    outcome: Annotated[Outcome | None, QueryParameter(description="Only those that ended so.")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[Asked]:
    """Each with what became of it, and whether its asker found the answer helpful."""
    if everybody and not caller.role.reaches(Role.MANAGER):
        raise NotAllowed(f"everybody's questions need the role {Role.MANAGER}; the token is a {caller.role}")
    await sight.settle(conn, caller)
    wanted = AskedFilter(None if everybody else caller.token_id, outcome)
    begun = _history.read(cursor, wanted)
    rows = await sessions.find(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await sessions.count(conn, caller.org_id, wanted)
    return _history.page(rows, limit, total, wanted)


@get(
    "/ask/{answer_id:uuid}",
    guards=[requires(Role.VIEWER)],
    operation_id="read_answer",
    tags=["ask"],
    summary="An answer",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_answer(conn: Conn, caller: CallerGiven, answer_id: AnswerId) -> AskAnswer:
    """As it was given, with its plan. Those of other tokens need the role manager."""
    return await _kept(conn, caller, answer_id)


@post(
    "/ask/{answer_id:uuid}/feedback",
    guards=[requires(Role.VIEWER)],
    operation_id="judge_answer",
    operation_class=Write,
    tags=["ask"],
    summary="Say whether an answer helped",
    security=SECURITY,
    status_code=200,
    responses=problems_of(404, 409, 413),
)
async def judge_answer(
    conn: Conn,
    caller: CallerGiven,
    answer_id: AnswerId,
    data: Annotated[NewFeedback, BodyKwarg(media_type=RequestEncodingType.JSON)],
) -> Feedback:
    """One opinion of each token; saying another replaces it."""
    await _kept(conn, caller, answer_id)
    return await sessions.judge(conn, caller, answer_id, data)


@post(
    "/ask/{answer_id:uuid}/replay",
    guards=[requires(Role.VIEWER)],
    operation_id="replay_answer",
    tags=["ask"],
    summary="Make an answer again",
    security=SECURITY,
    status_code=200,
    responses=problems_of(404),
)
async def replay_answer(conn: Conn, caller: CallerGiven, tools: ToolsGiven, answer_id: AnswerId) -> AskReplay:
    """Counts its numbers by their receipts, and answers by its plan as of its moment, without asking a model: a wording
    is kept where the same would be stated. The same data and the same index of texts give the same answer; otherwise
    says what changed, row by row where sources keep no versions. Nothing new is kept as an answer."""
    return await replay(conn, caller, await _kept(conn, caller, answer_id), tools)


async def _kept(conn: Connection, caller: Caller, answer_id: UUID) -> AskAnswer:
    """An answer this caller may read. Raises `NotFound`: whether others asked something is nobody's business.

    Raises `NotAllowed` for one that rests on texts which this caller may not see (any more).
    """
    await sight.settle(conn, caller)
    found = await sessions.find_one(conn, caller.org_id, answer_id)
    if found is None or (found.token_id != caller.token_id and not caller.role.reaches(Role.MANAGER)):
        raise NotFound("there is no such answer", field="answer_id")
    if found.answer is None:
        raise NotAllowed(f"this answer rests on texts that their source restricts; a {caller.role} may not see them")
    return found.answer


def _wants_events(request: Request[Any, Any, Any]) -> bool:
    return EVENT_STREAM in request.headers.get("accept", "")


def routes(database: Database, tools: Tools) -> Router:
    """All of them. Streams answer in transactions of their own, behind the request's."""
    return Router(
        "/",
        route_handlers=[ask, list_questions, read_answer, judge_answer, replay_answer],
        dependencies={
            "tools": Provide(lambda: tools, sync_to_thread=False),
            "pool": Provide(lambda: database, sync_to_thread=False),
        },
    )
