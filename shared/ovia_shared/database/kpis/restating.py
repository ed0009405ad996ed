"""From a number as it was told to the same number as known now, step by step, each step for one cause."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database.facts.deriving import FAMILIES
from ovia_shared.database.kpis import receipts, snapshots, statements
from ovia_shared.database.kpis.measuring import Basis, Question, measure, settings_in_force, statements_of
from ovia_shared.database.pool import Connection
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Composite, Kpi, Rows
from ovia_shared.kpis.terms import Mapped
from ovia_shared.models.kpi import Answer
from ovia_shared.models.kpi_change import Cause

# Between what is known at a moment and right before it.
_INSTANT = timedelta(microseconds=1)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A number as it was told: the answer with its receipt, what it was the answer to, and the KPI's version then.

    `alike`: today's statements, asked the same, answer the same.
    """

    answer: Answer
    receipt_id: UUID
    question: Question
    version: int
    alike: bool


class Definition(msgspec.Struct, frozen=True):
    """A family of facts that was derived otherwise from a moment on: by another version, or with other settings."""

    family: str
    moment: datetime
    reason: str


def counted(kpi: Kpi) -> list[str]:
    """The KPIs whose rows make its value: itself, or those that a composite is made of."""
    return list(kpi.source.inputs) if isinstance(kpi.source, Composite) else [kpi.name]


def kinds(kpi: Kpi) -> list[str]:
    """The kinds of those rows."""
    sources = [CATALOGUE[name].source for name in counted(kpi)]
    return sorted({one.kind for one in sources if isinstance(one, Rows)})


def by_people(question: Question) -> bool:
    """Whether it matters to the value who is who."""
    scope = question.basis.scope
    sources = [CATALOGUE[name].source for name in counted(CATALOGUE[question.kpi])]
    asks = any(isinstance(one, Rows) and isinstance(one.number, Mapped) for one in sources)
    return scope.teams is not None or scope.person is not None or asks


async def told(conn: Connection, now: Question, then: datetime | None) -> Told | None:
    """The number as known `then`, or, without it, as it was first told: None if it never was.

    What a scope is made up of has no history but in receipts: as known `then` it is made up as it is now.
    """
    kpi = CATALOGUE[now.kpi]
    if then is None:
        receipt_id = await _first_receipt(conn, now)
        if receipt_id is None:
            return None
        receipt = await receipts.find(conn, now.org_id, receipt_id)
        question = receipts.question_of(now.org_id, receipt)
        same = receipt.statements == statements_of(kpi, question.basis.scope)
        alike = same and receipt.kpi_version == kpi.version
        return Told(
            answer=receipt.answer, receipt_id=receipt_id, question=question, version=receipt.kpi_version, alike=alike
        )
    settings = await settings_in_force(conn, now.org_id, as_of=then)
    basis = Basis(now.basis.scope, settings, now.basis.zone)
    question = msgspec.structs.replace(now, basis=basis, facts_as_of=then, people_as_of=then)
    found = await snapshots.answer(conn, question)
    return Told(answer=found.answer, receipt_id=found.receipt_id, question=question, version=kpi.version, alike=True)


async def definitions(conn: Connection, before: Question, now: Question) -> list[Definition]:
    """When facts that may have counted came to be derived otherwise between the two, in order.

    As far back as facts are kept in full: what changed before then counts as known later.
    """
    wanted = set(kinds(CATALOGUE[now.kpi]))
    families = [family.name for family in FAMILIES if wanted & set(family.kinds)]
    rows = await conn.fetch(
        """
        select d.family, d.moment, d.reason from definition_changes d
         where d.org_id = $1 and d.family = any($2) and d.moment > $3 and d.moment <= $4
           and d.moment > coalesce((select facts_known_since from organisations where org_id = $1), '-infinity')
           and (exists (select from facts f where f.org_id = $1 and f.kind = any($5) and f.known_from = d.moment
                           and f.occurred_at < $6)
             or exists (select from facts f where f.org_id = $1 and f.kind = any($5) and f.known_to = d.moment
                           and f.known_to < 'infinity' and f.occurred_at < $6))
         order by d.moment, d.family
        """,
        now.org_id,
        families,
        before.facts_as_of,
        now.facts_as_of,
        sorted(wanted),
        now.window.end,
    )
    return [Definition(*row) for row in rows]


