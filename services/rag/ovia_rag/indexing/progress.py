"""Progress for people at a terminal; nothing where output goes to a file (the logs tell it there)."""

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from ovia_rag.indexing.organisation import Watch

# Progress and messages go to standard error: standard output stays free for logs.
console = Console(stderr=True, highlight=False)


@contextlib.contextmanager
def shown(organisation: str) -> Iterator[Watch]:
    """A bar for each stage: done, how many in all, remaining time. Yields what to call after each page."""
    if not console.is_terminal:
        yield _ignore
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    stages: dict[str, TaskID] = {}
    with Progress(*columns, console=console) as display:

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = display.add_task(f"{organisation}: {stage}")
            display.update(stages[stage], completed=done, total=total)

        yield tell


def say(message: str) -> None:
    """One line for the person at the terminal."""
    console.print(message, markup=False, soft_wrap=True)


def _ignore(_: str, __: int, ___: int) -> None:
    return
