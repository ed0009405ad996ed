"""Plans written by hand, answered over facts written by hand: what is stated, and what it rests on."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ovia_rag.answering.answer import answer
from ovia_rag.answering.asked import Asked
from ovia_shared.database import knowing, quality
from ovia_shared.database.pool import Connection
from ovia_shared.models.ask import (
    AskAnswer,
    Citation,
    Filters,
    Intent,
    Language,
    Passage,
    Plan,
    Search,
    SourceKind,
)
from ovia_shared.models.caller import Caller
from ovia_shared.models.token import Role
from tests.conftest import OpenDatabase
from tests.kpis.conftest import Books, books

__all__ = ["Ask", "FoundSome", "books", "cited", "passage", "plan_of"]

Ask = Callable[..., Awaitable[AskAnswer]]


class FoundSome(msgspec.Struct, frozen=True):
    """What a search gave."""

    passages: list[Passage] = []
    looked_at: int = 0
    notes: list[str] = []


class FinderOf:
    """Finds what it was given, whatever is looked for."""

    def __init__(self, found: FoundSome) -> None:
        self._found = found

    async def find(
        self, conn: Connection, org_id: object, search: Search, *, as_of: datetime, limit: int = 20
    ) -> FoundSome:
        return msgspec.structs.replace(self._found, passages=self._found.passages[:limit])


def plan_of(intent: Intent, language: Language = Language.ENGLISH, **parts: Any) -> Plan:
    return Plan(language=language, intent=intent, **parts)


def passage(text: str, *title_path: str, score: float = 0.9, **told: Any) -> Passage:
    external_id = told.pop("external_id", str(uuid4()))
    defaults: dict[str, Any] = {
        "chunk_id": 1, "kind": SourceKind.DOCUMENT, "connection_id": uuid4(), "part": "body", "part_external_id": "",
        "start": 0, "end": len(text), "url": f"https://wiki.example/{external_id}", "version": "3",
        "project_external_id": None, "identity_ids": [], "created_at": None, "updated_at": None, "features": {},
    }  # fmt: skip
    return Passage(
        external_id=external_id, title_path=list(title_path) or ["A page"], text=text, score=score, **defaults | told
    )


def cited(answer: AskAnswer, place: int = 0) -> list[Citation]:
    """What the statement at this place rests on."""
    numbers = answer.statements[place].citations
    return [one for one in answer.citations if one.number in numbers]


@pytest.fixture
async def ask(books: Books, open_database: OpenDatabase) -> Ask:
    """Answers a plan as the rag service does, for a token of the role given."""
    database = await open_database("ovia_rag")
    token_id = await books.admin.fetchval("select id from tokens where org_id = $1 limit 1", books.org_id)

    async def answered(
        plan: Plan, *, found: FoundSome | None = None, role: Role = Role.VIEWER, question: str = "?",
        heard: list[tuple[str, Any]] | None = None, as_of: datetime | None = None,
    ) -> AskAnswer:  # fmt: skip
        async with database.transaction(books.org_id) as conn:
            asked = Asked(
                conn=conn, caller=Caller(books.org_id, token_id, "somebody", role), question=question,
                filters=Filters(), plan=plan, as_of=as_of or await knowing.settled(conn), zone=ZoneInfo("UTC"),
                signals=await quality.signals(conn, books.org_id), past=as_of is not None,
            )  # fmt: skip
            listener = (lambda name, told: heard.append((name, told))) if heard is not None else (lambda *_: None)
            return await answer(asked, None if found is None else FinderOf(found), listener=listener)

    return answered


def receipts(answer: AskAnswer) -> Sequence[Citation]:
    return [one for one in answer.citations if one.receipt_id is not None]
