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
# Multiplications that OpenBLAS makes without threads of its own (it begins at 2 ** 18).
MOST_OF_ONE_THREAD = 2**17
# Characters of a text that are looked at: of a long one, its beginning.
LONGEST = 4_000
# Letters of a word: of a run of fewer there is none, of one of more there are several.
_FEWEST, _MOST = 3, 30
_WORD = re.compile(rf"[^\W\d_]{{{_FEWEST},{_MOST}}}")


class _Letters(dict[int, int]):
    """For `str.translate`: a letter stays, everything else is a space. Learns each character when it is first met."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        self[code] = code if character.isalnum() and not character.isdecimal() else ord(" ")
        return self[code]


_LETTERS = _Letters()


def words_of(text: str) -> list[str]:
    """What `_WORD` finds in a text, in its order, in a quarter of the time: the expression asks of every character."""
    found = [word for word in text.translate(_LETTERS).split() if len(word) >= _FEWEST]
    if any(len(word) > _MOST for word in found):
        return [piece for word in found for piece in _WORD.findall(word)]
    return found


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
        split = [words_of(text[:LONGEST].casefold()) for text in texts]
        counts = np.array([len(one) for one in split], dtype=np.intp)
        if not asked or not counts.any():
            return [0.0] * len(texts)
        every = [word for one in split for word in one]
        inside = list(dict.fromkeys(every))
        places, vectors = await self._known([*(word.word for word in asked), *inside])
        idf = np.array([word.idf for word in asked], dtype=np.float32)
        # Only of the words that are here: there are many more that were met before.
        cosines = _cosines(vectors[[places[word] for word in inside]], vectors[[places[word.word] for word in asked]].T)
        numbers = dict(zip(inside, range(len(inside)), strict=True))
        rows = cosines[np.fromiter(map(numbers.__getitem__, every), np.intp, len(every))]
        # Texts without words have no rows: `reduceat` would give the next one's.
        full = counts > 0
        means = np.zeros(len(texts), dtype=np.float32)
        means[full] = np.maximum.reduceat(rows, (np.cumsum(counts) - counts)[full]) @ idf / idf.sum()
        return [float(mean) for mean in means]

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


def _cosines(inside: NDArray[np.float32], asked: NDArray[np.float32]) -> NDArray[np.float32]:
    """Their product, a few rows at a time.

    At once it is large enough for the library below numpy to wake its threads. On a machine whose cores are busy, with
    Postgres for one, they wait for each other a hundred times as long as they calculate.
    """
    made = np.empty((len(inside), asked.shape[1]), dtype=np.float32)
    step = max(MOST_OF_ONE_THREAD // asked.size, 1)
    for start in range(0, len(inside), step):
        np.matmul(inside[start : start + step], asked, out=made[start : start + step])
    return made
