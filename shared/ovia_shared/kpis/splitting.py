"""Why a number differs from an earlier one: by what each group of its rows contributes, exactly.

A number of groups changes because the groups are of other sizes (mix), or because the numbers within them are others
(rate). Arithmetic is that of fractions, so contributions sum to the difference without any rounding; `told` turns them
into floats that do so too. The formulas and where they come from are in docs/why-it-changed.md.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial

import msgspec

from ovia_shared.kpis.mixtures import Mixture

# Up to so many groups every order is tried, for all together; with more, one order and its reverse.
EVERY_ORDER_UP_TO = 6
_NONE = Fraction(0)
_HALF = Fraction(1, 2)


class Side(msgspec.Struct, frozen=True):
    """The rows of one group in one window: how many, their sums, and, for percentiles, their numbers."""

    n: int = 0
    number: Fraction = _NONE
    weight: Fraction = _NONE
    numbers: Sequence[float] = ()


Sides = Mapping[str, Side]


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """What a group did to the difference. `before` and `after` are its own values, shares are of all rows' weight."""

    group: str
    before: Fraction | None
    after: Fraction | None
    before_share: Fraction | None
    after_share: Fraction | None
    before_n: int
    after_n: int
    mix: Fraction
    rate: Fraction


def of_counts(
    before: Sides, after: Sides, days: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1))
) -> list[Contribution]:
    """Of a number of rows, or of rows per day: a sum over groups, which their sizes make up. So there is no mix."""
    totals = [sum(side.n for side in sides.values()) for sides in (before, after)]
    found = []
    for group in _groups(before, after):
        counts = before.get(group, Side()).n, after.get(group, Side()).n
        old, new = (Fraction(n) / length for n, length in zip(counts, days, strict=True))
        shares = [Fraction(n, total) if total else None for n, total in zip(counts, totals, strict=True)]
        found.append(
            Contribution(
                group=group, before=old, after=new, before_share=shares[0], after_share=shares[1],
                before_n=counts[0], after_n=counts[1], mix=_NONE, rate=new - old,
            )
        )  # fmt: skip
    return found


def of_shares(before: Sides, after: Sides) -> list[Contribution]:
    """Of Σ number ÷ Σ weight, both sums of weights being more than 0.

    A group has the share s of all weight and the rate r = number ÷ weight. mix = (s₂ - s₁)·(mean r - mean of the
    whole), rate = (r₂ - r₁)·(s₁ + s₂)/2: the decomposition of Kitagawa (1955), about the whole's mean so that a group
    that grows raises the number only if it is above it. A group without weight in one window is taken to have had its
    rate of the other: its coming or going is mix. What it counts all the same without weight is rate.
    """
    weights = [sum((side.weight for side in sides.values()), _NONE) for sides in (before, after)]
    numbers = [sum((side.number for side in sides.values()), _NONE) for sides in (before, after)]
    whole = (numbers[0] / weights[0] + numbers[1] / weights[1]) / 2
    found = []
    for group in _groups(before, after):
        sides = before.get(group, Side()), after.get(group, Side())
        rates = [side.number / side.weight if side.weight else None for side in sides]
        shares = [side.weight / weight for side, weight in zip(sides, weights, strict=True)]
        counted = [side.number / weight for side, weight in zip(sides, weights, strict=True)]
        known = [rate for rate in rates if rate is not None]
        mean = sum(known, _NONE) / len(known) if known else _NONE
        grown = shares[1] - shares[0]
        mix = grown * (mean - whole)
        found.append(
            Contribution(
                group=group, before=rates[0], after=rates[1], before_share=shares[0], after_share=shares[1],
                before_n=sides[0].n, after_n=sides[1].n, mix=mix, rate=counted[1] - counted[0] - grown * whole - mix,
            )
        )  # fmt: skip
    return found


