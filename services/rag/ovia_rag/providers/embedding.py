"""What everything that makes vectors of texts can do."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Makes vectors of texts, close together for texts of like meaning. Vectors of different models never compare."""

    @property
    def name(self) -> str:
        """The provider: `embedded`, `openai`."""

    @property
    def model(self) -> str:
        """The model, as its provider calls it."""

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, in their order, of shape (texts, dimension), each of length 1; any number of texts.

        A text in which the model knows nothing has the row of all zeros, which is like nothing.

        Raises `ProviderFailed` where no vectors were got that can be relied on.
        """
