"""How a pool of database connections is used."""

import msgspec


class PoolUse(msgspec.Struct, frozen=True):
    """At this moment: the most connections there may be, those in use, and callers that wait for one.

    `timeouts` counts the callers that got none in time, since the pool was made.
    """

    size: int
    in_use: int
    waiting: int
    timeouts: int
