"""Matching makes millions of objects and no cycles: the collector would look at all of them again and again."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def resting() -> Iterator[None]:
    """Keeps the cyclic collector still meanwhile: a third of the time of a large match. Memory is freed all the same,
    by counting references."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
