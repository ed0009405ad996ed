"""How a value is made of rows, and the few ways of which most are."""

from collections.abc import Callable
from dataclasses import dataclass

from ovia_demo.answers.scopes import Row, Window
from ovia_demo.answers.spread import percentiles, share

# How many rows are behind it, and its values by name. None is no data; a count of nothing is 0.
Result = tuple[int, dict[str, float | None]]
Aggregate = Callable[[list[Row], Window], Result]


@dataclass(frozen=True)
class Measure:
    """A KPI: all its rows, and what those of one scope come to in one window."""

    name: str
    rows: list[Row]
    aggregate: Aggregate


def within(rows: list[Row], window: Window) -> list[Row]:
    return [one for one in rows if window.holds(one.at)]


def spread_of(*shares: int) -> Aggregate:
    """Percentiles of the values of the rows in the window. Rows without a value, or with a negative one, are none."""

    def aggregate(rows: list[Row], window: Window) -> Result:
        values = [one.value for one in within(rows, window) if one.value is not None and one.value >= 0]
        return len(values), percentiles(values, *shares)

    return aggregate


def share_of_good(rows: list[Row], window: Window) -> Result:
    """Those that are good, of the rows in the window."""
    here = within(rows, window)
    return len(here), {"share": share(sum(one.good for one in here), len(here))}


def count_by_kind(kinds: tuple[str, ...]) -> Aggregate:
    def aggregate(rows: list[Row], window: Window) -> Result:
        here = within(rows, window)
        return len(here), counted(here, kinds)

    return aggregate


def counted(rows: list[Row], kinds: tuple[str, ...]) -> dict[str, float | None]:
    return {"count": float(len(rows)), **{kind: float(sum(one.kind == kind for one in rows)) for kind in kinds}}
