"""What each feature weighs: data that `ovia admin learn-matching` writes, and that ships with the engine's version."""

from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

from ovia_shared.matching.features import FEATURES


class Weights(msgspec.Struct, frozen=True):
    """Log-odds (natural logarithm). `prior` is where a candidate pair starts; `features` are added where they hold."""

    version: str
    prior: float
    features: dict[str, float]

    def vector(self) -> NDArray[np.float32]:
        """The weights in the order of the columns that `features.measure` gives."""
        return np.array([self.features.get(name, 0.0) for name in FEATURES], np.float32)


def learned() -> Weights:
    """The weights that ship with this version."""
    return msgspec.json.decode(files("ovia_shared.matching").joinpath("weights.json").read_bytes(), type=Weights)
