"""The largest reasons of a change, in words."""

from ovia_shared.kpis.kpi import Kpi
from ovia_shared.models.kpi_change import (
    ChangeGroup,
    ChangeParts,
    DefinitionChange,
    IdentityCorrections,
    LateData,
)

MOST = 3


def reasons(
    kpi: Kpi, parts: ChangeParts | None, groups: list[ChangeGroup], late: LateData, corrections: IdentityCorrections,
    definitions: list[DefinitionChange],
) -> list[str]:  # fmt: skip
    """At most three, the largest first; in a change of nothing there is none."""
    if parts is None:
        return []
    found = [(parts.late_data, _late(late)), (parts.identity_corrections, _corrected(corrections)),
             (parts.definition_changes, _defined(definitions))]  # fmt: skip
    for group in groups:
        found += [(group.mix, _mix(kpi, group)), (group.rate, _rate(kpi, group))]
    largest = sorted((one for one in found if one[0]), key=lambda one: -abs(one[0]))
    return [f"{text}: {_amount(kpi.unit, size, signed=True)}" for size, text in largest[:MOST]]


def _mix(kpi: Kpi, group: ChangeGroup) -> str:
    # Parts of a composite weigh otherwise only because one of them has no data.
    if kpi.unit == "score" and group.after is None:
        return f"{group.name} has no data, before it weighed {_percent(group.before_share)}"
    if kpi.unit == "score" and group.before is None:
        return f"{group.name} weighs {_percent(group.after_share)}, before it had no data"
    return f"{group.name} is {_percent(group.after_share)} of it, before {_percent(group.before_share)}"


def _rate(kpi: Kpi, group: ChangeGroup) -> str:
    if kpi.unit in {"count", "per day"}:
        return f"{group.name} has {group.after_n}, before {group.before_n}"
    if group.before is None or group.after is None:
        return f"{group.name} counts, though there is nothing to divide it by"
    was, is_now = _amount(kpi.unit, group.before), _amount(kpi.unit, group.after)
    return f"{group.name} itself is at {is_now}, before {was}"


def _late(late: LateData) -> str:
    return f"{_many(late.count, 'item')} became known, or known better, after the earlier number was told"


def _corrected(corrections: IdentityCorrections) -> str:
    return f"who is who, or in which team, was corrected for {_many(corrections.accounts, 'account')}"


def _defined(definitions: list[DefinitionChange]) -> str:
    named = "; ".join(dict.fromkeys(one.what for one in definitions))
    return f"definitions changed ({named})" if named else "definitions changed"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0):.0f} %"


def _amount(unit: str, size: float, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    match unit:
        case "share":
            return f"{100 * size:{sign}.3g} {'points' if signed else '%'}"
        case "count" | "score":
            return f"{size:{sign}.4g}"
        case _:
            return f"{size:{sign}.3g} {unit}"
