"""Points of a series that stand out from what its trend and its season lead one to expect.

A series that is long enough for its season is decomposed by STL with robust weights (Cleveland et al., 1990), any other
by its slope (Theil and Sen) and a running median. What is left over is measured in robust standard deviations, 1.4826
times the median absolute deviation; beyond `THRESHOLD` of them a point stands out (Iglewicz and Hoaglin, 1993).

A decomposition follows the points it was made from, the more closely the fewer they are, so what is left over looks
smaller than chance made it. Taken as it is, it would raise an alarm on every fourth to fifteenth point of pure noise.
Hence two corrections: for the degrees of freedom the decomposition used up, and, by Student's t, for how little so few
points tell of the deviation. Points are judged in retrospect, by those after them too.
"""

import math
from collections.abc import Sequence
from datetime import datetime

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from ovia_metrics.anomalies.telling import Anomaly, tell
from ovia_shared.kpis.kpi import Direction
from ovia_shared.kpis.windows import Bucket

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]

THRESHOLD = 3.5
LEAST_POINTS = 8
# Of a normal distribution, beyond the threshold to either side: 0.05 %.
_TAIL = math.erfc(THRESHOLD / math.sqrt(2))
# Sprints have no season.
_PERIODS = {Bucket.DAY: 7, Bucket.WEEK: 52, Bucket.MONTH: 12}
_MEDIAN_OF = 13
# Where nothing ever varies, fewer points than these do not tell that one which differs is strange.
_LEAST_OF_A_CONSTANT = 20
# A median absolute deviation tells about as much as a standard deviation of this share of the points.
_EFFICIENCY = 0.5
# Series are measured in their largest distance from the median; what is smaller than this of it is nothing.
_NOTHING = 1e-3
_LARGEST = float(np.finfo(np.float64).max)


class _Fit(msgspec.Struct, frozen=True):
    """What was to be expected at each point, and how many degrees of freedom finding out took."""

    expected: Floats
    spent: float
    seasonal: bool


def find(
    series: Sequence[tuple[datetime, float | None]], bucket: Bucket, better: Direction = Direction.NONE
) -> list[Anomaly]:
    """What stands out, in order; see `mark`."""
    return [one for one in mark(series, bucket, better) if one is not None]


def mark(
    series: Sequence[tuple[datetime, float | None]],
    bucket: Bucket,
    better: Direction = Direction.NONE,
    *,
    least: float = -_LARGEST,
) -> list[Anomaly | None]:
    """For each point, what stands out about it. `series` are buckets without a hole, oldest first; None is a bucket
    without data.

    `better` is the direction of the KPI: it makes an anomaly good or bad. No value can be below `least`. Nothing stands
    out from fewer than `LEAST_POINTS` points with data, from a constant series, or from one that repeats exactly.
    """
    marked: list[Anomaly | None] = [None] * len(series)
    given = np.array([_number(value) for _, value in series], dtype=np.float64)
    known = np.isfinite(given)
    if known.sum() < LEAST_POINTS:
        return marked
    # Measured around the median in units of the largest distance from it, so that neither unit nor offset matters, nor
    # how large a number may become.
    peak = float(np.abs(given[known]).max()) or 1.0
    centre = float(np.median(given[known] / peak))
    spread = float(np.abs(given[known] / peak - centre).max())
    if spread < 1e-9:
        return marked
    period = _PERIODS.get(bucket)
    fit = _fit((given / peak - centre) / spread, known, period)
    residuals = ((given / peak - centre) / spread - fit.expected)[known]
    places = np.flatnonzero(known)
    deviation = _deviation(residuals, places % period if fit.seasonal and period else None, fit.spent)
    if deviation is None:
        return marked
    scores = residuals / np.where(residuals < 0, *deviation)

    def as_given(number: float) -> float:
        return min(max((number * spread + centre) * peak, least), _LARGEST)

    for place, expected, score in zip(places.tolist(), fit.expected[known].tolist(), scores.tolist(), strict=True):
        if abs(score) > THRESHOLD:
            marked[place] = tell(
                series[place][0],
                float(given[place]),
                expected=as_given(expected),
                usual=(as_given(expected - THRESHOLD * deviation[0]), as_given(expected + THRESHOLD * deviation[1])),
                score=score,
                bucket=bucket if fit.seasonal else None,
                better=better,
            )
    return marked


def _number(value: float | None) -> float:
    return math.nan if value is None or not math.isfinite(value) else float(value)


