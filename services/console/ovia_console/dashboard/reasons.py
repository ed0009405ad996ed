"""Why a number changed: the largest contributions, with all that a sentence about them needs. Pure."""

import msgspec

from ovia_shared.models.kpi_change import ChangeGroup, KpiChange


class Reason(msgspec.Struct, frozen=True):
    """`kind` is `rate` or `mix`, of a group, or one of the other causes; `amount` is what it adds to the difference."""

    kind: str
    amount: float
    group: ChangeGroup | None = None


def reasons_of(change: KpiChange) -> list[Reason]:
    """Whatever adds to the difference, the largest first."""
    if change.parts is None:
        return []
    found = [
        Reason("late_data", change.parts.late_data),
        Reason("identity_corrections", change.parts.identity_corrections),
        Reason("definition_changes", change.parts.definition_changes),
    ]
    for group in change.groups:
        found += [Reason("rate", group.rate, group), Reason("mix", group.mix, group)]
    return sorted((one for one in found if one.amount), key=lambda one: -abs(one.amount))
