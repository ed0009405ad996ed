"""What a chunk and a question have in common, as numbers between 0 and 1 (a cosine may be below 0). Pure."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from ovia_shared.models.ask_search import Hit, QuestionWord

Features = dict[str, float]

# What places are told with: 1 for the first, a half for the sixth.
_PLACE_K = 5.0
# BM25's k1 plus 1 is the most that a lexeme's impact can come to.
_MOST_IMPACT = 2.2
TEXT = ("bm25", "title", "title_precision", "coverage", "rare_coverage", "pairs", "near", "text_place")
VECTOR = ("similarity", "vector_place")
WORDS = ("alike",)


def features(words: Sequence[QuestionWord], hit: Hit) -> Features:
    """What a hit has of the question; without vectors `similarity` and `vector_place` are 0.

    - `bm25`: the sum over the words, of the most it can be. It is comparable between questions.
    - `title`, `rare_coverage`: of the words' idf, what is in the title path, or anywhere. `coverage`: of the words.
    - `title_precision`: of the title path's lexemes, those of the question.
    - `pairs`: of the question's neighbouring words, those that are neighbours here too. `near`: within eight words.
    - `text_place`, `vector_place`: 1 for the first, falling with the place.
    - `similarity`: the cosine of the vectors.
    """
    weight = sum(word.idf for word in words) or 1.0
    inside = [word for word in words if _at(hit.found, word)]
    titled = [word for word in words if _at(hit.in_title, word)]
    pairs, near = _neighbours(words, hit)
    return {
        "bm25": min(hit.bm25 / (weight * _MOST_IMPACT), 1.0),
        "title": sum(word.idf for word in titled) / weight,
        "title_precision": min(len(hit.in_title) / max(hit.title_length, 1), 1.0),
        "coverage": len(inside) / max(len(words), 1),
        "rare_coverage": sum(word.idf for word in inside) / weight,
        "pairs": pairs,
        "near": near,
        "text_place": _of_place(hit.text_place),
        "similarity": hit.similarity or 0.0,
        "vector_place": _of_place(hit.vector_place),
    }


def _of_place(place: int | None) -> float:
    return 0.0 if place is None else _PLACE_K / (_PLACE_K + place - 1)


def _at(places: Mapping[str, list[int]], word: QuestionWord) -> list[int]:
    return [place for lexeme in word.lexemes for place in places.get(lexeme, ())]


def _neighbours(words: Sequence[QuestionWord], hit: Hit) -> tuple[float, float]:
    """Shares of the question's neighbouring words (stop words between them do not part them) that stand together."""
    ordered = sorted(words, key=lambda word: word.places[0])
    count = together = near = 0
    for left, right in pairwise(ordered):
        count += 1
        distance = _distance(left, right, hit.found)
        asked = max(right.places[0] - left.places[0], 1)
        together += distance <= asked
        near += distance <= 8
    return (together / count, near / count) if count else (0.0, 0.0)


def _distance(left: QuestionWord, right: QuestionWord, places: Mapping[str, list[int]]) -> int:
    """How many words the second is behind the first at its nearest, in this order or, one further, in the other."""
    nearest = 1 << 20
    behind = _at(places, right)
    for one in _at(places, left):
        for other in behind:
            apart = other - one if other > one else one - other + 1
            nearest = min(nearest, apart)
    return nearest
