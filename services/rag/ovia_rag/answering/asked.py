"""What an answer is made for: who asks what, understood how, as of when."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from ovia_rag.answering.draft import Draft
from ovia_rag.wording.lists import saying
from ovia_shared.database.kpis import allowing, scopes
from ovia_shared.database.kpis.measuring import Basis, Question, basis_of
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.ask import Filters, Language, Plan
from ovia_shared.models.caller import Caller
from ovia_shared.models.data_quality import QualitySignals
from ovia_shared.models.kpi import Scope, Window

# Beyond this a window is a mistake.
LONGEST = timedelta(days=20 * 366)


class Asked(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A question, its plan, and what answers are made with. `past`: it is answered as of an earlier moment, again."""

    conn: Connection
    caller: Caller
    question: str
    filters: Filters
    plan: Plan
    as_of: datetime
    zone: ZoneInfo
    signals: QualitySignals
    past: bool = False

    @property
    def language(self) -> Language:
        """What the answer is written in."""
        return self.plan.language


class Placed(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A scope in a window, as somebody may ask about it. `named`: whether people may be told by name."""

    scope: Scope
    name: str
    basis: Basis
    window: Window
    named: bool


async def place(asked: Asked, draft: Draft, scope: Scope, window: Window) -> Placed:
    """The scope as it is made up, the window cut to now. Raises `NotAllowed`, `NotFound` and `InvalidInput`."""
    wanted = allowing.scope_of(asked.caller, scope.kind, scope.id)
    org_id = asked.caller.org_id
    basis = await basis_of(asked.conn, org_id, wanted, as_of=asked.as_of if asked.past else None)
    cut = _until_now(asked, window)
    if cut != window:
        _once(draft.assumptions, saying("cut_to_now", asked.language))
    resolved = Scope(basis.scope.kind, basis.scope.id)
    return Placed(
        scope=resolved,
        name=await scopes.name(asked.conn, org_id, resolved) or resolved.id,
        basis=basis,
        window=cut,
        named=await allowing.may_name(asked.conn, asked.caller, basis, cut),
    )


def question(asked: Asked, placed: Placed, kpi: str, window: Window | None = None) -> Question:
    """Of this KPI, as of the moment of the answer."""
    return Question(
        org_id=asked.caller.org_id, kpi=kpi, window=window or placed.window, basis=placed.basis,
        facts_as_of=asked.as_of, people_as_of=asked.as_of,
    )  # fmt: skip


def _until_now(asked: Asked, window: Window) -> Window:
    latest = asked.as_of.replace(second=0, microsecond=0)
    end = min(window.end, latest)
    if window.start >= end:
        raise InvalidInput("the time that is asked about is empty, or yet to come", field="question")
    if end - window.start > LONGEST:
        raise InvalidInput("a window is 20 years at most", field="question")
    return window if end == window.end else Window(window.start, end)


def _once(texts: list[str], text: str) -> None:
    if text not in texts:
        texts.append(text)