def of_percentiles(before: Sides, after: Sides, percent: int) -> list[Contribution]:
    """Of a percentile of all rows, both windows having some.

    The mix is what comes of weighing the rows of one window by the groups' shares of the other, the rate what comes of
    exchanging the rows within them: the mean of doing the one first and the other first, and among groups of every
    order (the value of Shapley, 1953). A group without rows in one window is taken to have had those of the other.
    """
    groups = _groups(before, after)
    sides = [(before.get(group, Side()), after.get(group, Side())) for group in groups]
    totals = [sum(pair[window].n for pair in sides) for window in (0, 1)]
    shares = [tuple(Fraction(side.n, total) for side, total in zip(pair, totals, strict=True)) for pair in sides]
    mixture = Mixture([side.numbers for pair in sides for side in pair])

    def value(sizes: int, rows: int) -> Fraction | None:
        """Bit by bit for each group: whether its size, and its rows, are those of the later window."""
        weights = [_NONE] * (2 * len(groups))
        for place, pair in enumerate(sides):
            window = rows >> place & 1
            window = window if pair[window].n else 1 - window
            weights[2 * place + window] = shares[place][sizes >> place & 1]
        return mixture.percentile(percent, weights)

    every = (1 << len(groups)) - 1
    mixes = [_fair(len(groups), partial(value, rows=rows)) for rows in (0, every)]
    rates = [_fair(len(groups), partial(value, sizes)) for sizes in (0, every)]
    own = [[Mixture([side.numbers]).percentile(percent, [Fraction(1)]) for side in pair] for pair in sides]
    return [
        Contribution(
            group=group, before=own[place][0], after=own[place][1], before_share=shares[place][0],
            after_share=shares[place][1], before_n=sides[place][0].n, after_n=sides[place][1].n,
            mix=(mixes[0][place] + mixes[1][place]) / 2, rate=(rates[0][place] + rates[1][place]) / 2,
        )
        for place, group in enumerate(groups)
    ]  # fmt: skip


def told(leaves: Sequence[Fraction], difference: Fraction) -> list[float]:
    """The leaves as floats whose sum is the same in whatever order they are added, and is the difference.

    All are rounded to multiples of one power of two, small enough to keep 50 bits of the largest sum and large enough
    for every sum to fit a float. What rounding leaves over, a few of the last bits, goes to the largest leaf. The
    difference itself is thereby rounded to that power of two.
    """
    size = max(sum((abs(leaf) for leaf in leaves), _NONE), abs(difference))
    if size == 0:
        return [0.0] * len(leaves)
    grid = Fraction(2) ** max(math.frexp(float(size))[1] - 50, -1074)
    units = [round(leaf / grid) for leaf in leaves]
    largest = max(range(len(units)), key=lambda place: abs(units[place]))
    units[largest] += round(difference / grid) - sum(units)
    return [float(unit * grid) for unit in units]


def _groups(before: Sides, after: Sides) -> list[str]:
    return sorted(before.keys() | after.keys())


def _fair(players: int, value: Callable[[int], Fraction | None]) -> list[Fraction]:
    """What each player adds, the mean over orders in which they come. Sums to value(all) - value(none)."""
    every = (1 << players) - 1
    ends = value(0), value(every)
    assert ends[0] is not None, "a window without rows has nothing to split"
    assert ends[1] is not None, "a window without rows has nothing to split"
    # Groups that come and groups that go: before the one and after the other nothing is there to have a percentile.
    middle = (ends[0] + ends[1]) * _HALF

    def known(coalition: int) -> Fraction:
        found = value(coalition)
        return middle if found is None else found

    if players > EVERY_ORDER_UP_TO:
        orders = [list(range(players)), list(reversed(range(players)))]
        return _means([_one_by_one(order, known) for order in orders])
    values = [known(coalition) for coalition in range(every + 1)]
    weights = [Fraction(1, players * math.comb(players - 1, size)) for size in range(players)]
    return [
        sum(
            (
                weights[coalition.bit_count()] * (values[coalition | 1 << player] - values[coalition])
                for coalition in range(every + 1)
                if not coalition >> player & 1
            ),
            _NONE,
        )
        for player in range(players)
    ]


def _one_by_one(order: Sequence[int], value: Callable[[int], Fraction]) -> list[Fraction]:
    added = [_NONE] * len(order)
    coalition, last = 0, value(0)
    for player in order:
        coalition |= 1 << player
        now = value(coalition)
        added[player], last = now - last, now
    return added


def _means(rows: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    return [sum(column, _NONE) / len(rows) for column in zip(*rows, strict=True)]
