"""How long a provider may be waited for, whatever it is set to: who asked a question waits for all of them together.

The end is known to whoever asks over HTTP, rather than enforced from outside: a call that is cut short there is a
failure of the provider, and one that is cancelled because its asker went away is not.
"""

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar

_ENDS: ContextVar[float | None] = ContextVar("ends", default=None)


@contextlib.contextmanager
def until(ends: float) -> Iterator[None]:
    """What is asked inside ends by then, by `time.monotonic`; never later than what is around it."""
    around = _ENDS.get()
    token = _ENDS.set(ends if around is None else min(ends, around))
    try:
        yield
    finally:
        _ENDS.reset(token)


def left(patience: float) -> float:
    """The seconds that may be waited: `patience`, unless less is left."""
    ends = _ENDS.get()
    return patience if ends is None else min(patience, max(ends - time.monotonic(), 0.0))
