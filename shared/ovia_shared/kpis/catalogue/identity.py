"""Who is who: how much of what people did can be told to be theirs."""

from ovia_shared.kpis.kpi import Direction, Kpi, Ratio, Rows, Time
from ovia_shared.kpis.terms import Mapped

_CAVEATS = (
    "Of the organisation alone: an account is not a team's before it is mapped.",
    "Accounts of machines, and those their source calls inactive, do not count.",
)


def _share(
    name: str, title: str, question: str, definition: str, formula: str, direction: Direction, how: Mapped
) -> Kpi:
    return Kpi(
        name=f"identity.{name}", title=title, question=question, definition=definition, formula=formula, unit="share",
        direction=direction, main="share", caveats=_CAVEATS, organisation_only=True,
        source=Rows(kind="identity.account", time=Time.OPEN, number=how, aggregate=Ratio()),
    )  # fmt: skip


KPIS = (
    _share(
        "coverage", "Accounts mapped", "How much of the activity has a person?",
        "Of the active accounts of people, those with a mapping in use: verified, or found and sure enough.",
        "accounts with a mapping in use ÷ active human accounts", Direction.UP, Mapped("in_use"),
    ),
    _share(
        "conflict_rate", "Accounts in conflict", "How much waits for a decision?",
        "Of the active accounts of people, those whose mapping waits for somebody to decide.",
        "accounts in conflict ÷ active human accounts", Direction.DOWN, Mapped("conflict"),
    ),
    _share(
        "verified_rate", "Accounts verified", "How much has somebody confirmed?",
        "Of the active accounts of people, those whose mapping somebody confirmed.",
        "accounts verified ÷ active human accounts", Direction.UP, Mapped("verified"),
    ),
)  # fmt: skip
