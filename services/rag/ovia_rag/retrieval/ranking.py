"""A line through the features: which hit answers a question best, and how sure that is. Pure.

The weights are data (`weights.json`), learned offline by `python -m tests.bench.learn_ranking`, which also says in them
from what. A set of weights is for the features that there are: without vectors others count for more.
"""

import functools
import math
from collections.abc import Mapping
from importlib import resources

import msgspec


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The score of a hit is `weights` times features; the logistic function of slope x score + offset is how likely it
    answers."""

    weights: dict[str, float]
    slope: float
    offset: float

    def score(self, features: Mapping[str, float]) -> float:
        """For ranking the hits of one question, without unit."""
        return sum(weight * features.get(name, 0.0) for name, weight in self.weights.items())

    def likelihood(self, score: float) -> float:
        """Between 0 and 1, comparable between questions, rising with the score."""
        power = -(self.slope * score + self.offset)
        return 1 / (1 + math.exp(min(max(power, -50.0), 50.0)))


class Learned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was learned, and how: the script, the questions, and what it measured on questions it had not seen."""

    how: dict[str, str | int | float]
    text: Weights
    vectors: Weights
    words: Weights


@functools.cache
def learned() -> Learned:
    """The weights that come with Ovia."""
    return msgspec.json.decode(
        resources.files("ovia_rag.retrieval").joinpath("weights.json").read_bytes(), type=Learned
    )
