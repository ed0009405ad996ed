"""What a bench found, as a table for people and as JSON for machines."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table as RichTable

RESULTS = Path("test-results")


class Table(msgspec.Struct, frozen=True):
    """One table: each row has a text for each column."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def publish(name: str, tables: Sequence[Table]) -> None:
    """Prints the tables and writes them to test-results/bench-<name>.json."""
    console = Console(width=140)
    for table in tables:
        drawn = RichTable(*table.columns, title=table.title, title_justify="left")
        for row in table.rows:
            drawn.add_row(*row)
        console.print(drawn)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"bench-{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(list(tables))))
