"""The catalogue in words: for `/team/kpi/catalogue` and for docs/kpis.md, which is made from it."""

from collections.abc import Iterable

import msgspec

from ovia_shared.kpis.kpi import Also, Composite, Count, Kpi, Rate, Ratio, Rows, Spread, Time
from ovia_shared.kpis.terms import (
    Age,
    Attribute,
    Either,
    Flag,
    Has,
    Mapped,
    Minus,
    Not,
    One,
    Plus,
    Silent,
    Term,
    Value,
)


class KpiDescription(msgspec.Struct, frozen=True, kw_only=True):
    """A KPI for people: the question it answers, in words and as a formula, and what it is counted from."""

    name: str
    version: int
    title: str
    question: str
    definition: str
    formula: str
    unit: str
    direction: str
    main: str
    facts: list[str]
    time: str | None
    filter: str | None
    aggregate: str
    also: list[Also]
    parts: list[str]
    caveats: list[str]
    organisation_only: bool


_TIMES = {
    Time.WITHIN: "that occurred in the window",
    Time.STILL: "that occurred in the window and had not ended at its end",
    Time.OPEN: "that had begun before the end of the window and not ended at it",
}
_MAPPED = {
    "in_use": "its account has a mapping in use",
    "verified": "its account has a verified mapping",
    "conflict": "its account waits for a decision",
}


def describe(kpi: Kpi) -> KpiDescription:
    """One entry of the catalogue."""
    source = kpi.source
    if isinstance(source, Composite):
        facts, time, narrowed = list(source.inputs), None, None
        aggregate = f"rule {source.rule} over the KPIs named"
    else:
        facts, time = [source.kind], _TIMES[source.time]
        last = f"the last of each project and {', '.join(source.last_per)}" if source.last_per else None
        narrowed = " and ".join(filter(None, (*map(in_words, source.where), last))) or None
        aggregate = _aggregate(source)
    return KpiDescription(
        name=kpi.name, version=kpi.version, title=kpi.title, question=kpi.question, definition=kpi.definition,
        formula=kpi.formula, unit=kpi.unit, direction=kpi.direction, main=kpi.main, facts=facts, time=time,
        filter=narrowed, aggregate=aggregate, also=list(kpi.also), parts=list(kpi.parts), caveats=list(kpi.caveats),
        organisation_only=kpi.organisation_only,
    )  # fmt: skip


def document(kpis: Iterable[Kpi]) -> str:
    """docs/kpis.md."""
    parts = [_HEAD]
    for kpi in kpis:
        told = describe(kpi)
        lines = [
            f"## {told.title}",
            f"`{told.name}`, version {told.version}. *{told.question}*",
            told.definition,
            f"    {told.formula}",
            f"- In {_UNITS.get(told.unit, told.unit)}; {_DIRECTIONS[told.direction]}. The value is `{told.main}`.",
        ]
        if told.time is None:
            lines.append(f"- Made of {', '.join(f'`{one}`' for one in told.facts)}.")
        else:
            narrowed = f", where {told.filter}" if told.filter else ""
            lines.append(f"- Rows: facts `{told.facts[0]}` {told.time}{narrowed}. Of these: {told.aggregate}.")
        lines += [f"- With it: `{one.name}`, from `{one.kpi}`." for one in told.also]
        if told.parts:
            lines.append(f"- Its parts: {', '.join(f'`{one}`' for one in told.parts)}.")
        lines += [f"- {one}" for one in told.caveats]
        head, rest = lines[:4], lines[4:]
        parts.append("\n\n".join(head) + "\n\n" + "\n".join(rest))
    return "\n\n".join(parts) + "\n"


_HEAD = """# KPIs

Made from the catalogue (`ovia_shared/kpis/catalogue`) by `ovia-metrics catalogue`; do not edit it here. What exactly
each word means is in [kpi-definitions.md](kpi-definitions.md), what facts there are in [facts.md](facts.md).

Windows are half-open in the organisation's time zone. No data is null, never 0; a count is 0 only where the scope ever
had anything to count. Percentiles interpolate (`percentile_cont`). Every value has its receipt: `GET /receipts/{id}`
says what it was counted from, `POST /receipts/{id}/replay` counts it again."""
_UNITS = {"share": "shares of 1", "score": "points of 100", "per day": "a day", "count": "numbers"}
_DIRECTIONS = {"up": "more is better", "down": "less is better", "none": "neither way is better"}


def in_words(term: Term) -> str:
    """What a term reads from a fact."""
    match term:
        case Value():
            return "`value`"
        case Attribute(name) | Flag(name):
            return f"`{name}`"
        case Has(name):
            return f"`{name}` is known"
        case One():
            return "1"
        case Age(unit, since):
            return f"{unit} from {f'`{since}`' if since else 'its beginning'} to the end of the window"
        case Silent():
            return "nothing had happened for longer than the setting `staleness` says"
        case Mapped(how):
            return _MAPPED[how]
        case _:
            return _combined(term)


def _combined(term: Term) -> str:
    match term:
        case Minus(left, right):
            return f"{in_words(left)} less {in_words(right)}"
        case Plus(left, right):
            return f"{in_words(left)} + {in_words(right)}"
        case Either(left, right):
            return f"({in_words(left)} or {in_words(right)})"
        case Not(flag):
            return f"not {in_words(flag)}"
    raise AssertionError(term)


def _aggregate(source: Rows) -> str:
    number = in_words(source.number)
    match source.aggregate:
        case Count(presence, by_class):
            split = ", and of each class" if by_class else ""
            return f"how many{split} (0 where the scope ever had a fact `{presence}`)"
        case Spread(shares, largest, beyond):
            told = ", ".join(f"p{share}" for share in shares) + (", the largest" if largest else "")
            held = (
                ""
                if beyond is None
                else f"; and how many exceed {', '.join(f'p{share}' for share in beyond.shares)} of `{beyond.kpi}` "
                f"over the {beyond.days} days before the end"
            )
            return f"{told} of {number}{held}"
        case Ratio(weight, _):
            return f"sum of {number} ÷ sum of {in_words(weight)}"
        case Rate():
            return "how many ÷ days of the window; how many; days with one"
