"""`ovia-ingest`: reads sources into Postgres, then exits. A scheduler starts it; several may run side by side."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import click

from ovia_ingest import git_command
from ovia_shared.config.settings import IngestSettings, load
from ovia_shared.errors import OviaError
from ovia_shared.telemetry import logging

Result = TypeVar("Result")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Reads sources into Ovia's database."""


@main.command("git")
@click.argument("repositories", nargs=-1, required=True, metavar="PATH-OR-URL...")
@click.option("--organisation", metavar="ID-OR-NAME", help="Whose data this is; not needed if there is only one.")
def git(repositories: tuple[str, ...], organisation: str | None) -> None:
    """Reads the commit history of clones, bare mirrors or URLs; the second time only what is new.

    \b
    ovia-ingest git ~/src/shop https://git.example.org/shop/web.git
    """
    settings = _started()
    sys.exit(_run(git_command.read_repositories(settings, repositories, organisation)))


def _started() -> IngestSettings:
    try:
        settings = load(IngestSettings)
    except OviaError as error:
        raise click.ClickException(error.message) from None
    # A terminal shows progress; logs are for machines.
    logging.configure("ingest", "error" if sys.stdout.isatty() else settings.log_level)
    return settings


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    try:
        return asyncio.run(work)
    except OviaError as error:
        raise click.ClickException(error.message) from None
