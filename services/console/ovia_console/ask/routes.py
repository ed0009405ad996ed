"""The handlers of Ask."""

from typing import Any

from ovia_console.ask import asking, evidence, history, opinions, streaming

HANDLERS: list[Any] = [
    asking.show,
    asking.ask,
    asking.find_people,
    asking.find_person,
    asking.show_answer,
    streaming.stream,
    history.show,
    history.show_recent,
    opinions.judge,
    opinions.replay,
    evidence.show_rows,
]
