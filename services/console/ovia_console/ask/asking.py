"""The page of Ask: the question box, a question that is sent by it, and an answer at an address of its own."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from ovia_console.ask import narrowing, words
from ovia_console.ask.answers import LONGEST, Answer, Replay
from ovia_console.ask.explaining import Names, choices_of_meaning, kpi_page, names_of, reasons_of
from ovia_console.ask.narrowing import Narrowing
from ovia_console.pages.failures import as_problem
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.scopes.scope import choices_of
from ovia_console.services import Page, Service, ServiceProblem, segment
from ovia_shared.errors import OviaError

# The service may take half a minute; a little less, so that its silence is told here.
PATIENCE_SECONDS = 28.0
_FOUND = 8


class Question(msgspec.Struct, frozen=True):
    """What was typed and chosen."""

    text: str = ""
    narrowing: Narrowing = Narrowing()

    def asked(self, visit: Visit) -> dict[str, Any]:
        """As the service takes it. Raises `InvalidInput`."""
        filters = self.narrowing.asked(visit.reader.taste.zone, datetime.now(UTC))
        return {"question": self.text, **({"filters": filters} if filters else {})}


class Person(msgspec.Struct, frozen=True):
    """Somebody whose texts may be chosen."""

    id: str
    display_name: str
    primary_email: str | None = None


class Judged(msgspec.Struct, frozen=True):
    """What the reader said of an answer."""

    helpful: bool | None = None
    comment: str = ""


@get("/ask")
async def show(visit: OfVisit, question: str = "") -> Response[str]:
    """The box, with what the address already says of the question."""
    asked = Question(question[:LONGEST], narrowing.chosen(visit.request.query_params))
    return await page(visit, asked)


@post("/ask", status_code=200)
async def ask(visit: OfVisit) -> Response[str]:
    """Without scripts: asks, and leads to the answer; what is wrong is told beside the box."""
    asked = await sent(visit)
    try:
        made = await visit.rag.send("POST", "/ask", asked.asked(visit), kind=Answer, within=PATIENCE_SECONDS)
    except OviaError as error:
        problem = as_problem(error)
        if problem.status == 401:
            raise
        return await page(visit, asked, problem=problem)
    return visit.elsewhere(f"/console/ask/{made.id}")


@post("/ask/people", status_code=200)
async def find_person(visit: OfVisit) -> Response[str]:
    """Without scripts: the page again, with the people of that name to choose from."""
    asked = await sent(visit)
    form = await visit.request.form()
    return await page(visit, asked, people=await _people(visit, str(form.get("name", ""))))


@get("/ask/people")
async def find_people(visit: OfVisit, name: str = "") -> Response[str]:
    """The people of a name, to choose one from, for the page that is open."""
    return visit.page("ask/people.html", people=await _people(visit, name), name=name, chosen="")


@get("/ask/{answer_id:uuid}")
async def show_answer(visit: OfVisit, answer_id: FromPath[UUID]) -> Response[str]:
    """An answer as it was given: at its address, or put into the page that just asked."""
    return await answered(visit, await answer_of(visit, answer_id))


async def answer_of(visit: Visit, answer_id: UUID) -> Answer:
    """An answer as it was kept."""
    return await visit.rag.get(f"/ask/{segment(answer_id)}", Answer)


async def answered(
    visit: Visit, answer: Answer, *, judged: Judged | None = None, replay: Replay | None = None
) -> Response[str]:
    """An answer, whole or as a piece; with what became of it if something just did."""
    names = await names_of(visit, answer.plan, answer)
    values = shown(visit, answer, names) | {"judged": judged or Judged(), "replay": replay}
    if visit.in_place:
        return visit.page("ask/answer.html", **values)
    asked = Question(answer.question, narrowing.of(answer.filters, visit.reader.taste.zone))
    return await page(visit, asked, **values)


def shown(visit: Visit, answer: Answer, names: Names) -> dict[str, Any]:
    """What the template of an answer needs."""
    kept = narrowing.of(answer.filters, visit.reader.taste.zone)
    return {
        "answer": answer,
        "plan": answer.plan,
        "plan_text": msgspec.json.format(msgspec.json.encode(answer.plan), indent=2).decode(),
        "names": names,
        "reasons": reasons_of(answer),
        "kept": kept,
        "choices_of_meaning": choices_of_meaning(answer, kept),
        "kpi_page": lambda asked: kpi_page(visit, asked),
        "words": words,
        "longest": LONGEST,
    }


async def page(visit: Visit, asked: Question, *, problem: ServiceProblem | None = None, **values: Any) -> Response[str]:
    """The whole page: the box, the chips, and an answer, a problem or examples below."""
    choices, kinds, person = await asyncio.gather(
        choices_of(visit), _systems(visit.api), _chosen(visit, asked.narrowing.person)
    )
    status = 200 if problem is None else problem.status
    more: dict[str, Any] = {"answer": None, "people": None, "words": words, "longest": LONGEST, **values}
    return visit.page(
        "ask/page.html",
        http_status=status,
        asked=asked,
        problem=problem,
        choices=choices,
        systems=kinds,
        person=person,
        **more,
    )


async def sent(visit: Visit) -> Question:
    """What a form of ours sent."""
    form = await visit.request.form()
    return Question(str(form.get("question", "")).strip(), narrowing.chosen(form))


async def _systems(api: Service) -> list[str]:
    """The kinds of sources there are, in the order everybody knows them."""
    connections = await api.page("/connections", limit=200)
    known = {one["kind"] for one in connections.data if one["status"] in ("active", "paused")}
    return [kind for kind in words.SYSTEMS if kind in known]


async def _people(visit: Visit, name: str) -> list[Person]:
    if not name.strip():
        return []
    found = await visit.api.get("/team/people", Page, search=name.strip()[:200], limit=_FOUND)
    return [msgspec.convert(one, Person) for one in found.data]


async def _chosen(visit: Visit, person_id: str) -> Person | None:
    if not person_id:
        return None
    try:
        return await visit.api.get(f"/team/people/{segment(person_id)}", Person)
    except ServiceProblem as problem:
        if problem.status == 401:
            raise
        # The service says what is wrong with it once it is asked.
        return Person(person_id, person_id)
