"""`python -m tests.bench.ask_questions`: asks them all, without any model, and says how many are answered rightly.

`OVIA_EVAL_PEOPLE` and `OVIA_EVAL_MONTHS` are the size of the sample; names in the questions are those of 24 people.
"""

import asyncio
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC
from zoneinfo import ZoneInfo

import msgspec

from ovia_rag.answering.answer import answer
from ovia_rag.answering.asked import Asked
from ovia_rag.answering.draft import evidence
from ovia_rag.asking.tools import Tools
from ovia_rag.planning import planner
from ovia_shared.database import knowing
from ovia_shared.errors import OviaError
from ovia_shared.models.ask import AskAnswer, CitationKind, Filters, Outcome
from ovia_shared.models.caller import Caller
from ovia_shared.models.token import Role
from tests.bench.ask_questions import expected
from tests.bench.ask_questions.questions import (
    KnowledgeQuestion,
    ListQuestion,
    MetricQuestion,
    PersonQuestionAsked,
    Questions,
    read,
)
from tests.bench.ask_questions.sample import Sample, sample
from tests.bench.report import Table, publish

SUPPORTED = "statements supported"
TARGETS = {"metric": 0.9, "list": 0.9, "person": 0.9, "knowledge": 0.8, "refused": 0.95, SUPPORTED: 1.0}
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)?(?![\w-])")


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A question, what came of it, and what is wrong with the answer, if anything."""

    group: str
    ask: str
    wrong: str | None
    seconds: float
    statements: int = 0
    unsupported: list[str] = []


def main() -> int:
    """Prints the shares, and every question that was answered otherwise than it must be."""
    judged = asyncio.run(_run())
    publish("ask-questions", [_shares(judged), _wrong(judged)])
    return 0


async def _run() -> list[Judged]:
    questions = read()
    async with sample() as made:
        tools = Tools(made.providers)
        return [await _judge(made, tools, group, one) for group, one in _all(questions)]


def _all(questions: Questions) -> list[tuple[str, msgspec.Struct]]:
    return [(group, one) for group in questions.__struct_fields__ for one in getattr(questions, group)]


async def _judge(made: Sample, tools: Tools, group: str, wanted: msgspec.Struct) -> Judged:
    ask = str(getattr(wanted, "ask", ""))
    started = time.perf_counter()
    try:
        told = await _ask(made, tools, ask)
    except OviaError as error:
        wrong = None if group == "refused" else f"refused: {error.message}"
        return Judged(group=group, ask=ask, wrong=wrong, seconds=time.perf_counter() - started)
    seconds = time.perf_counter() - started
    unsupported = [one.text for place, one in enumerate(told.statements) if not _is_supported(told, place)]
    return Judged(
        group=group, ask=ask, wrong=_fault(made, wanted, told), seconds=seconds, statements=len(told.statements),
        unsupported=unsupported,
    )  # fmt: skip


async def _ask(made: Sample, tools: Tools, question: str) -> AskAnswer:
    """As the service does, but at the end of the sample's time."""
    caller = Caller(made.org_id, made.token_id, "eval", Role.VIEWER)
    zone = ZoneInfo("UTC")
    async with made.database.transaction(made.org_id) as conn:
        chosen = await tools.chosen(conn, made.org_id)
        plan = await planner.plan(
            conn, made.org_id, question, now=made.organisation.until.astimezone(UTC), zone=zone, caller_role=caller.role
        )
        asked = Asked(
            conn=conn, caller=caller, question=question, filters=Filters(), plan=plan,
            as_of=await knowing.settled(conn), zone=zone, signals=await tools.known_quality.signals(conn, made.org_id),
        )  # fmt: skip
        return await answer(asked, chosen.finder)


def _fault(made: Sample, wanted: msgspec.Struct, told: AskAnswer) -> str | None:
    match wanted:
        case MetricQuestion():
            return _metric_fault(made, wanted, told)
        case ListQuestion():
            return _list_fault(made, wanted, told)
        case PersonQuestionAsked():
            return _person_fault(wanted, told)
        case KnowledgeQuestion():
            titles = [one.title for one in told.citations if one.kind is CitationKind.PASSAGE][:3]
            found = any(title.casefold() in one.casefold() for title in wanted.titles for one in titles)
            return None if found else f"{told.outcome}, {told.plan.intent}; cited {titles}"
        case _:
            return None if told.outcome is not Outcome.ANSWERED else f"answered: {_said(told)}"


