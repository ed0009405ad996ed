"""Dots in columns that have names instead of moments, such as items by their status. Pure."""

from collections.abc import Sequence

import msgspec

from ovia_console.charts.plots import (
    BOTTOM,
    HEIGHT,
    LEFT,
    TOP,
    WIDTH,
    Chart,
    Drawn,
    Mark,
    Tick,
    right_of,
    ruled,
)
from ovia_console.charts.scales import Scale, range_of, ticks

# How far dots are apart so that each can be seen, and hit.
_APART = 9.0


class Dot(msgspec.Struct, frozen=True):
    """A value in a column, which is named by its place from 0."""

    column: int
    value: float
    label: str = ""
    href: str = ""


def columns(
    names: Sequence[str],
    series: Sequence[tuple[str, Sequence[Dot]]],
    *,
    rules: Sequence[tuple[str, float]] = (),
    height: float = HEIGHT,
    width: float = WIDTH,
) -> Chart:
    """Each dot in its column, beside those that would cover it."""
    values = [dot.value for _, dots in series for dot in dots] + [value for _, value in rules]
    levels = ticks(*range_of(values))
    up = Scale(levels[0], levels[-1], height - BOTTOM, TOP)
    right = right_of(width, rules)
    room = (right - LEFT) / max(len(names), 1)
    centres = [round(LEFT + (place + 0.5) * room, 1) for place in range(len(names))]
    taken: list[list[list[float]]] = [[[] for _ in range(_lanes(room))] for _ in names]
    return Chart(
        series=[
            Drawn(name, place, [], [_mark(dot, up(dot.value), centres, taken) for dot in _in_order(dots)])
            for place, (name, dots) in enumerate(series, 1)
        ],
        across=[Tick(place, name) for place, name in zip(centres, names, strict=True)],
        along=[Tick(up(level), level) for level in levels],
        rules=ruled(rules, up),
        height=height,
        width=width,
        right=right,
        bottom=height - BOTTOM,
    )


def _in_order(dots: Sequence[Dot]) -> list[Dot]:
    """Column by column, so that the keyboard goes through them as the eye does."""
    return sorted(dots, key=lambda dot: (dot.column, dot.value))


def _lanes(room: float) -> int:
    """How many dots fit beside each other: an odd number, so that one is in the middle."""
    fitting = int(room / _APART)
    return max(1, fitting - 1 + fitting % 2)


def _mark(dot: Dot, y: float, centres: Sequence[float], taken: list[list[list[float]]]) -> Mark:
    lanes = taken[dot.column]
    free = (lane for lane, places in enumerate(lanes) if all(abs(one - y) >= _APART for one in places))
    lane = next(free, min(range(len(lanes)), key=lambda one: len(lanes[one])))
    lanes[lane].append(y)
    # The middle first, then right and left of it in turn.
    step = (lane + 1) // 2 * (1 if lane % 2 else -1)
    return Mark(round(centres[dot.column] + step * _APART, 1), y, dot.label, dot.href)
