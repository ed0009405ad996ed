"""Events are read whole, however their bytes are cut."""

import pytest

from ovia_console.ask import events
from ovia_console.ask.events import EventReader, event_of

BODY = event_of("plan", '{"text":"Как дела?"}') + b": still there\n\n" + event_of("done", '{"id":"1"}')


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_events_come_out_whole_however_they_are_cut(size: int) -> None:
    reader = EventReader()
    pieces = [BODY[at : at + size] for at in range(0, len(BODY), size)]
    found = [event for piece in pieces for event in reader.feed(piece)]
    assert found == [("plan", '{"text":"Как дела?"}'), ("done", '{"id":"1"}')]


def test_lines_may_end_as_on_windows_and_data_may_have_several() -> None:
    assert list(EventReader().feed(b"event: text\r\ndata: a\r\ndata: b\r\n\r\n")) == [("text", "a\nb")]


def test_an_event_that_never_ends_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_BYTES", 10)
    with pytest.raises(ValueError, match="longer"):
        list(EventReader().feed(b"data: 0123456789"))
