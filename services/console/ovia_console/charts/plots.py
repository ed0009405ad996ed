"""Lines, dots, stacked areas and bars as places in a picture; the templates give them words and colours. Pure.

Every point may lead somewhere: `href` is the page of what it stands for, `label` what a screen reader says of it.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ovia_console.charts.scales import Scale, moments, range_of, ticks

WIDTH, HEIGHT = 720.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 10.0, 8.0, 22.0
# Right of the picture, for the names of level lines; each has a line of text to itself.
NAMES, LINE = 74.0, 12.0


class Point(msgspec.Struct, frozen=True):
    """A value at a moment. Without a value there is a gap: nothing was measured, which is not zero."""

    at: datetime
    value: float | None
    label: str = ""
    href: str = ""


class Series(msgspec.Struct, frozen=True):
    """Points in their order, under one name."""

    name: str
    points: Sequence[Point]


class Mark(msgspec.Struct, frozen=True):
    """A point in the picture."""

    x: float
    y: float
    label: str
    href: str


class Tick(msgspec.Struct, frozen=True):
    """A value, a moment, or the name of a column, written beside an axis."""

    place: float
    value: float | datetime | str


class Rule(msgspec.Struct, frozen=True):
    """A level line across the picture, such as a percentile; its name stands beside it, at `name_y`."""

    y: float
    value: float
    name: str
    name_y: float


class Drawn(msgspec.Struct, frozen=True):
    """One series in the picture: `paths` are the `d` of its lines, or of its area; `place` is its colour, from 1."""

    name: str
    place: int
    paths: list[str]
    marks: list[Mark]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of `width` x `height`; `across` and `along` are the values of its axes."""

    series: list[Drawn]
    across: list[Tick]
    along: list[Tick]
    rules: list[Rule] = []
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it."""
        return not any(one.marks or one.paths for one in self.series)


def lines(
    series: Sequence[Series],
    *,
    from_zero: bool = True,
    rules: Sequence[tuple[str, float]] = (),
    height: float = HEIGHT,
    width: float = WIDTH,
) -> Chart:
    """Each series as a line, with a gap wherever a value is missing."""
    frame = _Frame.around(series, from_zero=from_zero, rules=rules, height=height, width=width)
    drawn = [
        Drawn(one.name, place, frame.line(one.points), frame.marks(one.points)) for place, one in enumerate(series, 1)
    ]
    return frame.chart(drawn, rules)


def dots(
    series: Sequence[Series],
    *,
    rules: Sequence[tuple[str, float]] = (),
    height: float = HEIGHT,
    width: float = WIDTH,
) -> Chart:
    """Each point by itself, such as an item that was finished."""
    frame = _Frame.around(series, from_zero=True, rules=rules, height=height, width=width)
    return frame.chart(
        [Drawn(one.name, place, [], frame.marks(one.points)) for place, one in enumerate(series, 1)], rules
    )


def stacked(series: Sequence[Series], *, height: float = HEIGHT, width: float = WIDTH) -> Chart:
    """Areas upon each other, the first at the bottom; all series have the same moments, and no gaps."""
    sums = [0.0] * (len(series[0].points) if series else 0)
    layers: list[tuple[Series, list[float], list[float]]] = []
    for one in series:
        tops = [below + (point.value or 0.0) for below, point in zip(sums, one.points, strict=True)]
        layers.append((one, sums, tops))
        sums = tops
    whole = [
        Series(one.name, [_at(p, top) for p, top in zip(one.points, tops, strict=True)]) for one, _, tops in layers
    ]
    frame = _Frame.around(whole, from_zero=True, rules=(), height=height, width=width)
    drawn = []
    for place, ((one, bottoms, tops), upper) in enumerate(zip(layers, whole, strict=True), 1):
        lower = [_at(point, bottom) for point, bottom in zip(one.points, bottoms, strict=True)]
        drawn.append(Drawn(one.name, place, [frame.area(upper.points, lower)] if tops else [], []))
    return frame.chart(drawn, ())


def sparkline(values: Sequence[float | None], *, width: float = 120.0, height: float = 26.0) -> list[str]:
    """The `d` of a small line without axes, broken where values are missing."""
    known = [value for value in values if value is not None]
    if not known:
        return []
    low, high = min(known), max(known)
    across = Scale(0, max(len(values) - 1, 1), 2, width - 2)
    up = Scale(low, high, height - 3, 3)
    return _paths([None if value is None else (across(place), up(value)) for place, value in enumerate(values)])


class _Frame(msgspec.Struct, frozen=True):
    """The axes of a picture."""

    x: Scale
    y: Scale
    begin: datetime
    end: datetime
    levels: list[float]
    height: float
    width: float

    @classmethod
    def around(
        cls,
        series: Sequence[Series],
        *,
        from_zero: bool,
        rules: Sequence[tuple[str, float]],
        height: float,
        width: float,
    ) -> "_Frame":
        points = [point for one in series for point in one.points]
        values = [point.value for point in points if point.value is not None] + [value for _, value in rules]
        low, high = range_of(values, from_zero=from_zero)
        levels = ticks(low, high)
        times = [point.at for point in points] or [datetime(2000, 1, 1), datetime(2000, 1, 2)]  # noqa: DTZ001
        begin, end = min(times), max(times)
        return cls(
            x=Scale(begin.timestamp(), end.timestamp(), LEFT, right_of(width, rules)),
            y=Scale(levels[0], levels[-1], height - BOTTOM, TOP),
            begin=begin, end=end, levels=levels, height=height, width=width,
        )  # fmt: skip

    def place(self, point: Point) -> tuple[float, float] | None:
        return None if point.value is None else (self.x(point.at.timestamp()), self.y(point.value))

    def marks(self, points: Sequence[Point]) -> list[Mark]:
        placed = [(point, self.place(point)) for point in points]
        return [Mark(*where, point.label, point.href) for point, where in placed if where is not None]

    def line(self, points: Sequence[Point]) -> list[str]:
        return _paths([self.place(point) for point in points])

    def area(self, upper: Sequence[Point], lower: Sequence[Point]) -> str:
        there = [self.place(point) for point in upper]
        back = [self.place(point) for point in reversed(lower)]
        return _path([place for place in there + back if place is not None]) + "Z"

    def chart(self, drawn: list[Drawn], rules: Sequence[tuple[str, float]]) -> Chart:
        return Chart(
            series=drawn,
            across=[Tick(self.x(one.timestamp()), one) for one in moments(self.begin, self.end)],
            along=[Tick(self.y(level), level) for level in self.levels],
            rules=ruled(rules, self.y),
            height=self.height,
            width=self.width,
            right=self.x.end,
            bottom=self.height - BOTTOM,
        )


def right_of(width: float, rules: Sequence[tuple[str, float]]) -> float:
    """Where the picture ends, so that the names of level lines find room beside it."""
    return width - (NAMES if rules else RIGHT)


def ruled(rules: Sequence[tuple[str, float]], up: Scale) -> list[Rule]:
    """Level lines, whose names are moved up where they would cover each other."""
    found: list[Rule] = []
    for name, value in sorted(rules, key=lambda rule: rule[1]):
        y = up(value)
        found.append(Rule(y, value, name, min(y, found[-1].name_y - LINE) if found else y))
    return found


def _at(point: Point, value: float) -> Point:
    return Point(point.at, value, point.label, point.href)


def _paths(places: Sequence[tuple[float, float] | None]) -> list[str]:
    """One path for each run of places without a gap."""
    runs: list[list[tuple[float, float]]] = [[]]
    for place in places:
        if place is None:
            runs.append([])
        else:
            runs[-1].append(place)
    return [_path(run) for run in runs if run]


def _path(places: Sequence[tuple[float, float]]) -> str:
    # A lone point is drawn as a dash of no length, which round line ends make a dot of.
    first = places[0]
    rest = places[1:] or [first]
    return f"M{first[0]:g} {first[1]:g}" + "".join(f"L{x:g} {y:g}" for x, y in rest)
