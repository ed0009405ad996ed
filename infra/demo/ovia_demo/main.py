"""`ovia-demo`: the sample sources."""

import asyncio
import os
import socket
from datetime import UTC, datetime

import click
import msgspec
from aiohttp import ClientError, web

from ovia_demo.answers import answers
from ovia_demo.identities import as_csv
from ovia_demo.organisation import UNTIL, Organisation, generate
from ovia_demo.seeding import Refused, Seeding
from ovia_demo.server import create_app
from ovia_demo.serving import TOKEN, Options


def _until(_context: click.Context, _parameter: click.Parameter, given: str) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise click.BadParameter("give a date such as 2026-11-01") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


_size = (
    click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same organisation."),
    click.option("--people", type=click.IntRange(6, 5000), default=60, show_default=True),
    click.option("--months", type=click.IntRange(1, 120), default=18, show_default=True),
    click.option(
        "--until", callback=_until, default=UNTIL.date().isoformat(), show_default=True, help="Where it ends."
    ),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A generated organisation behind the APIs of Jira, GitLab and Confluence."""


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8099, show_default=True)
@click.option("--latency-ms", type=click.FloatRange(0), default=0.0, help="How late every answer is.")
@click.option(
    "--rate-limit", type=click.IntRange(0), default=0, help="Requests a minute, for each source; 0 is no limit."
)
@click.option("--control", is_flag=True, help="Let POST /control change records and disturb answers.")
def serve(
    host: str,
    port: int,
    latency_ms: float,
    rate_limit: int,
    control: bool,
    seed: int,
    people: int,
    months: int,
    until: datetime,
) -> None:
    """Serve the sample sources until Ctrl-C."""
    organisation = _made(seed, people, months, until)
    options = Options(latency_ms=latency_ms, rate_limit=rate_limit, control=control)
    app = create_app(organisation, options)
    # Bound here, so that with port 0 the line says which one it became.
    with socket.create_server((host, port), reuse_port=False) as listening:
        bound = listening.getsockname()[1]
        click.echo(f"sample sources at http://{host}:{bound}, token {TOKEN}")
        web.run_app(app, sock=listening, print=None, access_log=None)


@main.command("answers")
def answers_command(seed: int, people: int, months: int, until: datetime) -> None:
    """Print what is true of the organisation, as JSON: who is who, counts, and the values of KPIs."""
    known = answers(_made(seed, people, months, until))
    click.echo(msgspec.json.format(msgspec.json.encode(known), indent=2).decode())


@main.command("identities")
def identities_command(seed: int, people: int, months: int, until: datetime) -> None:
    """Print people's accounts and whose they are, as CSV for `ovia admin evaluate-matching`."""
    click.echo(as_csv(_made(seed, people, months, until)), nl=False)


@main.command("seed")
@click.option("--url", required=True, help="Where Ovia runs.")
def seed_command(url: str, seed: int, people: int, months: int, until: datetime) -> None:
    """Tell an Ovia that reads the organisation who is in which team; a manager's token comes in OVIA_TOKEN."""
    token = os.environ.get("OVIA_TOKEN", "")
    if not token:
        raise click.UsageError("set OVIA_TOKEN to a token of a manager")
    try:
        done = asyncio.run(Seeding(_made(seed, people, months, until), url, token).run())
    except (Refused, ClientError, TimeoutError) as error:
        raise click.ClickException(f"the teams could not be told to {url}: {error}") from None
    click.echo(
        f"{done.products} products, {done.teams} teams, {done.people} people and {done.memberships} memberships added"
    )
    if done.unknown:
        click.echo(f"left out, as several people have their name or e-mail: {', '.join(done.unknown)}")


def _made(seed: int, people: int, months: int, until: datetime) -> Organisation:
    try:
        return generate(seed, people, months, until)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


for _option in reversed(_size):
    _option(serve)
    _option(answers_command)
    _option(seed_command)
    _option(identities_command)
