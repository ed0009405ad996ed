"""How often forecasts were kept, beside how often they should have been. Pure."""

import math
from collections.abc import Sequence

from ovia_shared.models.forecast import Calibration, CalibrationCount, ForecastKind, Kept

# Of the standard normal distribution, for an interval of 95 %.
_Z = 1.959963984540054


def calibrate(counts: Sequence[CalibrationCount]) -> list[Calibration]:
    """For each kind of forecast: all scopes together, then each kind of scope."""
    found = []
    for kind in ForecastKind:
        own = sorted((one for one in counts if one.kind is kind), key=lambda one: one.scope_kind)
        if own:
            found.append(_together(kind, own, whole=True))
        found += [_together(kind, [one], whole=False) for one in own]
    return found


def wilson(kept: int, n: int) -> tuple[float, float]:
    """From where to where the true share may lie (Wilson, 1927), with 95 % confidence. `n` is at least 1."""
    share = kept / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _together(kind: ForecastKind, counts: Sequence[CalibrationCount], *, whole: bool) -> Calibration:
    return Calibration(
        kind=kind,
        scope_kind=None if whole else counts[0].scope_kind,
        forecasts=sum(one.forecasts for one in counts),
        p50=_kept(0.5, sum(one.p50_n for one in counts), sum(one.p50_kept for one in counts)),
        p85=_kept(0.85, sum(one.p85_n for one in counts), sum(one.p85_kept for one in counts)),
        p95=_kept(0.95, sum(one.p95_n for one in counts), sum(one.p95_kept for one in counts)),
    )


def _kept(expected: float, n: int, kept: int) -> Kept:
    low, high = wilson(kept, n) if n else (None, None)
    return Kept(expected=expected, n=n, kept=kept, share=kept / n if n else None, low=low, high=high)
