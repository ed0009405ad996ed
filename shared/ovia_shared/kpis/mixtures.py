"""Percentiles of several groups put together, each row of a group weighing the same. Exact: no rounding anywhere."""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction

import numpy as np


class Mixture:
    """The numbers of some groups, sorted once; percentiles for whatever weight each group is given.

    The percentile is read off the line through the points (middle of a row's weight, its number), scaled so that the
    first row stands at 0 and the last at 1. With equal weights row i of n stands at (i - 1) / (n - 1): that is
    `percentile_cont` of SQL, type 7 of Hyndman and Fan, "Sample quantiles in statistical packages" (1996). Rows that
    weigh nothing are not there. Of equal numbers the one of the earlier group comes first.
    """

    def __init__(self, groups: Sequence[Sequence[float]]) -> None:
        sizes = [len(numbers) for numbers in groups]
        numbers = np.concatenate([np.asarray(one, dtype=np.float64) for one in groups])
        group = np.repeat(np.arange(len(groups), dtype=np.int32), sizes)
        order = np.lexsort((group, numbers))
        self._numbers = numbers[order]
        self._group = group[order]
        # Arrays of the standard library: looking one number up in them is what is done all the time.
        self._places = [
            array("q", np.flatnonzero(self._group == one).astype(np.int64).tobytes()) for one in range(len(sizes))
        ]

    def percentile(self, percent: int, weights: Sequence[Fraction]) -> Fraction | None:
        """Of all rows, a group's weight shared equally by its rows. None where nothing weighs anything."""
        scale = math.lcm(*(weight.denominator * max(1, len(self._places[g])) for g, weight in enumerate(weights)))
        each = [int(weight * scale) // max(1, len(self._places[g])) for g, weight in enumerate(weights)]
        there = [(one, self._places[g]) for g, one in enumerate(each) if one > 0 and self._places[g]]
        if not there:
            return None
        first, last = min(places[0] for _, places in there), max(places[-1] for _, places in there)
        weight_first, weight_last = each[self._group[first]], each[self._group[last]]
        total = sum(one * len(places) for one, places in there)
        # Weights are doubled, so that the middle of a row is a whole number; and multiplied by 100 for the percent.
        wanted = 100 * weight_first + percent * (2 * total - weight_first - weight_last)
        row = self._reaching(wanted, there, first, last)
        own = each[self._group[row]]
        middle = 200 * _until(row, there) - 100 * own
        if middle == wanted:
            return self._number(row)
        if middle < wanted:
            low, high = row, min(places[at] for _, places in there if (at := bisect_right(places, row)) < len(places))
        else:
            low, high = max(places[at - 1] for _, places in there if (at := bisect_left(places, row)) > 0), row
        # From the middle of one row to the middle of the next is half of both.
        way = 100 * (each[self._group[low]] + each[self._group[high]])
        begun = middle if low == row else middle - way
        below, above = self._number(low), self._number(high)
        return below + (above - below) * Fraction(wanted - begun, way)

    def _number(self, row: int) -> Fraction:
        return Fraction(float(self._numbers[row]))

    def _reaching(self, wanted: int, there: Sequence[tuple[int, Sequence[int]]], first: int, last: int) -> int:
        """The first row with which all weights so far reach `wanted`, which is in units of 1/200."""
        while first < last:
            place = (first + last) // 2
            if 200 * _until(place, there) >= wanted:
                last = place
            else:
                first = place + 1
        return first


def _until(place: int, there: Sequence[tuple[int, Sequence[int]]]) -> int:
    return sum(one * bisect_right(places, place) for one, places in there)
