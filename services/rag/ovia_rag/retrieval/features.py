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


class Question:
    """The words of a question, made ready to be looked for in one hit after another."""

    def __init__(self, words: Sequence[QuestionWord]) -> None:
        self._words = words
        self._weight = sum(word.idf for word in words) or 1.0
        self._of_lexeme: dict[str, list[int]] = {}
        for number, word in enumerate(words):
            for lexeme in word.lexemes:
                self._of_lexeme.setdefault(lexeme, []).append(number)
        ordered = sorted(range(len(words)), key=lambda number: words[number].places[0])
        # Stop words between two do not part them, but count as how far apart they were asked for.
        self._pairs = [
            (left, right, max(words[right].places[0] - words[left].places[0], 1)) for left, right in pairwise(ordered)
        ]

    def features(self, hit: Hit) -> Features:
        """What a hit has of the question; without vectors `similarity` and `vector_place` are 0.

        - `bm25`: the sum over the words, of the most it can be. It is comparable between questions.
        - `title`, `rare_coverage`: of the words' idf, what is in the title path, or anywhere. `coverage`: of the words.
        - `title_precision`: of the title path's lexemes, those of the question.
        - `pairs`: of the question's neighbouring words, those that are neighbours here too. `near`: within eight words.
        - `text_place`, `vector_place`: 1 for the first, falling with the place.
        - `similarity`: the cosine of the vectors.
        """
        inside = self._at(hit.found)
        pairs, near = self._neighbours(inside)
        return {
            "bm25": min(hit.bm25 / (self._weight * _MOST_IMPACT), 1.0),
            "title": self._share(self._at(hit.in_title)),
            "title_precision": min(len(hit.in_title) / max(hit.title_length, 1), 1.0),
            "coverage": len(inside) / max(len(self._words), 1),
            "rare_coverage": self._share(inside),
            "pairs": pairs,
            "near": near,
            "text_place": _of_place(hit.text_place),
            "similarity": hit.similarity or 0.0,
            "vector_place": _of_place(hit.vector_place),
        }

    def _at(self, places: Mapping[str, list[int]]) -> dict[int, list[int]]:
        """Where the words stand that are there, by their numbers. Few of the question's are, so it goes by those."""
        at: dict[int, list[int]] = {}
        for lexeme, found in places.items():
            if found:
                for number in self._of_lexeme.get(lexeme, ()):
                    at[number] = at[number] + found if number in at else found
        return at

    def _share(self, at: Mapping[int, list[int]]) -> float:
        return sum(self._words[number].idf for number in sorted(at)) / self._weight

    def _neighbours(self, at: Mapping[int, list[int]]) -> tuple[float, float]:
        """Shares of the question's neighbouring words that stand together."""
        if not self._pairs:
            return 0.0, 0.0
        together = near = 0
        for left, right, asked in self._pairs:
            if left in at and right in at:
                distance = _distance(at[left], at[right])
                together += distance <= asked
                near += distance <= 8
        return together / len(self._pairs), near / len(self._pairs)


def features(words: Sequence[QuestionWord], hit: Hit) -> Features:
    """`Question.features` for one hit."""
    return Question(words).features(hit)


def _of_place(place: int | None) -> float:
    return 0.0 if place is None else _PLACE_K / (_PLACE_K + place - 1)


def _distance(left: Sequence[int], right: Sequence[int]) -> int:
    """How many words the second is behind the first at its nearest, in this order or, one further, in the other."""
    return min(other - one if other > one else one - other + 1 for one in left for other in right)