def _metric_fault(made: Sample, wanted: MetricQuestion, told: AskAnswer) -> str | None:
    n, values = expected.values(made.known, wanted)
    cited = [one for one in told.citations if one.kpi == wanted.kpi]
    if not cited:
        return f"{told.outcome}, {told.plan.intent}; expected {values}; said {_said(told)}"
    mine = cited[0].values or {}
    alike = all(_alike(mine.get(name), value) for name, value in values.items() if name in mine)
    if alike and mine.get("n") == n and set(values) & set(mine):
        return None
    return f"expected {n} {values}; cited {mine}; said {_said(told)}"


def _list_fault(made: Sample, wanted: ListQuestion, told: AskAnswer) -> str | None:
    whole = [one for one in told.citations if "rows" in (one.values or one.row or {})]
    if not whole or told.plan.lists[0].kind is not wanted.list:
        return f"{told.outcome}, {told.plan.intent}; said {_said(told)}"
    total = (whole[0].values or whole[0].row or {})["rows"]
    keys = expected.keys(made.organisation, made.known, wanted)
    if keys is None:
        count = expected.rows(made.known, wanted)
        return None if total == count else f"expected {count} rows; said {_said(told)}"
    shown = {_key(one.row, wanted) for one in told.citations if one.row is not None and "key" in one.row}
    fits = shown == keys if len(keys) <= told.plan.lists[0].limit else shown < keys
    return None if fits and total == len(keys) else f"expected {sorted(keys)}; showed {sorted(shown)} of {total}"


def _key(row: dict[str, object], wanted: ListQuestion) -> str:
    return str(row["entity_id" if wanted.list == "failing_pipelines" else "key"])


def _person_fault(wanted: PersonQuestionAsked, told: AskAnswer) -> str | None:
    said = _said(told)
    missing = [one for one in wanted.says if one not in said]
    kinds = [one.question for one in told.plan.people]
    return None if not missing and wanted.question in kinds else f"{told.outcome}, {kinds}; no {missing} in: {said}"


def _is_supported(told: AskAnswer, place: int) -> bool:
    """Each number of the statement is in what it cites: as text, or as a value rounded to as many digits."""
    statement = told.statements[place]
    cited = [one for one in told.citations if one.number in statement.citations]
    texts, numbers = [], []
    for one in cited:
        more, values = evidence(one)
        texts += more
        numbers += values
    whole = " ".join(texts)
    fixed = _fixed(statement.text)
    return bool(cited) and all(
        text in whole or text in fixed or _is_value(text, numbers) for text in _NUMBER.findall(statement.text)
    )


def _fixed(text: str) -> set[str]:
    """Numbers that are words of ours: percentiles and scales."""
    scales = {"85 %": "85", "90 %": "90", "90 days": "90", "90 дней": "90", "of 100": "100", "из 100": "100"}
    return {number for words, number in scales.items() if words in text}


def _is_value(text: str, values: list[float]) -> bool:
    shown = float(text.replace(",", "."))
    half = 0.5 * 10 ** -len(text.replace(",", ".").partition(".")[2]) + 1e-9
    scaled: list[Callable[[float], float]] = [abs, lambda one: abs(100 * one)]
    return any(abs(scale(one) - shown) <= half for one in values for scale in scaled)


def _alike(mine: float | None, known: float | None) -> bool:
    # What was counted and is none: 0 in one place, unknown in the other, where a scope never had such a thing.
    if mine is None or known is None:
        return (mine or 0) == (known or 0)
    return abs(mine - known) <= 1e-6 * max(1.0, abs(known))


def _said(told: AskAnswer) -> str:
    return " ".join(one.text for one in told.statements) or str([one.text for one in told.plan.ambiguities])


def _shares(judged: list[Judged]) -> Table:
    rows = []
    for group in dict.fromkeys(one.group for one in judged):
        some = [one for one in judged if one.group == group]
        right = sum(one.wrong is None for one in some)
        slowest = sorted(one.seconds for one in some)[int(0.95 * (len(some) - 1))]
        rows.append((group, str(len(some)), str(right), f"{right / len(some):.1%}", f"{TARGETS[group]:.0%}",
                     f"{1000 * slowest:.0f} ms"))  # fmt: skip
    said, bad = sum(one.statements for one in judged), sum(len(one.unsupported) for one in judged)
    share = f"{(said - bad) / max(said, 1):.1%}"
    rows.append((SUPPORTED, str(said), str(said - bad), share, "100%", ""))
    title = f"{len(judged)} questions about the sample organisation, without a model"
    return Table(title, ("questions", "asked", "as expected", "share", "target", "p95"), tuple(rows))


def _wrong(judged: list[Judged]) -> Table:
    rows = [(one.group, one.ask, one.wrong or f"unsupported: {one.unsupported}") for one in judged
            if one.wrong is not None or one.unsupported]  # fmt: skip
    return Table("Answered otherwise", ("group", "question", "what came"), tuple(rows))


if __name__ == "__main__":
    sys.exit(main())
