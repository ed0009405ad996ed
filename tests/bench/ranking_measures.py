"""How good a ranking is against judgements, as BEIR and TREC count it. Pure."""

import math
from collections.abc import Mapping, Sequence

Judged = Mapping[str, int]


def ndcg(ranking: Sequence[str], judged: Judged, most: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `most`: 1 for the best ranking that there can be.

    A document gives its judgement, divided by log2(place + 1) (Järvelin and Kekäläinen 2002, as trec_eval counts it);
    without a judgement, or below 0, it gives nothing. 0 if nothing was judged to answer.
    """
    best = _gain(sorted((value for value in judged.values() if value > 0), reverse=True)[:most])
    return _gain([max(judged.get(one, 0), 0) for one in ranking[:most]]) / best if best else 0.0


def recall(ranking: Sequence[str], judged: Judged, most: int = 100) -> float:
    """The share of what answers that is among the first `most`. 0 if nothing was judged to answer."""
    wanted = {one for one, value in judged.items() if value > 0}
    return len(wanted.intersection(ranking[:most])) / len(wanted) if wanted else 0.0


def _gain(values: Sequence[int]) -> float:
    return sum(value / math.log2(place + 2) for place, value in enumerate(values))
