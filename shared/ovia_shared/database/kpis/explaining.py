"""Splits the difference between two windows: what became known later, and what groups of the rows did."""

import asyncio
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database.kpis import corrections, grouping, restating, snapshots
from ovia_shared.database.kpis.grouping import By, Group
from ovia_shared.database.kpis.measuring import Question
from ovia_shared.database.kpis.restating import Told
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.kpis import reasons, splitting
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Composite, Count, Kpi, Rate, Ratio, Spread
from ovia_shared.kpis.splitting import Contribution, Side
from ovia_shared.models.data_quality import Quality
from ovia_shared.models.kpi import Answer, Scope
from ovia_shared.models.kpi_change import (
    Cause,
    ChangeGroup,
    ChangeParts,
    IdentityCorrections,
    KpiChange,
    LateData,
    Number,
)

# What a composite is grouped by.
PART = "part"
# What is read into memory to be split.
MOST_ROWS = 300_000
_ROUNDING = Fraction(1, 10**9)


class _Counted(msgspec.Struct, frozen=True):
    """An answer with its receipt, and what it is the answer to."""

    question: Question
    answer: Answer
    receipt_id: UUID

    @property
    def value(self) -> Fraction:
        """Exactly; 0 where there is none."""
        return Fraction(self.answer.value or 0.0)

    @property
    def shown(self) -> Number:
        """As it is told."""
        return Number(
            window=self.question.window, as_of=self.question.facts_as_of, value=self.answer.value, n=self.answer.n,
            receipt_id=self.receipt_id,
        )  # fmt: skip


class _Ends(msgspec.Struct, frozen=True):
    """The number as it was told, the same as known now, and the one of the window that is asked about."""

    before: _Counted
    restated: _Counted
    after: _Counted

    @property
    def known(self) -> bool:
        """Whether there is data in all of them."""
        return None not in {self.before.answer.value, self.restated.answer.value, self.after.answer.value}


class _Learnt(msgspec.Struct, frozen=True):
    causes: dict[Cause, Fraction]
    late: LateData
    corrections: IdentityCorrections
    definitions: list[Any]


async def explain(
    conn: Connection, scope: Scope, before: Told | None, earlier: Question, later: Question, by: By | None,
    quality: Quality, *, named: bool,
) -> KpiChange:  # fmt: skip
    """Why the KPI is another in `later` than it was told to be in the window of `earlier`; both as known now.

    Decisions about who is who are listed only if `named`. Raises `InvalidInput` for groups that the KPI has not.
    """
    kpi = CATALOGUE[later.kpi]
    if isinstance(kpi.source, Composite) and by is not None:
        raise InvalidInput(f"{kpi.name} is made of other KPIs, and is split by these; leave `by` out", field="by")
    grouped = by or By.PRODUCT
    restated, after = [await _counted(conn, question) for question in (earlier, later)]
    told = restated if before is None else _Counted(before.question, before.answer, before.receipt_id)
    ends = _Ends(told, restated, after)
    learnt = await _learnt(conn, before, earlier, ends, named=named)
    groups: list[Group] = []
    contributions: list[Contribution] = []
    if ends.known:
        if isinstance(kpi.source, Composite):
            groups, sides = _parts(restated.answer, after.answer)
        else:
            if max(restated.answer.n, after.answer.n) > MOST_ROWS:
                raise InvalidInput(f"more than {MOST_ROWS:,} rows cannot be split; take shorter windows", field="from")
            groups = await grouping.groups(conn, later, grouped)
            sides = [await grouping.sides(conn, question, grouped, groups) for question in (earlier, later)]
            groups.append(grouping.REST[grouped])
        # Percentiles of many rows take a while, in which others are answered.
        contributions = await asyncio.to_thread(_split, kpi, sides[0], sides[1], earlier, later)
    parts, shown = _told(contributions, learnt.causes, ends, {group.key: group for group in groups})
    return KpiChange(
        name=kpi.name, version=kpi.version, title=kpi.title, unit=kpi.unit, direction=kpi.direction, scope=scope,
        before=told.shown, restated=restated.shown, after=after.shown,
        difference=None if parts is None else _sum(parts), quality=quality, parts=parts,
        reasons=reasons.reasons(kpi, parts, shown, learnt.late, learnt.corrections, learnt.definitions),
        by=PART if isinstance(kpi.source, Composite) else grouped,
        groups=shown, late=learnt.late, corrections=learnt.corrections, definitions=learnt.definitions,
    )  # fmt: skip


