"""How near each word of a question comes to any word of a text, by vectors of single words.

It finds what a whole text's vector blurs: one word meant by another. Only for an embedder on this machine: it is asked
for every new word once.
"""

import functools
import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ovia_rag.providers.embedding import Embedder
from ovia_shared.models.ask_search import QuestionWord

# About 25 MB at 256 dimensions; then what was learned is forgotten and learned anew.
MOST_WORDS = 25_000
# Characters of a text that are looked at: of a long one, its beginning.
LONGEST = 4_000
_WORD = re.compile(r"[^\W\d_]{3,30}")


@functools.lru_cache(maxsize=4)
def of(embedder: Embedder) -> "SimilarWords":
    """What this embedder's words are kept by: one for all who use it, whichever organisation they search for."""
    return SimilarWords(embedder)


class SimilarWords:
    """Keeps the vectors of words it has met."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._places: dict[str, int] = {}
        self._vectors: NDArray[np.float32] = np.zeros((0, embedder.dimension), dtype=np.float32)

    async def alike(self, words: Sequence[QuestionWord], texts: Sequence[str]) -> list[float]:
        """For each text, the mean over the question's words, by their idf, of the cosine to its nearest word."""
        asked = [word for word in words if _WORD.fullmatch(word.word)]
        split = [sorted(set(_WORD.findall(text[:LONGEST].casefold()))) for text in texts]
        if not asked or not any(split):
            return [0.0] * len(texts)
        inside = list(dict.fromkeys(word for one in split for word in one))
        places, vectors = await self._known([*(word.word for word in asked), *inside])
        idf = np.array([word.idf for word in asked], dtype=np.float32)
        # Only of the words that are here: there are many more that were met before.
        cosines = vectors[[places[word] for word in inside]] @ vectors[[places[word.word] for word in asked]].T
        numbers = {word: number for number, word in enumerate(inside)}
        return [
            float(cosines[[numbers[word] for word in one]].max(axis=0) @ idf / idf.sum()) if one else 0.0
            for one in split
        ]

    async def _known(self, words: Sequence[str]) -> tuple[dict[str, int], NDArray[np.float32]]:
        """Where the vectors of these words are, and those of all."""
        wanted = dict.fromkeys(words)
        # Another question may have made room meanwhile: then some are asked for again.
        while new := [word for word in wanted if word not in self._places]:
            self._keep(new, await self._embedder.embed(new), wanted)
        return self._places, self._vectors

    def _keep(self, new: Sequence[str], made: NDArray[np.float32], wanted: Iterable[str]) -> None:
        if len(self._places) + len(new) > len(self._vectors):
            self._make_room(list(wanted))
        for word, vector in zip(new, made, strict=True):
            if word not in self._places:
                self._vectors[len(self._places)] = vector
                self._places[word] = len(self._places)

    def _make_room(self, wanted: Sequence[str]) -> None:
        """Forgets all words but these. Who reads the old ones still has them: they are replaced, not changed."""
        known = [word for word in wanted if word in self._places]
        vectors = np.empty((max(MOST_WORDS, 2 * len(wanted)), self._embedder.dimension), dtype=np.float32)
        vectors[: len(known)] = self._vectors[[self._places[word] for word in known]]
        self._places, self._vectors = {word: place for place, word in enumerate(known)}, vectors
