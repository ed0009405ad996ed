"""The handlers of data health."""

from typing import Any

from ovia_console.data_health import letters, overview, reading, statuses

HANDLERS: list[Any] = [
    overview.show,
    overview.parity,
    reading.partitions,
    reading.runs,
    letters.show,
    letters.letter,
    letters.letter_state,
    letters.replay_one,
    letters.replay_many,
    statuses.show,
    statuses.preview,
    statuses.choose,
]
