"""How results look: a table for people, JSON for programs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

# Nothing is cut when the table goes into a pipe or a file.
PIPE_WIDTH = 400

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")


def as_json_text(value: Any) -> str:
    """The value as indented JSON; times are RFC 3339 in UTC."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def show(rows: Sequence[msgspec.Struct], columns: Sequence[str], *, as_json: bool, nothing: str) -> None:
    """Prints the rows: the columns named as a table, or every field as JSON. `nothing` is said of an empty table."""
    if as_json:
        click.echo(as_json_text(rows))
    elif not rows:
        click.echo(nothing, err=True)
    else:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            table.add_column(column.replace("_", " "), no_wrap=column in ("id", "role"), overflow="fold")
        for row in rows:
            table.add_row(*(Text(_cell(getattr(row, column))) for column in columns))
        _console().print(table)


def moment(value: datetime | None, otherwise: str) -> str:
    """A moment to the minute in UTC, or the words for none."""
    return otherwise if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return moment(value, "")
    return "" if value is None else str(value)
