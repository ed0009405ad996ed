"""Chance that repeats: the same seed gives the same numbers on any machine and with any release of numpy.

Only the raw output of PCG64 is used (O'Neill, 2014), which numpy keeps as it is (NEP 19); how its generators make other
distributions of it may change. Each purpose has a stream of its own, so what one draws moves nothing of another: a
forecast and its what-if meet the same days, and their difference is no accident.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Chance:
    """One stream of uniform numbers, told apart from others of the same seed by its `purpose`."""

    def __init__(self, seed: int, purpose: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(purpose,)))

    def uniform(self, rows: int, columns: int) -> Floats:
        """From 0 (included) to 1 (excluded), evenly."""
        raw = self._bits.random_raw(rows * columns)
        numbers = (np.asarray(raw, dtype=np.uint64) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return numbers.reshape(rows, columns)

    def whole(self, amounts: Floats) -> Ints:
        """Each rounded up or down at random so that the mean is kept; what is whole stays."""
        down = np.floor(amounts)
        up: Ints = (down + (self.uniform(*amounts.shape) < amounts - down)).astype(np.int64)
        return up
