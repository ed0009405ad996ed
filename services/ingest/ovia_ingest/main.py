"""`ovia-ingest`: reads sources into Postgres, then exits. A scheduler starts it; several may run side by side."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import click

from ovia_ingest import git_command
from ovia_shared.config.settings import IngestSettings, load
from ovia_shared.errors import OviaError
from ovia_shared.telemetry import logging, tracing

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


@main.command("run")
@click.option("--organisation", metavar="ID-OR-NAME", help="Work for this one only; otherwise for all.")
@click.option("--once", metavar="STREAM", help="Read only this stream (issues, merge_requests, …), due or not.")
@click.option("--full", is_flag=True, help="Read everything from the beginning; what is stored is refreshed.")
@click.option("--renormalise", is_flag=True, help="Make canonical rows anew from raw records, without the network.")
@click.option("--census", is_flag=True, help="Compare what is stored with what the sources list, due or not.")
@click.option("--sample", is_flag=True, help="Mark the environment's connections as generated sample data.")
def run(organisation: str | None, once: str | None, full: bool, renormalise: bool, census: bool, sample: bool) -> None:
    """Reads whatever is due in every connection, then exits; a scheduler starts it every few minutes.

    Connections are those made over HTTP and those of JIRA_*, GITLAB_* and CONFLUENCE_* (see .env.example). Several
    may run side by side: they share the work.

    \b
    ovia-ingest run
    ovia-ingest run --once issues --full
    ovia-ingest run --renormalise
    """
    # The connectors and their HTTP client: reading a repository starts quicker without them.
    from ovia_ingest import run_command

    settings = _started()
    try:
        wish = run_command.wish_of(once=once, full=full, renormalise=renormalise, census=census)
    except OviaError as error:
        raise click.UsageError(error.message) from None
    sys.exit(_run(run_command.run(settings, wish, organisation, sample=sample)))


@main.command("link")
@click.option("--organisation", metavar="ID-OR-NAME", help="Whose accounts; not needed if there is only one.")
@click.option("--full", is_flag=True, help="Match all accounts anew, not only new and changed ones.")
@click.option("--preview", is_flag=True, help="Say what matching all anew would change, and write nothing.")
def link(organisation: str | None, full: bool, preview: bool) -> None:
    """Finds out whose accounts are, as after each read. What people decided stays.

    \b
    ovia-ingest link
    ovia-ingest link --full --preview
    """
    from ovia_ingest import link_command

    settings = _started()
    sys.exit(_run(link_command.link(settings, organisation, full=full, preview=preview)))


def _started() -> IngestSettings:
    try:
        settings = load(IngestSettings)
        tracing.configure("ovia-ingest", settings.build)
    except OviaError as error:
        raise click.ClickException(error.message) from None
    # A terminal shows progress; logs are for machines.
    more = [tracing.add_ids] if tracing.on() else []
    logging.configure("ingest", "critical" if sys.stdout.isatty() else settings.log_level, *more)
    return settings


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    try:
        return asyncio.run(work)
    except OviaError as error:
        raise click.ClickException(error.message) from None
    finally:
        tracing.end()