def _deviation(residuals: Floats, phases: Ints | None, spent: float) -> tuple[float, float] | None:
    """The usual size of what is left over below and above, corrected; None if it cannot be told or nothing is left."""
    sizes = np.abs(residuals)
    usual = float(np.median(sizes[_moving(sizes, phases)])) * 1.4826
    if usual < _NOTHING:
        found = _of_the_rest(sizes)
        return None if found is None else (found, found)
    count = len(sizes)
    free = max(1.0, count - spent)
    doubt = -float(stdtrit(max(1.0, _EFFICIENCY * free), _TAIL / 2)) / THRESHOLD * math.sqrt(count / free)
    # Durations and counts reach further up than down.
    below, above = (
        max(usual, float(np.median(side)) * 1.4826 if side.size else 0.0) * doubt
        for side in (sizes[residuals < -_NOTHING], sizes[residuals > _NOTHING])
    )
    return below, above


def _moving(sizes: Floats, phases: Ints | None) -> Bools:
    """Which points tell how much is usual: not those of week-ends on which hardly anything happens."""
    if phases is None:
        return np.ones(len(sizes), dtype=np.bool_)
    known = np.unique(phases)
    own = np.array([float(np.median(sizes[phases == phase])) for phase in known.tolist()])
    return np.isin(phases, known[own >= float(np.quantile(own, 0.6)) / 2])


def _of_the_rest(sizes: Floats) -> float | None:
    """What is usual where more than half of a series is exactly as expected."""
    there = sizes[sizes >= _NOTHING]
    if not there.size or len(sizes) < _LEAST_OF_A_CONSTANT:
        return None
    # A few points that are not stand out. If there are more, as in a count that is mostly 0, they are usual themselves
    # and only what is large among them stands out.
    few = len(there) <= max(1, len(sizes) / 30)
    return float(sizes.mean()) * 1.2533 if few else float(np.median(there)) * 1.4826


def _fit(values: Floats, known: Bools, period: int | None) -> _Fit:
    seasonal = None if period is None else _with_season(values, known, period)
    if seasonal is not None:
        return seasonal
    expected = np.full(len(values), np.nan)
    expected[known] = _running_median(values[known], np.flatnonzero(known).astype(np.float64))
    return _Fit(expected, 1 + 1.5 * float(known.sum()) / _MEDIAN_OF, seasonal=False)


def _with_season(values: Floats, known: Bools, period: int) -> _Fit | None:
    """By trend and season; None where there are too few points to tell a season."""
    first, last = (int(np.flatnonzero(known)[place]) for place in (0, -1))
    length = last - first + 1
    # A month's season may shift within a year or two; a week's does not within a month.
    trend = int(period * (4 if period == 7 else 1.5)) | 1
    spent = len(np.unique(np.flatnonzero(known) % period)) + 2 * length / trend
    if length < 2 * period or 2 * known.sum() < length or known.sum() - spent < 3:
        return None
    expected = np.full(len(values), np.nan)
    inside = slice(first, last + 1)
    expected[inside] = _seasonal(values[inside], known[inside], period, trend)
    left = np.abs(values - expected)[known].mean()
    # A count that is mostly 0, and not 0 on no particular day, has no season: a median is all there is to expect.
    if np.median(np.abs(values[known])) > 0 or 2 * left < np.abs(values[known]).mean():
        return _Fit(expected, spent, seasonal=True)
    return _Fit(np.where(known, 0.0, np.nan), 1, seasonal=False)


def _seasonal(values: Floats, known: Bools, period: int, trend: int) -> Floats:
    """Trend and season together. Holes are filled with what the decomposition itself expects of them."""
    # Takes seconds to import, and short series do without.
    from statsmodels.tsa.seasonal import STL

    filled = values.copy()
    phase = np.arange(len(values)) % period
    for place in np.flatnonzero(~known).tolist():
        alike = values[known & (phase == phase[place])]
        filled[place] = np.median(alike if alike.size else values[known])
    fitted = filled
    for _ in range(1 if known.all() else 3):
        # One season for the whole series: one that may change would follow its outliers.
        made = STL(
            filled, period=period, seasonal=(10 * len(values)) | 1, seasonal_deg=0, trend=trend, robust=True
        ).fit()
        fitted = np.asarray(made.trend + made.seasonal, dtype=np.float64)
        filled = np.where(known, values, fitted)
    return fitted


def _running_median(values: Floats, at: Floats) -> Floats:
    # Without the slope, so that the shorter windows at both ends are not one-sided.
    early, late = np.triu_indices(len(values), 1)
    slope = float(np.median((values[late] - values[early]) / (at[late] - at[early]))) * at
    level = values - slope
    half = _MEDIAN_OF // 2
    medians = [float(np.median(level[max(0, place - half) : place + half + 1])) for place in range(len(level))]
    return np.array(medians) + slope
