"""Vectors without any network: static vectors of word pieces (WordLlama), whose weights come inside its package.

Only its two files are used. Its code would download what it does not find and set up the logging of the whole process.
"""

import asyncio
import functools
import importlib.util
import re
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from ovia_rag.providers.embedding import Vectors

NAME = "embedded"
# The version tells apart what was made in another way from the same weights: raise it with every change to that.
MODEL = "wordllama-l2-supercat-256-v1"
DIMENSION = 256

_WEIGHTS = "weights/l2_supercat_256.safetensors"
_PIECES = "tokenizers/l2_supercat_tokenizer_config.json"
# How much a piece counts that occurs in at least one in twenty sections of our own documentation: the logarithm of how
# seldom it does, 1 at one in twenty. Everything else counts fully. Frequent pieces (punctuation, "the", "is") would
# otherwise make all long texts alike.
_FREQUENT = Path(__file__).with_name("frequent_pieces.json")
# The model was taught English. Words in other scripts fall apart into letters and syllables, whose vectors place a
# Russian question no nearer to its answer than chance does, so they are left out rather than let them add noise.
_OTHER_SCRIPTS = re.compile(r"(?:(?![\u0000-\u024f\u1e00-\u1eff])\w)+")
_SAYS_SOMETHING = re.compile(r"[^\W_]")
_AT_ONCE = 128


class Embedded:
    """What comes with Ovia: thousands of texts a second on one core. English; other scripts are left to word search."""

    name = NAME
    model = MODEL
    dimension = DIMENSION

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder`. The row of a text without any word in Latin letters is all zeros."""
        return await asyncio.to_thread(_vectors, tuple(texts))


class _Model(msgspec.Struct, frozen=True):
    pieces: Tokenizer
    vectors: Vectors


def _vectors(texts: Sequence[str]) -> Vectors:
    made = np.zeros((len(texts), DIMENSION), np.float32)
    for start in range(0, len(texts), _AT_ONCE):
        batch = [_OTHER_SCRIPTS.sub(" ", text) for text in texts[start : start + _AT_ONCE]]
        made[start : start + len(batch)] = _sums(batch)
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    np.divide(made, lengths, out=made, where=lengths > 0)
    return made


def _sums(texts: list[str]) -> Vectors:
    model = _model()
    found = model.pieces.encode_batch_fast(texts, add_special_tokens=False)
    made = np.zeros((len(texts), DIMENSION), np.float32)
    for place, one in enumerate(found):
        # Spaces and punctuation have pieces too, and say nothing by themselves.
        if _SAYS_SOMETHING.search(texts[place]):
            # The mean and the sum point the same way.
            model.vectors[one.ids].sum(axis=0, out=made[place])
    return made


_LOADING = threading.Lock()


def _model() -> _Model:
    with _LOADING:
        return _load()


@functools.cache
def _load() -> _Model:
    """Takes 0.2 s and 33 MB."""
    package = importlib.util.find_spec("wordllama")
    if package is None or package.origin is None:
        raise RuntimeError("the package wordllama is not installed; it is a dependency of ovia-rag")
    folder = Path(package.origin).parent
    vectors = load_file(folder / _WEIGHTS)["embedding.weight"].astype(np.float32)
    pieces = Tokenizer.from_file(str(folder / _PIECES))
    pieces.no_padding()
    pieces.no_truncation()
    for piece, weight in msgspec.json.decode(_FREQUENT.read_bytes(), type=dict[str, float]).items():
        place = pieces.token_to_id(piece)
        if place is not None:
            vectors[place] *= weight
    return _Model(pieces, vectors)
