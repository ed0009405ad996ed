"""Server-sent events, read from bytes as they come. Pure."""

from collections.abc import Iterator

# More than any answer has; a service that sends so much without an end is not listened to.
MOST_BYTES = 8 * 1024 * 1024

Event = tuple[str, str]


class EventReader:
    """Keeps what is not whole yet. Feed it each piece of the body in its order."""

    def __init__(self) -> None:
        self._kept = b""

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that are whole now: each its name and its data. Raises `ValueError` if one never ends."""
        self._kept += piece.replace(b"\r", b"")
        *whole, self._kept = self._kept.split(b"\n\n")
        if len(self._kept) > MOST_BYTES:
            raise ValueError("an event is longer than any answer")
        for one in whole:
            event = _event(one.decode("utf-8", "replace"))
            if event is not None:
                yield event


def event_of(name: str, data: str) -> bytes:
    """An event as it is sent. `data` is one line, as JSON is."""
    return f"event: {name}\ndata: {data}\n\n".encode()


def _event(text: str) -> Event | None:
    name, data = "message", []
    for line in text.split("\n"):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
    return (name, "\n".join(data)) if data else None