async def restate(
    conn: Connection, before: Told, now: Question, value_now: float | None, changes: list[Definition]
) -> dict[Cause, Fraction]:
    """What each cause added on the way from what was told to what is known now. They sum to the whole way.

    A step after which there is no data is taken together with the next one after which there is.
    """
    causes = dict.fromkeys(Cause, Fraction(0))
    moments = sorted({one.moment for one in changes})
    start = before.question
    if not by_people(start):
        # Then it does not matter as of when people are believed, and a step less is counted.
        start = msgspec.structs.replace(start, people_as_of=now.people_as_of, basis=_as_sure(start.basis, now.basis))
    value, asked = before.answer.value, start if before.alike else None
    for cause, question in _steps(start, now, moments):
        if question == asked:
            continue
        asked = question
        known = value_now if question == now else await _value(conn, question)
        if known is not None and value is not None:
            causes[cause] += Fraction(known) - Fraction(value)
        value = value if known is None else known
    return causes


def _steps(before: Question, now: Question, moments: list[datetime]) -> list[tuple[Cause, Question]]:
    replace = msgspec.structs.replace
    # By the KPI of today, if that is another version than the one that was told.
    steps = [(Cause.DEFINITION, before)]
    for moment in moments:
        steps.append((Cause.LATE, replace(before, facts_as_of=moment - _INSTANT)))
        steps.append((Cause.DEFINITION, replace(before, facts_as_of=moment)))
    arrived = replace(before, facts_as_of=now.facts_as_of)
    steps.append((Cause.LATE, arrived))
    # From which confidence on a mapping is used says who is who, as mappings themselves do.
    corrected = replace(arrived, people_as_of=now.people_as_of, basis=_as_sure(before.basis, now.basis))
    steps.append((Cause.IDENTITY, corrected))
    chosen = replace(corrected, basis=replace(now.basis, scope=before.basis.scope))
    steps.append((Cause.DEFINITION, chosen))
    # What a sprint or a release holds is told by sources; what a product or a team is made up of, by people.
    made_up = Cause.LATE if now.basis.scope.items is not None else Cause.DEFINITION
    return [*steps, (made_up, now)]


def _as_sure(basis: Basis, now: Basis) -> Basis:
    """The basis, but for the confidence from which on a mapping is used, which is that of now."""
    settings = msgspec.structs.replace(basis.settings, auto=now.settings.auto)
    return msgspec.structs.replace(basis, settings=settings)


async def _value(conn: Connection, question: Question) -> float | None:
    kpi = CATALOGUE[question.kpi]
    if isinstance(kpi.source, Composite):
        return (await measure(conn, question)).answer.value
    # Of all that the statement tells, Postgres counts no more than is asked for: no hash of the rows above all.
    value: float | None = await conn.fetchval(
        f'select "{kpi.main}" from ({statements.value_of(kpi.name, question.basis.scope)}) counted',  # noqa: S608
        *parameters(question),
    )
    return value


def parameters(question: Question) -> tuple[Any, ...]:
    """Those of every statement."""
    return (
        question.org_id, question.window.start, question.window.end, question.facts_as_of, question.people_as_of,
        msgspec.to_builtins(question.basis),
    )  # fmt: skip


async def _first_receipt(conn: Connection, now: Question) -> UUID | None:
    # Of a sprint within the scope numbers are told too.
    found: UUID | None = await conn.fetchval(
        """
        select r.id from receipts r join receipt_bases b on b.org_id = r.org_id and b.id = r.basis_id
         where r.org_id = $1 and r.kpi = $2 and r.scope_kind = $3 and r.scope_id = $4
           and r.window_start = $5 and r.window_end = $6 and r.as_of <= $7
           and b.content #>> '{scope,sprint}' is not distinct from $8
         order by r.created_at, r.id limit 1
        """,
        now.org_id,
        now.kpi,
        now.basis.scope.kind,
        now.basis.scope.id,
        now.window.start,
        now.window.end,
        now.facts_as_of,
        now.basis.scope.sprint,
    )
    return found
