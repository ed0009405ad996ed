"""Sprints, from the ledger that is rebuilt out of the changelog."""

from ovia_shared.kpis.kpi import Direction, Kpi, Ratio, Rows
from ovia_shared.kpis.terms import Either, Flag, Minus, Plus, Term

_CAVEATS = (
    "Of sprints that closed in the window; one that was never closed has no numbers.",
    "Sums over all sprints, so a large one weighs more.",
    "In a team's numbers are the items whose present assignee was in it when the sprint closed.",
)


def _sprint(
    name: str, title: str, question: str, definition: str, formula: str, direction: Direction, number: Term,
    weight: Term,
) -> Kpi:  # fmt: skip
    return Kpi(
        name=f"sprint.{name}", title=title, question=question, definition=definition, formula=formula, unit="share",
        direction=direction, main="share", caveats=_CAVEATS,
        source=Rows(kind="sprint.item", where=(Either(number, weight),), number=number, aggregate=Ratio(weight)),
    )  # fmt: skip


KPIS = (
    _sprint(
        "completion", "Sprint completion", "How much of what was taken on was done?",
        "Items in the sprint and done at its close ÷ items committed (in it at its start) or added after.",
        "Σ done ÷ Σ (committed or added)", Direction.UP, Flag("done"), Either(Flag("committed"), Flag("added")),
    ),
    _sprint(
        "spillover", "Sprint spillover", "How much was left over?",
        "Items in the sprint and not done at its close ÷ items in it at its close.",
        "Σ (in scope and not done) ÷ Σ in scope", Direction.DOWN,
        Minus(Flag("in_scope"), Flag("done")), Flag("in_scope"),
    ),
    _sprint(
        "scope_change", "Sprint scope change", "How much did the plan change after the start?",
        "Items added or removed between start and close ÷ items committed at the start. One that was both "
        "counts twice.",
        "(Σ added + Σ removed) ÷ Σ committed", Direction.DOWN, Plus(Flag("added"), Flag("removed")), Flag("committed"),
    ),
)  # fmt: skip
