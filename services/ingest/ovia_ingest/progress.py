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


@contextlib.contextmanager
def shown(description: str) -> Iterator[Watch]:
    """A bar for one partition: done, estimated total, rate, remaining time. Yields what to call after each page."""
    if not console.is_terminal:
        yield _ignore
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(description, total=None)

        def watch(done: Done, total: int | None) -> None:
            bar.update(task, completed=done.read, total=total)

        yield watch


def say(message: str) -> None:
    """One line for the person at the terminal."""
    console.print(message, markup=False, soft_wrap=True)


def _ignore(_: Done, __: int | None) -> None:
    return