async def _counted(conn: Connection, question: Question) -> _Counted:
    found = await snapshots.answer(conn, question)
    return _Counted(question, found.answer, found.receipt_id)


async def _learnt(conn: Connection, before: Told | None, now: Question, ends: _Ends, *, named: bool) -> _Learnt:
    if before is None:
        return _Learnt(dict.fromkeys(Cause, Fraction(0)), LateData(), IdentityCorrections(), [])
    changes = await restating.definitions(conn, before.question, now)
    return _Learnt(
        await restating.restate(conn, before, now, ends.restated.answer.value, changes),
        await corrections.late(conn, before.question, now, changes),
        await corrections.identities(conn, before.question, now, named=named),
        await corrections.definitions(conn, before, now, changes),
    )


def _parts(*answers: Answer) -> tuple[list[Group], list[dict[str, Side]]]:
    """The parts of a composite, as groups: their scores weigh what they weigh, and one without data is not there."""
    names = {part.name: CATALOGUE[part.kpi].title for answer in answers for part in answer.parts}
    sides = [
        {
            part.name: Side(n=part.n, number=Fraction(part.score) * Fraction(part.weight), weight=Fraction(part.weight))
            for part in answer.parts
            if part.score is not None and part.weight is not None
        }
        for answer in answers
    ]
    return [Group(key, name) for key, name in names.items()], sides


def _split(
    kpi: Kpi, before: dict[str, Side], after: dict[str, Side], earlier: Question, later: Question
) -> list[Contribution]:
    aggregate = None if isinstance(kpi.source, Composite) else kpi.source.aggregate
    match aggregate:
        case Count():
            return splitting.of_counts(before, after)
        case Rate():
            return splitting.of_counts(before, after, (_days(earlier), _days(later)))
        case Spread():
            return splitting.of_percentiles(before, after, int(kpi.main.removeprefix("p")))
        case Ratio() | None:
            return splitting.of_shares(before, after)


def _days(question: Question) -> Fraction:
    length = question.window.end - question.window.start
    return Fraction(length.days) + Fraction(length.seconds, 86400) + Fraction(length.microseconds, 86400 * 10**6)


def _told(
    contributions: list[Contribution], causes: dict[Cause, Fraction], ends: _Ends, groups: dict[str, Group]
) -> tuple[ChangeParts | None, list[ChangeGroup]]:
    """Contributions as floats that sum to the difference, largest groups first."""
    if not ends.known:
        return None, []
    leaves = [leaf for one in contributions for leaf in (one.mix, one.rate)] + [causes[cause] for cause in Cause]
    # Numbers counted in SQL are rounded, those of the groups are not: by less than anybody can see.
    size = max(Fraction(1), abs(ends.before.value), abs(ends.restated.value), abs(ends.after.value))
    difference = ends.after.value - ends.before.value
    assert abs(sum(leaves) - difference) <= size * _ROUNDING, "the parts must sum to the difference"
    floats = splitting.told(leaves, difference)
    shown = [
        _group(one, groups[one.group], floats[2 * place], floats[2 * place + 1])
        for place, one in enumerate(contributions)
    ]
    late, identity, definition = floats[-3:]
    parts = ChangeParts(
        mix=sum(one.mix for one in shown), rate=sum(one.rate for one in shown), late_data=late,
        identity_corrections=identity, definition_changes=definition,
    )  # fmt: skip
    return parts, sorted(shown, key=lambda one: (-abs(one.mix + one.rate), one.key))


def _group(one: Contribution, group: Group, mix: float, rate: float) -> ChangeGroup:
    return ChangeGroup(
        key=group.key, name=group.name, id=group.id, before=_float(one.before), after=_float(one.after),
        before_n=one.before_n, after_n=one.after_n, before_share=_float(one.before_share),
        after_share=_float(one.after_share), mix=mix, rate=rate,
    )  # fmt: skip


def _float(number: Fraction | None) -> float | None:
    return None if number is None else float(number)


def _sum(parts: ChangeParts) -> float:
    return parts.mix + parts.rate + parts.late_data + parts.identity_corrections + parts.definition_changes
