"""What the person at the terminal needs to know once everything runs."""

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ovia_local.database import Access
from ovia_local.ports import LOOPBACK
from ovia_local.state import State


def summary(console: Console, state: State, port: int, access: Access, *, sample: bool) -> None:
    """Where to go, how to get in, and a request to start with."""
    address = f"http://{LOOPBACK}:{port}"
    table = Table.grid(padding=(0, 2))
    for label, value in (
        ("Ovia runs at", f"{address}/"),
        ("Documentation", f"{address}/docs"),
        ("Logs", str(state.logs)),
        ("Data", str(state.directory)),
        ("To stop", "Ctrl-C (the data are kept)"),
    ):
        table.add_row(Text(label, style="bold"), Text(value, overflow="fold"))
    console.print(Panel(table, title="Ready", title_align="left", border_style="green", expand=False))
    if sample:
        note = (
            "Sample data of an invented organisation. Set your own sources as .env.example shows to read them instead."
        )
        console.print(Text(note, style="yellow"), soft_wrap=True)
    # Outside the frame and never wrapped: both are there to be copied.
    console.print(Text.assemble(("Token: ", "bold"), access.token), soft_wrap=True)
    console.print(Text("Try it:", style="bold"))
    request = f'curl -s -H "Authorization: Bearer {access.token}" "{address}/team/identity-mappings?limit=1"'
    console.print(Text(request), soft_wrap=True)
