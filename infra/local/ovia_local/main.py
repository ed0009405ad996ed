"""`ovia-local`: the whole of Ovia on one machine, without an administrator."""

import asyncio
import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from ovia_local.reset import delete_data
from ovia_local.run import Wish, run
from ovia_local.sources import take_over_env_file
from ovia_local.state import State, checkout, default_directory
from ovia_shared.errors import OviaError

DEFAULT_PORT = 8080


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--state",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="OVIA_LOCAL_STATE",
    help="Where data, secrets and logs are kept. Default: .ovia in the checkout, as root below /var/lib.",
)
@click.pass_context
def main(context: click.Context, directory: Path | None) -> None:
    """Ovia on one machine: embedded Postgres, all services and the gateway."""
    try:
        take_over_env_file()
    except OviaError as problem:
        raise click.ClickException(problem.message) from None
    context.obj = State(directory or default_directory())


@main.command("run")
@click.argument("repositories", nargs=-1, metavar="[PATH-OR-URL]...")
@click.option("--port", type=int, default=DEFAULT_PORT, envvar="OVIA_PORT", show_default=True, help="Of the gateway.")
@click.pass_obj
def run_command(state: State, repositories: tuple[str, ...], port: int) -> None:
    """Start everything, read the repositories, and wait for Ctrl-C.

    The repositories may also be given by OVIA_REPOS, quoted as in a shell; without any, Ovia reads the
    history of its own checkout. JIRA_*, GITLAB_* and CONFLUENCE_* name the sources (.env.example lists them,
    and .env is read); without any, a generated organisation is read, unless OVIA_SAMPLE is false. With
    OVIA_DATABASE_URL, a superuser's connection string, it uses that server instead of an embedded one.
    """
    wanted = repositories or _repositories_of(os.environ.get("OVIA_REPOS", "")) or (str(checkout()),)
    wish = Wish(port, wanted, os.environ.get("OVIA_DATABASE_URL") or None)
    console = Console(highlight=False)
    sys.exit(asyncio.run(_until_stopped(run(state, wish, console), console)))


@main.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def reset_command(state: State, yes: bool) -> None:
    """Stop Ovia if it runs, and delete its database, secrets and logs."""
    if not yes:
        click.confirm(f"Delete all data, secrets and logs in {state.directory}?", abort=True)
    try:
        delete_data(state)
    except OviaError as problem:
        raise click.ClickException(problem.message) from None
    click.echo("Deleted. `make run` starts afresh, with a new token.")


def _repositories_of(text: str) -> tuple[str, ...]:
    try:
        words = shlex.split(text)
    except ValueError:
        raise click.ClickException(f"A quote is never closed in REPOS={text}") from None
    return tuple(str(Path(word).expanduser()) if word.startswith("~") else word for word in words)


async def _until_stopped(work: Coroutine[Any, Any, None], console: Console) -> int:
    """Run until the work ends or a signal asks for the end; the exit code."""
    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()

    def ask_to_stop() -> None:
        # Once: another cancellation would tear the orderly stop apart.
        if not task.cancelling():
            task.cancel()

    for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(asked, ask_to_stop)
    try:
        await task
    except asyncio.CancelledError:
        # A terminal that was closed cannot be written to any more.
        with contextlib.suppress(OSError):
            console.print("Stopped. The data are kept.", style="dim")
        return 0
    except OviaError as problem:
        with contextlib.suppress(OSError):
            console.print(f"[bold red]{escape(problem.message)}[/bold red]", soft_wrap=True)
        return 1
    return 0
