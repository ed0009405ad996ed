"""Progress for people at a terminal; nothing where output goes to a file (the logs tell it there)."""

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ovia_ingest.sync.runner import Watch
from ovia_shared.models.sync import Progress as Done

# Progress and messages go to standard error: standard output stays free for logs.
console = Console(stderr=True, highlight=False)


class _Rate(ProgressColumn):
    """Records a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", style="progress.data.speed")


class _Bars:
    """The bars on the terminal: one display for all of them, there while any is shown."""

    def __init__(self) -> None:
        self._display: Progress | None = None
        self._shown = 0

    def add(self, description: str) -> tuple[Progress, TaskID]:
        if self._display is None:
            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                _Rate(),
                TimeRemainingColumn(),
            )
            self._display = Progress(*columns, console=console)
            self._display.start()
        self._shown += 1
        return self._display, self._display.add_task(description, total=None)

    def remove(self, display: Progress, task: TaskID) -> None:
        self._shown -= 1
        if self._shown == 0:
            # What is on the terminal then stays there.
            display.stop()
            self._display = None
        else:
            display.remove_task(task)


_bars = _Bars()


@contextlib.contextmanager
def shown(description: str) -> Iterator[Watch]:
    """A bar for one partition: done, estimated total, rate, remaining time. Yields what to call after each page.

    Several may be shown at once.
    """
    if not console.is_terminal:
        yield _ignore
        return
    display, task = _bars.add(description)
    try:
        yield lambda done, total: display.update(task, completed=done.read, total=total)
    finally:
        _bars.remove(display, task)


def say(message: str) -> None:
    """One line for the person at the terminal."""
    console.print(message, markup=False, soft_wrap=True)


def _ignore(_: Done, __: int | None) -> None:
    return
