"""The reasons of a mapping as steps from even odds to its confidence. Pure; the template of its name draws them."""

import math
from collections.abc import Sequence

import msgspec

from ovia_console.charts.scales import Scale
from ovia_shared.models.rule_trace import RuleTrace

WIDTH = 240.0
# What changes nothing is still drawn, as a line.
_THINNEST = 1.5
_PRIOR = "prior"


class Step(msgspec.Struct, frozen=True):
    """What one rule said, and where its bar is: from the odds before it to those behind it.

    `contribution` is in log-odds; `confidence` is what all steps so far come to.
    """

    rule: str
    evidence: str
    contribution: float
    x: float
    width: float
    confidence: float


class Waterfall(msgspec.Struct, frozen=True):
    """All steps; `even` is the place of even odds in each picture of `width`."""

    steps: list[Step]
    even: float
    confidence: float
    width: float = WIDTH


def waterfall(trace: Sequence[RuleTrace]) -> Waterfall:
    """What any two accounts begin with, then what speaks for it, then what speaks against, the weightiest first."""
    ordered = sorted(trace, key=lambda one: (one.rule != _PRIOR, one.contribution < 0, -abs(one.contribution)))
    sums = [0.0]
    for one in ordered:
        sums.append(sums[-1] + one.contribution)
    scale = Scale(min(sums), max(sums), 4, WIDTH - 4)
    steps = []
    for one, before, behind in zip(ordered, sums, sums[1:], strict=False):
        start, end = sorted((scale(before), scale(behind)))
        steps.append(Step(one.rule, one.evidence, one.contribution, start, max(end - start, _THINNEST), _share(behind)))
    return Waterfall(steps, scale(0.0), _share(sums[-1]))


def _share(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(min(log_odds, 60.0), -60.0)))
